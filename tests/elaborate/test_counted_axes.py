"""Axes that are counted with the batch, as torch does, are told as those that are meant."""

from __future__ import annotations

import pytest

from graphbuilder.compiler import check_text

HEAD = 'format = 1\nname = "case"\n[inputs]\nx = [8, 16, 16]\n[model]\nbody = [\n'
BATCH = "do not count the batch"


@pytest.mark.parametrize(
    ("step", "right"),
    [
        ('{ op = "softmax", dim = 1 }', '{ op = "softmax", axis = 0 }'),
        ('{ op = "softmax", "dim" = -1 }', '{ op = "softmax", axis = -1 }'),
        ('{ op = "concat", from = ["x", "x"], dim = 2 }', '{ op = "concat", from = ["x", "x"], axis = 1 }'),
        ('{ op = "permute", dims = [0, 2, 3, 1] }', '{ op = "permute", axes = [1, 2, 0] }'),
    ],
)
def test_the_fix_writes_the_axis_without_the_batch(step: str, right: str) -> None:
    (found,) = check_text(f"{HEAD}{step}]\n", "case.toml").diagnostics
    assert (found.code, found.remedy is not None) == ("GB305", True)
    assert found.remedy and found.remedy.applied == f"{HEAD}{right}]\n"
    assert found.help and BATCH in found.help


@pytest.mark.parametrize("value", ["0", '"=1"', "[0, 1]", "1.5", "[1, 2, 3, 0]"])
def test_what_has_no_axis_of_ours_has_no_fix(value: str) -> None:
    (found, *_) = check_text(f'{HEAD}{{ op = "softmax", dim = {value} }}]\n', "case.toml").diagnostics
    assert (found.code, found.remedy) == ("GB305", None)
    assert found.help and BATCH in found.help
