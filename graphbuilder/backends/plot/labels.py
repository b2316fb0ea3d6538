"""Places for labels beside points, so that none lies on another label, on a point or beyond the sheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import cos, pi, sin
from typing import NamedTuple

RINGS = (0.0, 10.0, 22.0, 36.0, 52.0, 70.0, 90.0)  # points of distance between a point's edge and its label
_TURNS = (0.0, 0.5, 0.25, 0.75, 0.125, 0.875, 0.375, 0.625, 0.0625, 0.9375, 0.4375, 0.5625)


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


def place(
    points: Sequence[Rectangle], sizes: Sequence[tuple[float, float]], sheet: Rectangle
) -> list[Rectangle | None]:
    """A place for the label of every point, the nearest that is free; None where there is none."""
    taken = list(points)
    found: list[Rectangle | None] = []
    for point, (wide, high) in zip(points, sizes, strict=True):
        free = (each for each in _around(point, wide, high) if _is_free(each, taken, sheet))
        label = next(free, None)
        found.append(label)
        if label:
            taken.append(label)
    return found


def _is_free(label: Rectangle, taken: Sequence[Rectangle], sheet: Rectangle) -> bool:
    return label.within(sheet) and not any(label.meets(each) for each in taken)


def _around(point: Rectangle, wide: float, high: float) -> Iterator[Rectangle]:
    """Places from near to far; of equally near ones, right and left before above and below."""
    for ring in RINGS:
        for turn in _TURNS:
            across, along = cos(2 * pi * turn), sin(2 * pi * turn)
            x = point.x + across * (point.wide / 2 + ring + 2) + _side(across) * wide / 2
            y = point.y + along * (point.high / 2 + ring + 2) + _side(along) * high / 2
            yield Rectangle(x, y, wide, high)


def _side(part: float) -> int:
    return 0 if abs(part) < 0.01 else 1 if part > 0 else -1
