"""Draws the marks of a placed part on the sheet, in either direction of flow."""

from __future__ import annotations

from dataclasses import dataclass

from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.lay import metrics as m
from graphbuilder.backends.graphviz.lay.drawing import Drawing, Frame, Line, Point, Run, Shape, Words
from graphbuilder.backends.graphviz.lay.metrics import Metrics
from graphbuilder.backends.graphviz.lay.parts import BoxMark, FrameMark, LabelMark, Mark, WireMark
from graphbuilder.backends.graphviz.read.scene import Box

_BADGE = (64.0, 25.0)
_LEAST_NAME = 20.0


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws with a trunk that starts at ``x``, ``y``."""

    drawing: Drawing
    metrics: Metrics
    x: float
    y: float

    def draw(self, marks: list[Mark]) -> None:
        """Draw ``marks``."""
        for mark in marks:
            if isinstance(mark, FrameMark):
                self._frame(mark)
            elif isinstance(mark, BoxMark):
                self._box(mark)
            elif isinstance(mark, LabelMark):
                self._label(mark)
            elif isinstance(mark, WireMark):
                points = tuple(self.place(*point) for point in mark.points)
                self.drawing.lines.append(Line(tidied(points), mark.kind, mark.tail, mark.head))

    def place(self, along: float, across: float) -> Point:
        """Where on the sheet a point of the part is."""
        return (self.x + along, self.y + across) if self.metrics.across else (self.x + across, self.y + along)

    def _box(self, mark: BoxMark) -> None:
        x, y = self.place(mark.along, mark.across)
        outline = "circle" if mark.box.look == "join" else "round"
        narrow = mark.form == "narrow" or self.metrics.across
        lines = _lines(mark.box, mark.wide - 8, narrow and mark.high > 30, self.metrics.names)
        if mark.box.look == "fault":
            lines = (*lines, *((Run(line, m.DETAIL),) for line in self.metrics.error(mark.box)))
        lines = (*lines, *((Run(line, m.DETAIL),) for line in self.metrics.changes(mark.box, mark.wide)))
        tip = mark.box.path if mark.box.look != "terminal" else ""
        box, size = mark.box, (mark.wide, mark.high)
        style = box.mark or style_of(box)
        dashed = box.reuses or box.mark == "removed"
        self.drawing.shapes.append(
            Shape(box.path, x, y, *size, style, outline, lines, tip, dashed, mark.faded, box.kind or box.title)
        )

    def _label(self, mark: LabelMark) -> None:
        x, y = self.place(mark.along, mark.across)
        if mark.order:
            self.drawing.words.append(Words(x, y, mark.text, m.NAME, "middle", tone="muted"))
            self.drawing.ordered = True
        elif self.metrics.across:
            self.drawing.words.append(Words(x, y + 9, mark.text, m.DETAIL, "middle", tone="muted"))
        else:
            self.drawing.words.append(Words(x + 8, y, mark.text, m.DETAIL, tone="muted"))

    def _frame(self, mark: FrameMark) -> None:
        (left, top), (right, bottom) = self.place(mark.start, mark.left), self.place(mark.end, mark.right)
        stacked = mark.count > 1
        for shift in (2 * m.STACK, m.STACK) if stacked else ():
            self.drawing.frames.append(Frame(left + shift, top + shift, right - left, bottom - top, "stack"))
        style = mark.mark or ("stacked" if stacked else "reused" if mark.dashed else "card")
        dashed = mark.dashed or mark.mark == "removed"
        self.drawing.frames.append(Frame(left, top, right - left, bottom - top, style, dashed, mark.faded))
        self._header(mark, left, top, right)
        if stacked:
            self._badge(mark, left, right, bottom)

    def _header(self, mark: FrameMark, left: float, top: float, right: float) -> None:
        middle, edge = top + 11, right - 10
        note = text.width(mark.note, m.DETAIL) + 8 if mark.note else 0.0
        wires = [] if self.metrics.across else [self.x + wire for wire in mark.wires]
        wide = max((text.width(line, m.TITLE, bold=True) for line in mark.title), default=0.0)
        start, end = _gap(left, edge - note, wires, wide, self.x)
        titles = [text.fit(line, end - start, m.TITLE, bold=True) for line in mark.title]
        lines = enumerate(title for title in titles if title)
        words = self.drawing.words
        words += [Words(start, middle + n * m.LINE, title, m.TITLE, bold=True) for n, title in lines]
        if mark.note:
            words.append(Words(edge, middle, mark.note, m.DETAIL, "end", tone="muted"))

    def _badge(self, mark: FrameMark, left: float, right: float, bottom: float) -> None:
        words = f"× {mark.count}"
        needed = text.width(words, 12, bold=True) + 12
        edge = right + 2 * m.STACK + 4
        leaving = [] if self.metrics.across else [self.x + wire for wire in mark.leaving]
        trunk = max(leaving) + 10 if leaving else left
        wide = max(needed, min(_BADGE[0], edge - trunk))
        key = f"badge {mark.start} {mark.left} {self.x} {self.y}"
        run = Run(words, 12, bold=True)
        self.drawing.shapes.append(
            Shape(key, max(edge, trunk + wide) - wide / 2, bottom + 12, wide, _BADGE[1], "badge", "round", ((run,),))
        )
        room = min([edge - wide, *(wire - 8 for wire in leaving)]) - left - 6
        for number, line in enumerate(mark.words):
            said, y = text.fit(line, room, m.DETAIL, bold=True), bottom + 2 * m.STACK + 8 + number * m.LINE
            self.drawing.words.append(Words(left + 6, y, said, m.DETAIL, bold=True, tone="accent"))


def _gap(left: float, right: float, wires: list[float], wide: float, trunk: float) -> tuple[float, float]:
    """The first stretch of a header, between the wires that cross it, that holds ``wide``, or the widest.

    A lone shortcut beside the ``trunk`` is the rule, and titles then stand behind it.
    """
    starts = [left + 10, *(wire + 10 for wire in wires)]
    ends = [*(wire - 6 for wire in wires), right]
    gaps = list(zip(starts, ends, strict=True))
    if len(wires) == 2 and abs(wires[1] - trunk) < 1:
        gaps = [gaps[1], gaps[0], gaps[2]]
    return next((gap for gap in gaps if gap[1] - gap[0] >= wide), max(gaps, key=lambda gap: gap[1] - gap[0]))


def _lines(box: Box, room: float, two: bool, names: bool) -> tuple[tuple[Run, ...], ...]:
    """The words of a box, line by line."""
    if box.look == "join":
        return ((Run(box.title, 13, bold=True),),)
    if box.look == "pill":
        return ((Run(text.fit(_pill(box, room, names), room, m.SMALL), m.SMALL),),)
    title = Run(text.fit(box.title, room, m.TITLE, bold=True), m.TITLE, bold=True)
    if not box.detail or box.look == "fault":
        first: tuple[tuple[Run, ...], ...] = ((title,),)
    elif two:
        first = ((title,), (Run(text.fit(box.detail, room, m.DETAIL), m.DETAIL),))
    else:
        left = room - text.width(title.text, m.TITLE, bold=True) - 6
        first = ((title, Run(text.fit(box.detail, left, m.DETAIL), m.DETAIL)),)
    if names and box.name:
        return (*first, (Run(text.fit_end(box.name, room, m.NAME), m.NAME),))
    return first


def _pill(box: Box, room: float, names: bool) -> str:
    """The words of a pill, its name cut from the left."""
    words = m.pill_words(box, False)
    left = room - text.width(f"{words} · ", m.SMALL)
    return f"{words} · {text.fit_end(box.name, left, m.SMALL)}" if names and left > _LEAST_NAME else words


def tidied(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """``points`` without those that are no corners."""
    kept: list[Point] = []
    for point in points:
        if kept and _close(kept[-1], point):
            continue
        if len(kept) > 1 and _straight(kept[-2], kept[-1], point):
            kept.pop()
        kept.append(point)
    return tuple(kept)


def _close(one: Point, other: Point) -> bool:
    return abs(one[0] - other[0]) < 0.01 and abs(one[1] - other[1]) < 0.01


def _straight(one: Point, middle: Point, other: Point) -> bool:
    return any(abs(one[i] - middle[i]) < 0.01 and abs(middle[i] - other[i]) < 0.01 for i in (0, 1))


def style_of(box: Box) -> str:
    """What colours ``box`` where it has no mark: its look where that says it all, but for what nothing is known of."""
    return box.look if box.look in ("join", "terminal", "block") and box.style != "unknown" else box.style
