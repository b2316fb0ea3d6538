"""Families are told apart with any colour vision, by borders or fills; and without colour, by words and borders."""

from itertools import combinations, product

import pytest

from graphbuilder.backends.graphviz.lay.drawing import POINT
from graphbuilder.backends.graphviz.write.theme import DARK, LIGHT, PAPER, Palette
from tests.backends.graphviz.colour import SIGHTS, contrast, difference, lab
from tests.backends.graphviz.figures import laid_out
from tests.backends.graphviz.networks import FILES

COLOURED = ("separable", "convolution", "pooling", "head", "attention", "learned")
FAMILIES = (*COLOURED, "activation", "join")
DIFFERENCES = ("added", "removed", "changed", "same")
LEAST = 9.5
"""Of CIEDE2000, about ten times what is just seen."""


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_families_look_different_to_everyone(palette: Palette, sight: str) -> None:
    for one, other in combinations(FAMILIES, 2):
        pairs = [
            (getattr(palette.styles[one], part), getattr(palette.styles[other], part)) for part in ("line", "fill")
        ]
        found = max(difference(lab(a, sight), lab(b, sight)) for a, b in pairs)
        assert found >= LEAST, (one, other)


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_what_changed_looks_different_to_everyone(palette: Palette, sight: str) -> None:
    for one, other in combinations(DIFFERENCES, 2):
        borders, fills = (
            difference(lab(getattr(palette.styles[one], part), sight), lab(getattr(palette.styles[other], part), sight))
            for part in ("line", "fill")
        )
        assert max(borders, fills) >= LEAST, (one, other)
    for one, other in combinations(("added", "removed", "flow"), 2):
        assert difference(lab(palette.lines[one], sight), lab(palette.lines[other], sight)) >= LEAST, (one, other)


@pytest.mark.parametrize("palette", [LIGHT, DARK, PAPER], ids=["light", "dark", "paper"])
def test_borders_of_families_are_seen(palette: Palette) -> None:
    grounds = (palette.sheet, *(palette.styles[style].fill for style in ("card", "panel")))
    for family, ground in product(COLOURED, grounds):
        assert contrast(palette.styles[family].line, ground) >= 3.0, (family, ground)


def test_families_look_different_in_print() -> None:
    def look(family: str) -> tuple[object, ...]:
        paint = PAPER.styles[family]
        return paint.fill, paint.pen, paint.square, paint.dotted

    assert len({look(family) for family in FAMILIES}) == len(FAMILIES)


@pytest.mark.parametrize("name", FILES)
def test_every_box_says_in_words_what_it_is(name: str) -> None:
    boxes = [shape for shape in laid_out(name).shapes if shape.style != POINT]
    assert all(any(run.text for line in shape.lines for run in line) for shape in boxes)


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((50, -0.001, 2.49), (50, 0.0011, -2.49), 4.7461),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ],
)
def test_differences_are_those_of_the_paper(
    one: tuple[float, float, float], other: tuple[float, float, float], wanted: float
) -> None:
    assert difference(one, other) == pytest.approx(wanted, abs=1e-4)
