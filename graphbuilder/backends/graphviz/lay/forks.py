"""Lets a line of a colour of its own begin where it leaves the way that its value has in common with others.

Knows only lines and the styles of shapes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

from graphbuilder.backends.graphviz.lay.drawing import Line, Point, Shape
from graphbuilder.backends.graphviz.lay.parts import Kind

_BACK = 9.0
"""How far before a corner at which others turn a line begins, which is where their curves begin."""
_COLOURED = ("shortcut", "added", "removed")
_SAME = 0.01

Points = tuple[Point, ...]


def forked(lines: Iterable[Line]) -> list[Line]:
    """``lines``, those of a colour of their own without what runs on a usual line of the same value."""
    found = list(lines)
    plain: dict[tuple[str, Point], list[Line]] = {}
    for line in found:
        if line.kind == "flow":
            plain.setdefault((line.tail, line.points[0]), []).append(line)
    return [
        _cut(line, plain[line.tail, line.points[0]])
        if line.kind in _COLOURED and (line.tail, line.points[0]) in plain
        else line
        for line in found
    ]


def told(lines: Iterable[Line], shapes: Iterable[Shape]) -> list[Line]:
    """``lines`` of a figure of two networks: those of what was added or removed were too, and no other has a colour."""
    styles = {shape.key: shape.style for shape in shapes}
    return [replace(line, kind=_kind(line, {styles[line.tail], styles[line.head]})) for line in lines]


def _kind(line: Line, styles: set[str]) -> Kind:
    kinds: list[Kind] = [kind for kind in ("added", "removed") if kind in styles]
    if len(kinds) == 1:
        return kinds[0]
    return "flow" if line.kind == "shortcut" else line.kind


def _cut(line: Line, others: Iterable[Line]) -> Line:
    """``line`` from the furthest point that any of ``others`` shares with it from its start on."""
    return replace(line, points=min((_parted(line.points, other.points) for other in others), key=_length))


def _parted(one: Points, other: Points) -> Points:
    """``one`` without what it has in common with ``other`` from its start on; all of it where it ends on that."""
    number = 1
    while number < min(len(one), len(other)) and _far(one[number], other[number]) < _SAME:
        number += 1
    if number == min(len(one), len(other)):
        return one
    before, turn, its = one[number - 1], one[number], other[number]
    if not _one_way(before, turn, its):
        return one if number == 1 else (_back(before, one[number - 2]), *one[number - 1 :])
    if _far(before, its) < _far(before, turn):
        return _back(its, before), *one[number:]
    return one[number:] if number + 1 < len(one) else one


def _back(corner: Point, before: Point) -> Point:
    """A little before a corner that a curve cuts."""
    share = min(_BACK / _far(corner, before), 0.5)
    return corner[0] + (before[0] - corner[0]) * share, corner[1] + (before[1] - corner[1]) * share


def _length(points: Points) -> float:
    return sum(_far(*pair) for pair in pairwise(points))


def _one_way(start: Point, one: Point, other: Point) -> bool:
    """Whether both stand on one side of ``start``, straight above, below or beside it."""
    (x0, y0), (x1, y1), (x2, y2) = start, one, other
    level = abs(y1 - y0) < _SAME and abs(y2 - y0) < _SAME and (x1 - x0) * (x2 - x0) > 0
    upright = abs(x1 - x0) < _SAME and abs(x2 - x0) < _SAME and (y1 - y0) * (y2 - y0) > 0
    return level or upright


def _far(one: Point, other: Point) -> float:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])
