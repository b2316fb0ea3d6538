"""Spells a drawing as PDF, for machines whose Graphviz draws none: vectors, and text that can be selected and searched.

Its fonts come with GraphBuilder's dependencies; what a figure uses of them is embedded. They have Latin, Greek and
Cyrillic letters; other characters become one sign that says so, and ``lacking`` tells them beforehand.
"""

# fontpkg and fontTools have no stubs.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from itertools import groupby, product
from typing import TYPE_CHECKING, Any, cast

import fontpkg
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont as FontFile
from fontTools.varLib.instancer import instantiateVariableFont
from fpdf import FPDF
from fpdf.drawing import PaintedPath
from fpdf.enums import PathPaintRule
from fpdf.fonts import TTFFont

from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.lay.drawing import POINT, Drawing, Frame, Line, Run, Shape, Words
from graphbuilder.backends.graphviz.write.beziers import beziers, towards
from graphbuilder.backends.graphviz.write.fonts import Font
from graphbuilder.backends.graphviz.write.theme import Paint, Palette

if TYPE_CHECKING:
    from pathlib import Path

_CORNER, _ARROW, _ARROW_HALF = 12.0, 6.0, 2.1
_CAPITAL, _ROW, _SPACE = 0.35, 1.15, 4.0
_WEIGHTS = {"": 400.0, "B": 700.0}
_UNKNOWN = "\N{REPLACEMENT CHARACTER}"
_DASHES = {"passage": (5.0, 4.0), "size": (1.0, 3.0), "unknown": (1.0, 3.0), "removed": (5.0, 4.0)}
_BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)
"""When every figure is said to be made, so that one network gives one file."""


def write_pdf(drawing: Drawing, palette: Palette) -> bytes:
    """``drawing`` as a PDF of one page."""
    page = FPDF(unit="pt", format=(drawing.wide, drawing.high))
    page.set_auto_page_break(False)
    page.set_title(drawing.title)
    page.set_producer("GraphBuilder")
    page.set_creation_date(_BEFORE_ALL)
    page.add_page()
    for family, style in product(palette.font.pdf, _WEIGHTS):
        _embed(page, family, style, _letters(drawing))
    _Writer(page, palette, drawing).write()
    return bytes(page.output())


def lacking(words: str, font: Font) -> str:
    """Of ``words`` the characters that ``font`` lacks."""
    return "".join(c for c in words if not any(ord(c) in _known(family) for family in font.pdf))


@cache
def _known(family: str) -> frozenset[int]:
    with _opened(family) as font:
        return frozenset(font.getBestCmap() or ())


def _opened(family: str) -> FontFile:
    return FontFile(fontpkg.path(family), lazy=True, recalcTimestamp=False)


def _embed(page: FPDF, family: str, style: str, letters: str) -> None:
    """Gives ``page`` what ``letters`` take of the family, at one weight.

    The family's file holds all weights and thousands of letters; to fix the weight of those takes seconds.
    ``FPDF.add_font`` reads a file, which need not be written for it.
    """
    subsetter = Subsetter(Options(layout_features=[], notdef_outline=True))
    subsetter.populate(text=letters)
    file, key = BytesIO(), f"{family.lower()}{style}"
    with _opened(family) as font:
        subsetter.subset(font)
        others: dict[str, Any] = {axis.axisTag: axis.defaultValue for axis in font["fvar"].axes}
        instantiateVariableFont(font, {**others, "wght": _WEIGHTS[style]}, inplace=True)
        font.save(file)
    page.fonts[key] = TTFFont(page, cast("Path", file), key, style)


def _letters(drawing: Drawing) -> str:
    runs = (run.text for shape in drawing.shapes for line in shape.lines for run in line)
    return "".join({_UNKNOWN, " ", *"".join(runs), *"".join(words.text for words in drawing.words)})


