"""Shapes that do not fit: what is said to compare, where no edit that was tried repairs them."""

from __future__ import annotations

import pytest

from tests.elaborate.test_mistakes import mistakes


@pytest.mark.parametrize(
    ("steps", "remedy"),
    [
        (
            '{ op = "conv", out = 4, padding = 0 }, { id = "a", op = "conv", out = 4, padding = 0 }, '
            '{ op = "add", from = ["x", "a"] }',
            "axis 0 is 8 and 4, axis 1 is 16 and 12, axis 2 is 16 and 12; strides and paddings make sizes",
        ),
        (
            '{ id = "a", op = "conv", out = 4, stride = [1, 2] }, { op = "concat", from = ["x", "a"] }',
            "axis 2 is 16 and 8; strides and paddings make sizes",
        ),
        (
            '{ id = "a", op = "split", count = 2 }, { op = "add", from = ["x", "a.0"] }',
            "axis 0 is 8 and 4",
        ),
        (
            '{ id = "a", op = "tokens" }, { op = "add", from = ["x", "a"] }',
            "one has 3 axes and the other 2; `flatten`, `reshape`, `tokens` and `maps` change that",
        ),
        (
            '{ id = "a", op = "channelslast" }, { op = "add", from = ["x", "a"] }',
            "`channelsfirst` and `channelslast` turn one into the other",
        ),
        (
            '{ id = "w", op = "resize", size = [16, 8] }, { id = "a", op = "permute", axes = [2, 1, 0] }, '
            '{ op = "mul", from = ["w", "a"] }',
            "with its channels first, 8x16x8 is 8x8x16: not 8x16x8 either",
        ),
        (
            '{ id = "w", op = "resize", size = [16, 8] }, { id = "a", op = "permute", axes = [0, 2, 1] }, '
            '{ op = "mul", from = ["w", "a"] }',
            "axis 1 is 16 and 8, axis 2 is 8 and 16: the same sizes in another order, which `permute` changes",
        ),
        (
            '{ id = "a", op = "reduce", kind = "sum", over = 1 }, { op = "add", from = ["x", "a"] }',
            "axis 1 is 16 and 1; `resize` stretches maps, and `add` and `sub` take a size of 1 for any with "
            "`stretch = true`",
        ),
        (
            '{ id = "a", op = "select", axis = 1, index = 0 }, { id = "b", op = "select", axis = 1, index = 0 }, '
            '{ op = "mul", from = ["x", "b"] }',
            "one has 3 axes and the other 1; `keep = true` of what makes the vector keeps its axes, "
            "and `reshape` gives it others",
        ),
        (
            '{ op = "permute", axes = [1, 0, 2] }',
            "axis 0 holds its channels, and comes first or last; "
            "`layout`, of an input or of `reshape`, says which of the two they are",
        ),
    ],
)
def test_shapes_that_disagree_say_what_to_compare(steps: str, remedy: str) -> None:
    (found,) = mistakes(f"[model]\nbody = [{steps}]")
    assert found.help == remedy
