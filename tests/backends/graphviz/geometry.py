"""Rectangles and what may not lie on what."""

from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import NamedTuple

from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.lay.drawing import POINT, Drawing, Frame, Line, Shape, Words

EDGE = 0.6


class Area(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Area") -> bool:
        beside = self.right - EDGE <= other.left or other.right - EDGE <= self.left
        return not (beside or self.bottom - EDGE <= other.top or other.bottom - EDGE <= self.top)

    def holds(self, other: "Area") -> bool:
        wide = self.left - EDGE <= other.left and other.right <= self.right + EDGE
        return wide and self.top - EDGE <= other.top and other.bottom <= self.bottom + EDGE


def of_shape(shape: Shape) -> Area:
    wide, high = shape.wide / 2, shape.high / 2
    return Area(shape.x - wide, shape.y - high, shape.x + wide, shape.y + high)


def of_frame(frame: Frame) -> Area:
    return Area(frame.x, frame.y, frame.x + frame.wide, frame.y + frame.high)


def of_words(words: Words) -> Area:
    wide = text.width(words.text, words.size, words.bold)
    left = words.x - wide * {"start": 0, "middle": 0.5, "end": 1}[words.anchor]
    return Area(left, words.y - words.size * 0.36, left + wide, words.y + words.size * 0.36)


def of_line(line: Line) -> Iterator[Area]:
    for (x0, y0), (x1, y1) in pairwise(line.points):
        yield Area(min(x0, x1) - EDGE, min(y0, y1) - EDGE, max(x0, x1) + EDGE, max(y0, y1) + EDGE)


def faults(drawing: Drawing) -> Iterator[str]:
    """Everything that lies where it should not."""
    shapes = [shape for shape in drawing.shapes if shape.style != POINT]
    yield from _overlaps(shapes)
    yield from _crossings(drawing, shapes)
    yield from _confusions(drawing)
    yield from _words(drawing, shapes)
    yield from _frames(drawing)
    yield from _outside(drawing, shapes)


def _overlaps(shapes: list[Shape]) -> Iterator[str]:
    for one, other in combinations(shapes, 2):
        if of_shape(one).meets(of_shape(other)):
            yield f"{one.key} on {other.key}"
    for shape in shapes:
        for line in shape.lines:
            wide = sum(text.width(run.text, run.size, run.bold) for run in line) + 4 * (len(line) - 1)
            if wide > shape.wide:
                yield f"{shape.key} is too narrow for {[run.text for run in line]}"


def _crossings(drawing: Drawing, shapes: list[Shape]) -> Iterator[str]:
    for line in drawing.lines:
        for area in of_line(line):
            if area.right - area.left > 3 * EDGE and area.bottom - area.top > 3 * EDGE:
                yield f"{line.tail} -> {line.head} runs aslant"
            for shape in shapes:
                if shape.key not in (line.tail, line.head) and area.meets(of_shape(shape)):
                    yield f"{line.tail} -> {line.head} crosses {shape.key}"


def _confusions(drawing: Drawing) -> Iterator[str]:
    """Lines between other boxes may cross, but not run on each other."""
    stretches = [(line, area) for line in drawing.lines for area in of_line(line)]
    for (one, here), (other, there) in combinations(stretches, 2):
        if one.tail == other.tail or one.head == other.head or not here.meets(there):
            continue
        wide = min(here.right, there.right) - max(here.left, there.left)
        high = min(here.bottom, there.bottom) - max(here.top, there.top)
        if max(wide, high) > 4 * EDGE:
            yield f"{one.tail} -> {one.head} runs on {other.tail} -> {other.head}"


def _words(drawing: Drawing, shapes: list[Shape]) -> Iterator[str]:
    for words in drawing.words:
        area = of_words(words)
        yield from (f"{words.text!r} on {shape.key}" for shape in shapes if area.meets(of_shape(shape)))
        for line in drawing.lines:
            if any(area.meets(stretch) for stretch in of_line(line)):
                yield f"{line.tail} -> {line.head} through {words.text!r}"
    for one, other in combinations(drawing.words, 2):
        if of_words(one).meets(of_words(other)):
            yield f"{one.text!r} on {other.text!r}"


def _frames(drawing: Drawing) -> Iterator[str]:
    """Frames lie in each other or apart, and cut through nothing."""
    frames = [of_frame(frame) for frame in drawing.frames if frame.style != "stack"]
    for one, other in combinations(frames, 2):
        if one.meets(other) and not one.holds(other) and not other.holds(one):
            yield f"frame {one} cuts frame {other}"
    boxes = [shape for shape in drawing.shapes if shape.style not in ("badge", POINT)]
    for frame in frames:
        for shape in boxes:
            area = of_shape(shape)
            if frame.meets(area) and not frame.holds(area):
                yield f"frame {frame} cuts {shape.key}"
        for words in drawing.words:
            if frame.meets(of_words(words)) and not frame.holds(of_words(words)):
                yield f"frame {frame} cuts {words.text!r}"


def _outside(drawing: Drawing, shapes: list[Shape]) -> Iterator[str]:
    sheet = Area(0, 0, drawing.wide, drawing.high)
    areas = [(shape.key, of_shape(shape)) for shape in shapes] + [(w.text, of_words(w)) for w in drawing.words]
    areas += [("a frame", of_frame(frame)) for frame in drawing.frames]
    areas += [(line.head, area) for line in drawing.lines for area in of_line(line)]
    yield from (f"{name} off the sheet" for name, area in areas if not sheet.holds(area))
