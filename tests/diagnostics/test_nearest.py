"""The word that was meant."""

from __future__ import annotations

import pytest

from graphbuilder.diagnostics import Meant
from graphbuilder.diagnostics.nearest import meant, nearest
from tests.clock import seconds

OPS = ["conv", "sepconv", "batchnorm", "relu", "relu6", "globalavgpool"]


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("cnov", "conv"),
        ("Conv", "conv"),
        ("batch_norm", "batchnorm"),
        ("RELU", "relu"),
        ("global_average_pool", "globalavgpool"),
        ("dense", None),
        ("", None),
        ("conv" * 100_000, None),
    ],
)
def test_nearest(word: str, near: str | None) -> None:
    assert nearest(word, OPS) == near


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("p", None),
        ("po", "op"),
        ("DI", "id"),
        ("dd", None),
        ("wide", None),
        ("ops", "op"),
        ("otu", "out"),
        ("tub", None),
        ("ot", "out"),
        ("OUT", "out"),
        ("us", "use"),
        ("output", "out"),
    ],
)
def test_short_words_must_be_nearly_the_same(word: str, near: str | None) -> None:
    assert nearest(word, ["op", "id", "out", "use"]) == near


def test_a_longer_candidate_stands_behind_a_short_one_that_is_not_near_enough() -> None:
    assert nearest("wides", ["ids", "whides"]) == "whides"


def test_no_candidates() -> None:
    assert nearest("conv", []) is None


def test_a_remedy_names_the_nearest_or_says_something_else() -> None:
    assert meant("cnov", OPS) == Meant(("conv",))
    assert str(meant("cnov", OPS, "another", form="{x}.{}", quote='"')) == 'did you mean "{x}.conv"?'
    assert (meant("dense", OPS, "another"), meant("dense", OPS)) == ("another", None)


def test_of_very_many_candidates_the_one_that_was_meant_is_found_in_a_moment() -> None:
    """Comparing all of them with this one word would take a fifth of a second, and a file may hold a hundred such."""
    steps = [
        f"stage{stage}_unit{unit}_branch{branch}_conv"
        for stage in range(9)
        for unit in range(9)
        for branch in range(40)
    ]

    def find() -> None:
        steps.append(f"step{len(steps)}")  # what was asked before is remembered
        assert nearest("stage7_unit5_brnach3_conv", steps) == "stage7_unit5_branch3_conv"

    assert seconds(find, 0.1) < 0.1
