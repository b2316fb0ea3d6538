"""Places for labels beside points, so that none lies on another label, on a point or beyond the sheet.

A label that does not stand beside its point has a line to it, which strikes no other label and no other point.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import cos, pi, sin
from typing import NamedTuple

RINGS = (
    0.0,
    10.0,
    22.0,
    36.0,
    52.0,
    70.0,
    90.0,
    115.0,
    145.0,
)  # points of distance between a point's edge and its label
_BESIDE = 8.0  # so near needs no line
# Right and left, above and below, then between these and finer.
_TURNS = (0.0, 0.5, 0.25, 0.75, *(turn / 8 for turn in (1, 7, 3, 5)), *(turn / 16 for turn in range(1, 16, 2)))
_FINER = tuple(turn / 32 for turn in range(1, 32, 2))


class Rectangle(NamedTuple):
    """By its middle."""

    x: float
    y: float
    wide: float
    high: float

    def meets(self, other: Rectangle) -> bool:
        """Whether the two share any place."""
        across = abs(self.x - other.x) * 2 < self.wide + other.wide
        return across and abs(self.y - other.y) * 2 < self.high + other.high

    def within(self, other: Rectangle) -> bool:
        """Whether all of it lies in ``other``."""
        across = abs(self.x - other.x) * 2 + self.wide <= other.wide
        return across and abs(self.y - other.y) * 2 + self.high <= other.high


class Line(NamedTuple):
    """A straight line between two places."""

    start: tuple[float, float]
    end: tuple[float, float]

    def strikes(self, box: Rectangle) -> bool:
        """Whether any of it lies in ``box`` (Liang and Barsky 1984)."""
        enter, leave = 0.0, 1.0
        sides = ((box.x, box.wide / 2), (box.y, box.high / 2))
        for (middle, half), start, end in zip(sides, self.start, self.end, strict=True):
            low, high = middle - half - start, middle + half - start
            if start == end:
                if low >= 0 or high <= 0:
                    return False
                continue
            near, far = sorted((low / (end - start), high / (end - start)))
            enter, leave = max(enter, near), min(leave, far)
        return enter < leave


def lead(point: Rectangle, label: Rectangle) -> Line | None:
    """The line to a label from its point; None where it stands beside it."""
    x = min(max(point.x, label.x - label.wide / 2), label.x + label.wide / 2)
    y = min(max(point.y, label.y - label.high / 2), label.y + label.high / 2)
    far = ((x - point.x) ** 2 + (y - point.y) ** 2) ** 0.5
    if far < point.wide / 2 + _BESIDE:
        return None
    part = point.wide / 2 / far
    return Line((point.x + (x - point.x) * part, point.y + (y - point.y) * part), (x, y))


def place(
    points: Sequence[Rectangle], sizes: Sequence[tuple[float, float]], sheet: Rectangle
) -> list[Rectangle | None]:
    """A place for the label of every point, the nearest that is free; None where there is none."""
    taken = list(points)
    leads: list[Line] = []
    found: list[Rectangle | None] = []
    for point, (wide, high) in zip(points, sizes, strict=True):
        # What lies on the point itself, such as a point of the same numbers, no line from it can spare.
        others = [each for each in taken if not each.meets(point)]
        free = (label for label in _around(point, wide, high) if _is_free(label, taken, leads, sheet))
        clear = (each for each in free if not _strikes(lead(point, each), others))
        label = next(clear, None)
        found.append(label)
        if label:
            taken.append(label)
            leads += [line for line in [lead(point, label)] if line]
    return found


def _is_free(label: Rectangle, taken: Sequence[Rectangle], leads: Sequence[Line], sheet: Rectangle) -> bool:
    if not label.within(sheet) or any(label.meets(each) for each in taken):
        return False
    return not any(line.strikes(label) for line in leads)


def _strikes(line: Line | None, boxes: Sequence[Rectangle]) -> bool:
    return line is not None and any(line.strikes(box) for box in boxes)


def _around(point: Rectangle, wide: float, high: float) -> Iterator[Rectangle]:
    """Places from near to far; of equally near ones, right and left before above and below."""
    for ring in RINGS:
        for turn in (*_TURNS, *(_FINER if ring else ())):
            across, along = cos(2 * pi * turn), sin(2 * pi * turn)
            x = point.x + across * (point.wide / 2 + ring + 2) + _side(across) * wide / 2
            y = point.y + along * (point.high / 2 + ring + 2) + _side(along) * high / 2
            yield Rectangle(x, y, wide, high)


def _side(part: float) -> int:
    return 0 if abs(part) < 0.01 else 1 if part > 0 else -1
