"""The word that was meant."""

from __future__ import annotations

import pytest

from graphbuilder.diagnostics.nearest import nearest

OPS = ["conv", "sepconv", "batchnorm", "relu", "relu6", "globalavgpool"]


@pytest.mark.parametrize(
    ("word", "meant"),
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
def test_nearest(word: str, meant: str | None) -> None:
    assert nearest(word, OPS) == meant


def test_no_candidates() -> None:
    assert nearest("conv", []) is None
