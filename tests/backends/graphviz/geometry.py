"""Rectangles and what may not lie on what."""

from collections.abc import Iterator, Sequence
from itertools import pairwise, product
from typing import NamedTuple

from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.lay.drawing import POINT, Drawing, Frame, Line, Shape, Words

EDGE = 0.6
# The side of the squares in which neighbours are looked for: about a box.
SQUARE = 64


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


def meeting(ones: Sequence[Area], others: Sequence[Area]) -> Iterator[tuple[int, int]]:
    """The numbers of those that meet, found by the squares of the sheet that they lie in."""
    squares: dict[tuple[int, int], list[int]] = {}
    for number, area in enumerate(others):
        for square in _squares(area):
            squares.setdefault(square, []).append(number)
    for number, area in enumerate(ones):
        near = {other for square in _squares(area) for other in squares.get(square, ())}
        yield from ((number, other) for other in sorted(near) if area.meets(others[other]))


def pairs(areas: Sequence[Area]) -> Iterator[tuple[int, int]]:
    """The numbers of each two that meet."""
    return ((one, other) for one, other in meeting(areas, areas) if one < other)


def _squares(area: Area) -> Iterator[tuple[int, int]]:
    across = range(int(area.left // SQUARE), int(area.right // SQUARE) + 1)
    return product(across, range(int(area.top // SQUARE), int(area.bottom // SQUARE) + 1))


class Places(NamedTuple):
    """A figure's boxes, the stretches of its lines, and its words, with where they lie."""

    drawing: Drawing
    shapes: list[Shape]
    boxes: list[Area]
    lines: list[Line]
    stretches: list[Area]
    words: list[Area]


def faults(drawing: Drawing) -> Iterator[str]:
    """Everything that lies where it should not."""
    shapes = [shape for shape in drawing.shapes if shape.style != POINT]
    lines = [(line, area) for line in drawing.lines for area in of_line(line)]
    places = Places(
        drawing,
        shapes,
        [of_shape(shape) for shape in shapes],
        [line for line, _ in lines],
        [area for _, area in lines],
        [of_words(words) for words in drawing.words],
    )
    yield from _overlaps(places)
    yield from _crossings(places)
    yield from _confusions(places)
    yield from _words(places)
    yield from _frames(places)
    yield from _outside(places)


def _overlaps(places: Places) -> Iterator[str]:
    for one, other in pairs(places.boxes):
        yield f"{places.shapes[one].key} on {places.shapes[other].key}"
    for shape in places.shapes:
        for line in shape.lines:
            wide = sum(text.width(run.text, run.size, run.bold) for run in line) + 4 * (len(line) - 1)
            if wide > shape.wide:
                yield f"{shape.key} is too narrow for {[run.text for run in line]}"


def _crossings(places: Places) -> Iterator[str]:
    for line, area in zip(places.lines, places.stretches, strict=True):
        if area.right - area.left > 3 * EDGE and area.bottom - area.top > 3 * EDGE:
            yield f"{line.tail} -> {line.head} runs aslant"
    for stretch, box in meeting(places.stretches, places.boxes):
        line, shape = places.lines[stretch], places.shapes[box]
        if shape.key not in (line.tail, line.head):
            yield f"{line.tail} -> {line.head} crosses {shape.key}"


def _confusions(places: Places) -> Iterator[str]:
    """Lines between other boxes may cross, but not run on each other."""
    for first, second in pairs(places.stretches):
        one, other = places.lines[first], places.lines[second]
        if one.tail == other.tail or one.head == other.head:
            continue
        here, there = places.stretches[first], places.stretches[second]
        wide = min(here.right, there.right) - max(here.left, there.left)
        high = min(here.bottom, there.bottom) - max(here.top, there.top)
        if max(wide, high) > 4 * EDGE:
            yield f"{one.tail} -> {one.head} runs on {other.tail} -> {other.head}"


def _words(places: Places) -> Iterator[str]:
    words = [words.text for words in places.drawing.words]
    yield from (f"{words[one]!r} on {places.shapes[box].key}" for one, box in meeting(places.words, places.boxes))
    for one, stretch in meeting(places.words, places.stretches):
        line = places.lines[stretch]
        yield f"{line.tail} -> {line.head} through {words[one]!r}"
    yield from (f"{words[one]!r} on {words[other]!r}" for one, other in pairs(places.words))


def _frames(places: Places) -> Iterator[str]:
    """Frames lie in each other or apart, and cut through nothing."""
    frames = [of_frame(frame) for frame in places.drawing.frames if frame.style != "stack"]
    for first, second in pairs(frames):
        one, other = frames[first], frames[second]
        if not one.holds(other) and not other.holds(one):
            yield f"frame {one} cuts frame {other}"
    names = [shape.key for shape in places.shapes if shape.style != "badge"]
    areas = [area for shape, area in zip(places.shapes, places.boxes, strict=True) if shape.style != "badge"]
    names += [repr(words.text) for words in places.drawing.words]
    areas += places.words
    for frame, area in meeting(frames, areas):
        if not frames[frame].holds(areas[area]):
            yield f"frame {frames[frame]} cuts {names[area]}"


def _outside(places: Places) -> Iterator[str]:
    drawing = places.drawing
    sheet = Area(0, 0, drawing.wide, drawing.high)
    areas = [(shape.key, area) for shape, area in zip(places.shapes, places.boxes, strict=True)]
    areas += [(words.text, area) for words, area in zip(drawing.words, places.words, strict=True)]
    areas += [("a frame", of_frame(frame)) for frame in drawing.frames]
    areas += [(line.head, area) for line, area in zip(places.lines, places.stretches, strict=True)]
    yield from (f"{name} off the sheet" for name, area in areas if not sheet.holds(area))
