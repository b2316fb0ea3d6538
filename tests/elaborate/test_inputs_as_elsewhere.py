"""An input that is written as other frameworks write it is told where that repairs what follows from it."""

from __future__ import annotations

import pytest

from graphbuilder.compiler import check_text
from graphbuilder.diagnostics import Diagnostic

HEAD = 'format = 1\nname = "n"\n[inputs]\nimage = {}\n[model]\nbody = [{}]\n'
CONV = '{ op = "conv", out = 16, kernel = 5 }'
PAIR = '{ op = "conv", out = 16, kernel = [5, 5] }'
GROUPS = '{ op = "conv", out = 16, kernel = 1, groups = 5 }'
HERE = "write image = [3, 32, 32]: channels first, without the batch"


def told(shape: str, body: str) -> tuple[Diagnostic, ...]:
    return check_text(HEAD.format(shape, body), "case.toml").diagnostics


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        ("[32, 32, 3]", CONV),
        ("[2, 3, 32, 32]", PAIR),
        ("[1, 3, 32, 32]", PAIR),
        ("[1, 32, 32, 3]", PAIR),
        ("[1, 3, 32, 32]", CONV),
    ],
)
def test_what_is_suggested_repairs(shape: str, body: str) -> None:
    (found,) = told(shape, body)
    assert found.help == HERE
    assert found.remedy and check_text(found.remedy.applied, "case.toml").diagnostics == ()


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        ("[32, 32, 3]", GROUPS),
        ("[64, 4, 4]", CONV),
        ('{ shape = [32, 32, 3], layout = "channels_last" }', CONV),
        ("[3, 16, 32, 32]", '{ op = "conv", out = 16, kernel = 17 }'),
    ],
)
def test_what_repairs_nothing_or_is_none_is_not_suggested(shape: str, body: str) -> None:
    (found,) = told(shape, body)
    assert "channels first, without" not in (found.help or "")


def test_sizes_that_are_computed_stay_so() -> None:
    (found,) = told('[1, "=3", "=16 * 2", 32]', CONV)
    assert found.help == 'write image = ["=3", "=16 * 2", 32]: channels first, without the batch'


@pytest.mark.parametrize("shape", ["[1, 3, 32, 32]", "[32, 32, 3]", "[1, 32, 32, 3]", "[64, 3, 32, 32]"])
def test_what_runs_all_the_same_is_warned_of(shape: str) -> None:
    (found,) = told(shape, CONV.replace("5", "3"))
    assert (found.code, found.help) == ("GB329", HERE)


@pytest.mark.parametrize(
    "shape", ["[1, 3, 32, 16]", "[1, 8, 32, 32]", "[64, 64, 8]", "[4, 4, 3]", "[1, 3, 4, 4]", "[3, 16, 32, 32]"]
)
def test_what_is_hardly_an_image_is_not_judged(shape: str) -> None:
    assert told(shape, CONV.replace("5", "3")) == ()


def test_a_volume_is_none_where_its_network_takes_no_image() -> None:
    assert told("[64, 4, 32, 32]", CONV.replace("5", "[3, 3, 3]")) == ()
