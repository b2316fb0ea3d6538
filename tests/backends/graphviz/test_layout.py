"""What holds of every figure: nothing on anything else, nothing off the sheet, every edge drawn from box to box."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from graphbuilder.backends.graphviz import Options
from graphbuilder.backends.graphviz.figure import scene
from graphbuilder.backends.graphviz.lay.drawing import Drawing, Line, Shape
from graphbuilder.backends.graphviz.read.scene import Box, Card, Region
from tests.backends.graphviz.figures import laid_out
from tests.backends.graphviz.geometry import faults, of_shape
from tests.backends.graphviz.networks import FILES, ODD, SPECS, network
from tests.backends.graphviz.wiring import drawn, undrawn

OPTIONS = {
    "plain": Options(),
    "across": Options(direction="LR"),
    "wordy": Options(shapes="all", names=True),
    "wordy across": Options(shapes="all", names=True, direction="LR"),
    "bare": Options(shapes=False, level=1),
    "open": Options(expand=("*",)),
}


# Opened, a hundred blocks are seven hundred boxes, and every pair is looked at.
NAMES = (*SPECS, *FILES, *ODD)
CASES = [(name, kind) for name in NAMES for kind in OPTIONS if name != "long" or kind not in ("open", "bare")]


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_nothing_lies_on_anything(name: str, kind: str) -> None:
    assert list(faults(laid_out(name, OPTIONS[kind]))) == []


@pytest.mark.parametrize("direction", ["TB", "LR"])
@pytest.mark.parametrize("name", NAMES)
def test_every_edge_is_drawn_from_box_to_box(name: str, direction: str) -> None:
    options = replace(Options(), direction=direction)
    figure = laid_out(name, options)
    assert drawn(figure) == Counter(_edges(scene(network(name), options).root))
    assert undrawn(network(name), figure, options) == []
    assert [line for line in figure.lines if not _ends_on(line, figure)] == []


def _edges(region: Region) -> Iterator[tuple[str, str]]:
    """The edges of a scene from box to box, cards seen through."""
    for link in region.links:
        if link.source.item and link.target:
            yield from (
                (tail, head)
                for tail in _givers(region, link.source.item, link.source.port)
                for head in _readers(region, link.target, link.slot)
            )
    for item in region.items.values():
        if isinstance(item, Card):
            yield from _edges(item.region)


def _givers(region: Region, item: str, port: int) -> Iterator[str]:
    inside = region.items[item]
    if isinstance(inside, Box):
        yield item
        return
    for link in inside.region.links:
        if not link.target and link.slot == port:
            yield from _givers(inside.region, link.source.item, link.source.port)


def _readers(region: Region, item: str, slot: int) -> Iterator[str]:
    inside = region.items[item]
    if isinstance(inside, Box):
        yield item
        return
    for link in inside.region.links:
        if not link.source.item and link.source.port == slot:
            yield from _readers(inside.region, link.target, link.slot)


def _ends_on(line: Line, figure: Drawing) -> bool:
    """Whether a line starts at its tail, or on another line from there, and ends on the edge of its head."""
    shapes = {shape.key: shape for shape in figure.shapes}
    start, end = line.points[0], line.points[-1]
    others = [other for other in figure.lines if other.tail == line.tail and other is not line]
    starts = _on_edge(start, shapes[line.tail]) or any(_on_line(start, other) for other in others)
    return starts and _on_edge(end, shapes[line.head])


def _on_edge(point: tuple[float, float], shape: Shape) -> bool:
    area, (x, y) = of_shape(shape), point
    inside = area.left - 0.1 <= x <= area.right + 0.1 and area.top - 0.1 <= y <= area.bottom + 0.1
    return inside and min(abs(x - area.left), abs(x - area.right), abs(y - area.top), abs(y - area.bottom)) < 0.2


def _on_line(point: tuple[float, float], line: Line) -> bool:
    pairs = zip(line.points, line.points[1:], strict=False)
    return any(
        min(x0, x1) - 0.1 <= point[0] <= max(x0, x1) + 0.1 and min(y0, y1) - 0.1 <= point[1] <= max(y0, y1) + 0.1
        for (x0, y0), (x1, y1) in pairs
    )
