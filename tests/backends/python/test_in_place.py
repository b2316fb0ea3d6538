"""An activation overwrites its input only where nobody else wants it."""

from __future__ import annotations

import pytest

from graphbuilder.backends.python import write
from tests.backends.networks import spelt

CASES = {
    "after a convolution": ('{ op = "conv", out = 4, kernel = 1 }, { op = "relu" }', True),
    "after a norm": ('{ op = "batchnorm" }, { op = "relu6" }', True),
    "after a norm that learns no factor": ('{ op = "batchnorm", scale = false }, { op = "relu" }', True),
    "after a sum": (
        '{ op = "conv", out = 4, kernel = 1 }, { op = "add", from = ["conv", "in"] }, { op = "relu" }',
        True,
    ),
    "on the body's input": ('{ op = "relu" }', False),
    "after what keeps its result": ('{ op = "sigmoid" }, { op = "relu" }', False),
    "after another block": ('{ use = "inner" }, { op = "relu" }', False),
    "after a view": ('{ op = "identity" }, { op = "relu" }', False),
    "after a product": ('{ op = "mul", from = ["in", "in"] }, { op = "relu" }', False),
    "one that needs its input": ('{ op = "conv", out = 4, kernel = 1 }, { op = "silu" }', False),
    "where another step reads it, too": (
        '{ op = "conv", out = 4, kernel = 1 }, { op = "relu" }, { op = "add", from = ["conv", "relu"] }',
        False,
    ),
    "run twice": (
        '{ op = "conv", out = 4, kernel = 1 }, { op = "relu" }, { id = "again", share = "relu", from = "relu" }',
        False,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_in_place(case: str) -> None:
    steps, wanted = CASES[case]
    text = write(
        spelt(
            f"""
            [model]
            body = [{{ use = "cell" }}]
            [blocks.cell]
            body = [{steps}]
            [blocks.inner]
            body = [{{ op = "conv", out = 4, kernel = 1 }}]
            """
        )
    )
    assert ("inplace=True" in text) == wanted


def test_not_where_it_is_an_output() -> None:
    text = write(
        spelt(
            """
            [outputs]
            before = "conv"
            behind = "relu"
            [model]
            body = [{ op = "conv", out = 4, kernel = 1 }, { op = "relu" }]
            """
        )
    )
    assert "self.relu = nn.ReLU()" in text