@dataclass(frozen=True, slots=True)
class _Writer:
    """Puts a drawing on a page; points are x to the right and y down on both."""

    page: FPDF
    palette: Palette
    drawing: Drawing

    def write(self) -> None:
        self.page.set_fill_color(self.palette.sheet)
        self.page.rect(0, 0, self.drawing.wide, self.drawing.high, style="F")
        for frame in self.drawing.frames:
            self._frame(frame)
        for shape in self.drawing.shapes:
            if shape.style != POINT:
                self._shape(shape)
        for words in self.drawing.words:
            self._words(words)
        for line in self.drawing.lines:
            self._line(line)

    def _frame(self, frame: Frame) -> None:
        paint = self.palette.paint(frame.style, frame.faded)
        self._box(frame.x, frame.y, frame.wide, frame.high, paint, frame.dashed)

    def _shape(self, shape: Shape) -> None:
        paint = self.palette.paint(shape.style, shape.faded)
        if shape.outline == "circle":
            with self._outline(paint, shape.dashed) as path:
                path.circle(shape.x, shape.y, shape.wide / 2)
        else:
            corner = shape.x - shape.wide / 2, shape.y - shape.high / 2
            self._box(*corner, shape.wide, shape.high, paint, shape.dashed)
        heights = [max(run.size for run in line) * _ROW for line in shape.lines]
        y = shape.y - sum(heights) / 2
        for line, height in zip(shape.lines, heights, strict=True):
            y += height
            self._runs(line, shape.x, y - height / 2 + _CAPITAL * max(run.size for run in line), paint.text)

    def _runs(self, line: Iterable[Run], middle: float, feet: float, colour: str) -> None:
        runs = [self._fitted(run) for run in line]
        x = middle - (sum(wide for _, wide in runs) + _SPACE * (len(runs) - 1)) / 2
        for run, wide in runs:
            self._say(run, x, feet, colour)
            x += wide + _SPACE

    def _words(self, words: Words) -> None:
        run, wide = self._fitted(Run(words.text, words.size, words.bold))
        start = words.x - wide * {"start": 0.0, "middle": 0.5, "end": 1.0}[words.anchor]
        self._say(run, start, words.y + _CAPITAL * words.size, self.palette.tones[words.tone])

    def _fitted(self, run: Run) -> tuple[Run, float]:
        """``run`` as it is written, no wider than the layout has room for, and how wide that is."""
        unknown = lacking(run.text, self.palette.font)
        run = replace(run, text=run.text.translate(dict.fromkeys(map(ord, unknown), _UNKNOWN)))
        wide = sum(wide for _, wide in self._parts(run))
        larger = min(self.palette.font.larger, text.width(run.text, run.size, run.bold) / wide) if wide else 1.0
        return replace(run, size=run.size * larger), wide * larger

    def _parts(self, run: Run) -> Iterator[tuple[str, float]]:
        """``run`` in pieces of one font, which the page has taken, and how wide each is."""
        for family, letters in groupby(run.text, self._family):
            self.page.set_font(family, "B" if run.bold else "", run.size)
            yield (words := "".join(letters)), self.page.get_string_width(words)

    def _family(self, letter: str) -> str:
        return next(family for family in self.palette.font.pdf if ord(letter) in _known(family))

    def _say(self, run: Run, x: float, y: float, colour: str) -> None:
        """Words from ``x`` on, their feet at ``y``."""
        self.page.set_text_color(colour)
        for words, wide in self._parts(run):
            self.page.text(x, y, words)
            x += wide

    def _box(self, x: float, y: float, wide: float, high: float, paint: Paint, dashed: bool) -> None:
        """A rectangle with the corners that ``paint`` has, round ones as Graphviz rounds them."""
        radius = 0.0 if paint.square else min(_CORNER, min(wide, high) / 3)
        with self._outline(paint, dashed) as path:
            path.rectangle(x, y, wide, high, radius, radius)

    @contextmanager
    def _outline(self, paint: Paint, dashed: bool) -> Generator[PaintedPath]:
        """What is drawn on its path, filled and with a border."""
        dashes = _DASHES["passage"] if dashed else _DASHES["size"] if paint.dotted else ()
        with self._curve(paint.line, paint.pen, dashes) as path:
            path.style.paint_rule, path.style.fill_color = PathPaintRule.STROKE_FILL_NONZERO, paint.fill
            yield path

    @contextmanager
    def _curve(self, colour: str, wide: float, dashes: tuple[float, ...]) -> Generator[PaintedPath]:
        with self.page.new_path() as path:
            path.style.paint_rule, path.style.auto_close = PathPaintRule.STROKE, False
            path.style.stroke_color, path.style.stroke_width = colour, wide
            path.style.stroke_dash_pattern = dashes
            yield path

    def _line(self, line: Line) -> None:
        """A curve over the corners and a triangle at its end."""
        colour, (*rest, last) = self.palette.lines[line.kind], line.points
        back = towards(last, rest[-1], _ARROW)
        start, *controls = beziers((*rest, back))
        with self._curve(colour, self.palette.pens[line.kind], _DASHES.get(line.kind, ())) as path:
            path.move_to(*start)
            for one, two, end in zip(*[iter(controls)] * 3, strict=True):
                path.curve_to(*one, *two, *end)
        across = _ARROW_HALF if abs(last[0] - back[0]) < abs(last[1] - back[1]) else 0.0
        along = _ARROW_HALF - across
        with self.page.new_path(*last) as head:
            head.style.fill_color = head.style.stroke_color = colour
            head.line_to(back[0] - across, back[1] - along)
            head.line_to(back[0] + across, back[1] + along)
            head.close()
