"""What a step costs wherever it stands: that of a block is the sum of what is in it, on both sides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import graphbuilder as gb
from graphbuilder.analysis.costs import costs, sum_costs
from graphbuilder.differing import Side, differences
from graphbuilder.differing.standing import Standing, standing

SPECS = Path(__file__).parents[2] / "specs"
PAIRS = [
    ("xception", "xception_tutorial"),
    ("resnet50", "resnext50_32x4d"),
    ("densenet121", "densenet121 growth=24"),
    ("googlenet", "googlenet classes=10"),
    ("xception", "xception_pytorch_as_written"),
    ("swin_t", "swin_t width=48"),
]


def side(said: str) -> Side:
    name, *settings = said.split()
    return Side(gb.load(SPECS / f"{name}.toml", settings=settings), name, tuple(settings))


def everywhere(places: Iterator[Standing]) -> Iterator[tuple[Standing, list[Standing]]]:
    for place in places:
        inside = list(place.inside())
        if inside:
            yield place, inside
            yield from everywhere(iter(inside))


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_a_block_costs_what_is_in_it(before: str, after: str) -> None:
    matched = differences(side(before), side(after)).matched
    whole = [costs(typed) for typed in (matched.before, matched.after)]
    assert [sum_costs(each) for each in zip(*(place.costs for place in standing(matched)), strict=True)] == whole
    found = list(everywhere(standing(matched)))
    assert found
    for place, inside in found:
        assert tuple(sum_costs(each) for each in zip(*(each.costs for each in inside), strict=True)) == place.costs
