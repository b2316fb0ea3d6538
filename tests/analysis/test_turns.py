"""Repeats whose copies take turns."""

from __future__ import annotations

import pytest

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.analysis.likeness import turns
from graphbuilder.compiler import check_text

TEXT = """
format = 1
name = "case"
[inputs]
x = [8, 16, 16]
[model]
body = [{{ op = "conv", out = 8, kernel = "=1 + 2 * [{kinds}][i]", padding = "same", repeat = {count} }}]
"""


def repeat(*kinds: int) -> TypedGraph:
    network = check_text(TEXT.format(kinds=", ".join(map(str, kinds)), count=len(kinds))).network
    assert network
    return network.typed.bodies["conv"]


@pytest.mark.parametrize(
    ("kinds", "found"),
    [
        ((0, 1, 0, 1), [["0", "2"], ["1", "3"]]),
        ((0, 1, 2, 0, 1, 2), [["0", "3"], ["1", "4"], ["2", "5"]]),
        ((0, 0, 1, 0, 0, 1), [["0", "3"], ["1", "4"], ["2", "5"]]),
        ((0, 1, 2, 3, 0, 1, 2, 3), [["0", "4"], ["1", "5"], ["2", "6"], ["3", "7"]]),
        ((0, 0, 0, 0), []),
        ((0, 1, 0), []),
        ((0, 1, 0, 1, 0), []),
        ((0, 1, 1, 0), []),
        ((0, 1, 2, 3, 4, 0, 1, 2, 3, 4), []),
    ],
)
def test_turns(kinds: tuple[int, ...], found: list[list[str]]) -> None:
    assert [[node.name for node in run.nodes] for run in turns(repeat(*kinds))] == found
