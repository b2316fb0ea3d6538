"""The legend: what occurs in the figure and nothing else, in the largest rectangle that is free."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.lay import metrics as m
from graphbuilder.backends.graphviz.lay.drawing import POINT, Drawing, Frame, Line, Run, Shape, Words
from graphbuilder.backends.graphviz.lay.parts import Kind
from graphbuilder.backends.graphviz.read.gather import GATHERED
from graphbuilder.backends.graphviz.read.scene import MARKS, Scale, Scene

_SAMPLE, _MOST_SAMPLE, _HIGH = 74.0, 130.0, 17.0
_ROW, _NOTE, _HEAD, _PAD, _INDENT = 23.0, 16.0, 32.0, 14.0, 30.0
_SIZE, _TALL, _SMALL, _BROADER = 9.0, 0.8, 640.0, 1.6
_LONGER = 0.12
"""By how much of its height a sheet may grow so that the legend finds room in a column."""
_BETWEEN = "a – z"
"""A sample of what stands on a box of several."""
_LEAST_BESIDE = 0.25
"""How much of the height of a tall figure a legend takes that stands beside it."""
_FAMILIES = (
    "separable",
    "convolution",
    "attention",
    "learned",
    "pooling",
    "activation",
    "normalisation",
    "regularisation",
    "shape",
    "join",
    "head",
    "block",
    "fault",
    "unknown",
    *MARKS,
)
_POOLS = {
    "MaxPool": "max",
    "AvgPool": "average",
    "GlobalAvgPool": "global average",
    "GlobalMaxPool": "global max",
    "AdaptiveAvgPool": "average to a size",
}
_SEPARABLE = {"DWConv": "depthwise convolution", "SepConv": "depthwise and pointwise 1×1"}
_ALONE = {
    "ConvT": "transposed convolution",
    "SqueezeExcite": "weighs channels, by way of so many",
    GATHERED: "neighbours in one box, from the first to the last",
}
_WORDS = {
    "head": "fully connected",
    "attention": "attention",
    "learned": "learnt values",
    "activation": "activation",
    "normalisation": "normalisation",
    "regularisation": "in training only",
    "shape": "changes the shape only",
    "join": "several values into one",
    "block": "a block, its parameters beside it",
    "fault": "wrong, as it says",
    "unknown": "behind what is wrong: nothing is known of it",
    "added": "added",
    "removed": "removed, now passed by",
    "changed": "changed, before → after",
}


_SIGNS = (
    (re.compile(r" /(\d+)"), "/{0} = stride {0}"),
    (re.compile(r" d(\d+)"), "d{0} = dilation {0}"),
    (re.compile(r" g(\d+)"), "g{0} = {0} groups"),
    (re.compile(r" x(\d+)"), "x{0} = {0} maps from each"),
    (re.compile(r" ceil"), "ceil = the last window may be in part outside"),
    (re.compile(r" pad \d"), "pad 0+1 = one more behind than before"),
    (re.compile(r" moved \d"), "moved = windows shifted by so much"),
)
_KINDS: dict[str, Kind] = {"shortcut": "shortcut", "passage": "passage", "size": "size"}


class _Entry(NamedTuple):
    """A row: a sample (a style and a word on it, or a kind of line) and what it means."""

    style: str
    sample: str
    meaning: str

    @property
    def wide(self) -> float:
        """What its sample needs."""
        return text.width(self.sample, _SIZE, bold=True) + 10


@dataclass(frozen=True, slots=True)
class _Area:
    x: float
    y: float
    wide: float
    high: float

    @property
    def size(self) -> float:
        return self.wide * self.high


def add_legend(drawing: Drawing, scene: Scene, onto: str, margin: float, gutter: float, loose: Sequence[Frame]) -> None:
    """Draw the legend into ``drawing``: where there is room, else beside a tall figure or under a broad one.

    ``scene`` says what the numbers of a shape are, and the colours where they tell shares; ``onto`` is where passages
    lead, and ``loose`` where something stands in no panel.
    """
    scale = scene.scale
    entries = [*_scale(scale), *_families(drawing), *_lines(drawing, onto)]
    if not entries:
        return
    sample = min(_MOST_SAMPLE, max(_SAMPLE, *(entry.wide for entry in entries)))
    broad = sample + _INDENT + max(text.width(entry.meaning, _SIZE) for entry in entries)
    said = [note for note in (scene.shapes, _letters(drawing)) if note]
    broad = max([broad, *(15 + text.width(note, _SIZE) for note in said)])
    notes = [*m.rows(_notes(drawing, scale.grey if scale else "parameters"), broad - 15, _SIZE), *said]
    high = _HEAD + _ROW * len(entries) + _NOTE * len(notes) + _PAD - 6
    needed = (max([broad, *(15 + text.width(note, _SIZE) for note in notes)]) + 15, high)
    panels = [frame for frame in drawing.frames if frame.style == "panel"]
    free = _Free(drawing, [*panels, *loose], needed, margin, gutter)
    area = free.largest() or free.largest(_LONGER * drawing.high)
    beside = drawing.wide < _TALL * drawing.high and high > _LEAST_BESIDE * drawing.high
    if area is None and (beside or drawing.wide + gutter + needed[0] < _SMALL):
        area = _Area(drawing.wide - margin + gutter, margin, *needed)
        drawing.wide, drawing.high = area.x + area.wide + margin, max(drawing.high, high + 2 * margin)
    if area is None:
        _strip(drawing, entries, notes, sample, margin, gutter)
    else:
        _list(drawing, entries, notes, sample, area, high)
        drawing.high = max(drawing.high, area.y + high + margin)


def _scale(scale: Scale | None) -> Iterator[_Entry]:
    yield from (_Entry(style, "", meaning) for style, meaning in (scale.rows if scale else ()))


def _families(drawing: Drawing) -> Iterator[_Entry]:
    titles: dict[str, list[str]] = {}
    details: dict[str, list[str]] = {}
    for shape in (shape for shape in drawing.shapes if shape.outline != "circle"):
        words = [run.text for line in shape.lines for run in line]
        titles.setdefault(shape.style, []).append(shape.kind or words[0])
        details.setdefault(shape.style, []).append(" ".join(words[1:2]))
    for frame in (frame for frame in drawing.frames if frame.style in MARKS):
        titles.setdefault(frame.style, []).append(frame.style)
        details.setdefault(frame.style, [])
    for family in (family for family in _FAMILIES if family in titles):
        found = list(dict.fromkeys(titles[family]))
        for kinds in _together(family, found):
            yield _Entry(family, _sample(family, kinds), _meaning(family, kinds, details[family], titles))


def _together(family: str, titles: Sequence[str]) -> list[list[str]]:
    """Which ``titles`` of a family are told in one row."""
    if family == "separable":
        return [[title] for title in titles]
    apart = [title for title in titles if title in _ALONE]
    rest = [title for title in titles if title not in _ALONE]
    return [each for each in (rest, *([title] for title in apart)) if each]


def _sample(family: str, titles: Sequence[str]) -> str:
    if family == "pooling" and len(titles) > 1:
        return "Pool"
    if family == "block":
        return _BETWEEN if GATHERED in titles else "block"
    if family in MARKS:
        return MARKS[family]
    return next((title for title in titles if title.lower().endswith(family)), titles[0])


def _meaning(family: str, titles: Sequence[str], details: Sequence[str], all_titles: dict[str, list[str]]) -> str:
    if family == "pooling":
        words = " / ".join(_POOLS.get(title, title) for title in titles)
        return words if len(titles) > 1 or titles[0] not in _POOLS else f"{words} pooling"
    if family == "separable":
        return _SEPARABLE.get(titles[0], "depthwise convolution")
    if titles[0] in _ALONE:
        return _ALONE[titles[0]]
    if family == "convolution":
        dense = "separable" in all_titles and not any(" g" in detail for detail in details)
        return "dense convolution" if dense else "convolution"
    return _WORDS[family]


def _lines(drawing: Drawing, onto: str) -> Iterator[_Entry]:
    kinds = {line.kind for line in drawing.lines}
    if any(drawn.dashed and drawn.style != "removed" for drawn in (*drawing.shapes, *drawing.frames)):
        yield _Entry("reuse", "dashed", "runs weights again, of what it names")
    if any(shape.faded for shape in drawing.shapes):
        yield _Entry("training", "pale", "made in training only")
    if "shortcut" in kinds:
        yield _Entry("shortcut", "", _shortcuts(drawing))
    if "size" in kinds:
        yield _Entry("size", "", "size of, no values")
    if "passage" in kinds:
        yield _Entry("passage", "", f"same tensor, next {onto}")


def _shortcuts(drawing: Drawing) -> str:
    """What the joins do at which shortcuts end: they add, or they do something else with what was skipped."""
    reading = Counter(line.head for line in drawing.lines)
    heads = {line.head for line in drawing.lines if line.kind == "shortcut" and reading[line.head] > 1}
    adding = {shape.lines[0][0].text == "+" for shape in drawing.shapes if shape.key in heads}
    words = {True: "residual shortcut (added at +)", False: "skip connection"}
    return " or ".join(words[each] for each in sorted(adding, reverse=True)) or words[False]


def _notes(drawing: Drawing, grey: str) -> list[str]:
    details = [run.text for shape in drawing.shapes for line in shape.lines for run in line[-1:]]
    found = ((words, list(filter(None, map(sign.search, details)))) for sign, words in _SIGNS)
    notes = [words.format(*least.groups()) for words, signs in found if signs for least in [min(signs, key=_number)]]
    if any(words.anchor == "end" for words in drawing.words):
        notes.append(f"grey number = {grey}")
    if drawing.ordered:
        notes.append("1, 2, …: joined in this order")
    if any("→" in run.text for shape in drawing.shapes if shape.style == "same" for run in shape.lines[-1]):
        notes.append("→ without a sign = only follows")
    return notes


def _number(sign: re.Match[str]) -> int:
    return int("".join(sign.groups()) or 0)


def _letters(drawing: Drawing) -> str:
    ends = [shape.lines[0][0].text for shape in drawing.shapes if shape.style == "terminal"]
    return "A, B, …: continues at the same letter" if any(" · " in end for end in ends) else ""


def _list(
    drawing: Drawing, entries: Sequence[_Entry], notes: Sequence[str], sample: float, area: _Area, high: float
) -> None:
    """One entry a row, in a frame of its own."""
    drawing.frames.append(Frame(area.x, area.y, area.wide, high, "legend"))
    drawing.words.append(Words(area.x + 15, area.y + 14, "Legend", 11, bold=True))
    y = area.y + _HEAD + 8
    for entry in entries:
        _draw(drawing, entry, sample, area.x + _PAD, y)
        y += _ROW
    for number, note in enumerate(notes):
        drawing.words.append(Words(area.x + 15, y + number * _NOTE, note, _SIZE, tone="muted"))


def _strip(
    drawing: Drawing, entries: Sequence[_Entry], notes: Sequence[str], sample: float, margin: float, gutter: float
) -> None:
    """Entries from left to right under everything, as many a row as fit."""
    x, y = margin, drawing.high - margin + gutter
    edge = drawing.wide - margin
    for entry in entries:
        wide = max(_SAMPLE, min(entry.wide, sample))
        long = wide + _INDENT - _PAD + text.width(entry.meaning, _SIZE) + 24
        if x > margin and x + long > edge:
            x, y = margin, y + _ROW
        _draw(drawing, entry, wide, x, y)
        x += long
    for note in notes:
        if x > margin and x + text.width(note, _SIZE) > edge:
            x, y = margin, y + _ROW
        drawing.words.append(Words(x, y, note, _SIZE, tone="muted"))
        x += text.width(note, _SIZE) + 24
    drawing.high = y + _ROW / 2 + margin / 2


def _draw(drawing: Drawing, entry: _Entry, wide: float, x: float, y: float) -> None:
    high = _HIGH
    key = f"legend {entry.style} {entry.sample}"
    if entry.style in _KINDS:
        for name, place in ((f"{key} start", x + 4), (f"{key} end", x + wide)):
            drawing.shapes.append(Shape(name, place, y, 0.0, 0.0, POINT, "round", ()))
        kind = _KINDS[entry.style]
        drawing.lines.append(Line(((x + 4, y), (x + wide, y)), kind, f"{key} start", f"{key} end"))
    else:
        pill = entry.style in ("activation", "normalisation", "regularisation", "shape")
        run = Run(text.fit(entry.sample, wide - 8, 8.5, bold=True), 8 if pill else 9, bold=not pill)
        again, faded = entry.style == "reuse", entry.style == "training"
        style = "block" if again else "terminal" if faded else entry.style
        size = wide, high - 3 * pill
        dashed = again or entry.style == "removed"
        shape = Shape(key, x + wide / 2, y, *size, style, "round", ((run,),), dashed=dashed, faded=faded)
        drawing.shapes.append(shape)
    drawing.words.append(Words(x + wide + _INDENT - _PAD, y, entry.meaning, _SIZE, tone="muted"))


class _Free:
    """Where on the sheet ``needed`` finds room beside ``panels`` and passages."""

    def __init__(
        self, drawing: Drawing, panels: Sequence[Frame], needed: tuple[float, float], margin: float, gutter: float
    ) -> None:
        self._panels = [_Area(frame.x, frame.y, frame.wide, frame.high + gutter) for frame in panels]
        passages = [area for line in drawing.lines if line.kind == "passage" for area in _around(line)]
        self._taken = [*self._panels, *passages]
        self._needed = needed
        self._margin, self._gutter = margin, gutter
        self._right, self._bottom = drawing.wide - margin, drawing.high - margin

    def largest(self, longer: float = 0.0) -> _Area | None:
        """The largest free rectangle if the sheet is so much ``longer``, one that begins with a column if any does."""
        begun = {self._margin, *(area.x for area in self._panels)}
        beside = {area.x + area.wide + self._gutter for area in self._taken}
        bottom = self._bottom + longer
        return self._at(sorted(begun), bottom) or self._at(sorted(beside), bottom)

    def _at(self, lefts: Sequence[float], bottom: float) -> _Area | None:
        wide, high = self._needed
        tops = sorted({self._margin, *(area.y + area.high for area in self._taken)})
        best: _Area | None = None
        for x, y in product(lefts, tops):
            room = _Area(x, y, wide + self._gutter / 2, high)
            if x + wide <= self._right and y + high <= bottom and not any(_meet(room, area) for area in self._taken):
                area = self._grown(x, y, bottom)
                best = area if best is None or area.size > best.size + 1 else best
        return best

    def _grown(self, x: float, y: float, bottom: float) -> _Area:
        """The rectangle at ``x``, ``y`` as high as it can be, and as wide as a panel in line with it."""
        wide, high = self._needed
        alike = [p.wide for p in self._panels if abs(p.x - x) < 1 and wide <= p.wide <= _BROADER * wide]
        wide = min(max(alike, default=wide), self._right - x)
        across = [area for area in self._taken if area.x < x + wide and area.x + area.wide > x]
        ends = sorted(area.y for area in across if area.y >= y + high)
        return _Area(x, y, wide, (ends[0] if ends else bottom) - y)


def _around(line: Line) -> Iterator[_Area]:
    """Room about the stretches of a line."""
    for (x0, y0), (x1, y1) in zip(line.points, line.points[1:], strict=False):
        yield _Area(min(x0, x1) - 4, min(y0, y1) - 4, abs(x1 - x0) + 8, abs(y1 - y0) + 8)


def _meet(one: _Area, other: _Area) -> bool:
    beside = one.x >= other.x + other.wide or other.x >= one.x + one.wide
    return not beside and not (one.y >= other.y + other.high or other.y >= one.y + one.high)
