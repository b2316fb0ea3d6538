"""Leads the value that one panel ends with to the next, through the gutters of the sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from graphbuilder.backends.graphviz.lay.drawing import Drawing, Frame, Line, Point
from graphbuilder.backends.graphviz.lay.parts import BoxMark
from graphbuilder.backends.graphviz.lay.pen import Pen, tidied

_BESIDE, _ASIDE = 11.0, 12.0
_OVER = 7.0
"""How far a passage keeps from the row of ends that it goes round."""


@dataclass(frozen=True, slots=True)
class Port:
    """The box at which a passage begins or ends, on the sheet, and the panel that it is in."""

    mark: BoxMark
    pen: Pen
    frame: Frame

    @property
    def x(self) -> float:
        return self.pen.place(self.mark.along, self.mark.across)[0]

    @property
    def y(self) -> float:
        return self.pen.place(self.mark.along, self.mark.across)[1]

    @property
    def left(self) -> float:
        return self.x - self.mark.wide / 2

    @property
    def right(self) -> float:
        return self.x + self.mark.wide / 2

    @property
    def top(self) -> float:
        return self.y - self.mark.high / 2

    @property
    def bottom(self) -> float:
        return self.y + self.mark.high / 2


class Passages:
    """Draws on one sheet; ``gutter`` is the room between its columns (or rows)."""

    def __init__(self, drawing: Drawing, across: bool, gutter: float) -> None:
        self._drawing = drawing
        self._across = across
        self._gutter = gutter

    def lead(self, start: Port, end: Port, edge: float, same: bool) -> None:
        """From ``start`` to ``end``; ``edge`` is where the column of ``start`` ends, ``same`` says that it has both."""
        points = self._rightwards(start, end, edge, same) if self._across else self._down(start, end, edge, same)
        self._drawing.lines.append(Line(tidied(points), "passage", start.mark.box.path, end.mark.box.path))

    def _down(self, start: Port, end: Port, edge: float, same: bool) -> tuple[Point, ...]:
        """Out to the gutter, up or down it, and in; round whatever ends stand between."""
        x = edge + (_BESIDE if same else self._gutter / 2 + 2)
        side = end.right if same else end.left
        low, high = start.frame.y + start.frame.high - _OVER, end.top - _OVER
        leaving = (start.right, start.y), (x, start.y)
        entering = (x, end.y), (side, end.y)
        if not self._is_clear(leaving, start, end):
            leaving = (start.x, start.bottom), (start.x, low), (x, low)
        if not self._is_clear(entering, start, end):
            entering = (x, high), (end.x, high), (end.x, end.top)
        return *leaving, *entering

    def _rightwards(self, start: Port, end: Port, edge: float, same: bool) -> tuple[Point, ...]:
        """Straight on, or down to the gutter between rows and back to the margin."""
        if same:
            middle = (start.frame.x + start.frame.wide + end.frame.x) / 2
            return (start.right, start.y), (middle, start.y), (middle, end.y), (end.left, end.y)
        y, x, far = edge + self._gutter / 2, end.frame.x - _ASIDE, start.frame.x + start.frame.wide - _OVER
        leaving = (start.x, start.bottom), (start.x, y)
        if not self._is_clear(leaving, start, end):
            leaving = (start.right, start.y), (far, start.y), (far, y)
        return *leaving, (x, y), (x, end.y), (end.left, end.y)

    def _is_clear(self, way: Sequence[Point], *ends: Port) -> bool:
        """Whether a straight way meets no box but those at its ends."""
        (x0, y0), (x1, y1) = way
        own = {end.mark.box.path for end in ends}
        return not any(
            abs(shape.x - (x0 + x1) / 2) < (shape.wide + abs(x1 - x0)) / 2
            and abs(shape.y - (y0 + y1) / 2) < (shape.high + abs(y1 - y0)) / 2
            for shape in self._drawing.shapes
            if shape.key not in own
        )
