"""Draws the plot: places everything itself, and has Graphviz only draw it (``layout=nop2``), as the figures do.

Networks are told apart by shape as well as colour. A label that finds no free place is left out, which is said; in an
SVG hovering still tells it. All text is escaped.
"""

# The graphviz package has no stubs, and annotates only part of itself.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import graphviz

from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.options import Theme
from graphbuilder.backends.graphviz.write.engine import draw
from graphbuilder.backends.graphviz.write.svg import finish
from graphbuilder.backends.graphviz.write.theme import DARK, LIGHT, Palette
from graphbuilder.backends.plot.axis import Axis, axis_of, pairs
from graphbuilder.backends.plot.labels import Rectangle, place
from graphbuilder.backends.table.comparison import Comparison, Variant

Format = Literal["svg", "png"]
WIDE, HIGH = 640.0, 440.0
LEFT, RIGHT, TOP, BOTTOM = 58.0, 20.0, 52.0, 50.0  # margins of the field
POINT, SIZE, LABEL, LONGEST = 10.0, 9.0, 9.0, 230.0
DPI = 144
TITLE = "Parameters and multiply-accumulates"
_STYLES = ("separable", "convolution", "pooling", "head", "attention")
_SHAPES = ("circle", "square", "diamond", "triangle", "pentagon")


def scatter(comparison: Comparison, format: Format, theme: Theme = "auto") -> bytes:
    """The plot of ``comparison``.

    Raises:
        NoEngine: when no Graphviz on this machine draws it.
    """
    plot = _Plot(comparison, DARK if theme == "dark" else LIGHT)
    source = plot.write(DPI if format == "png" else None)
    drawn = draw(source, format)
    return finish(drawn.decode(), TITLE, plot.tips, theme).encode() if format == "svg" else drawn


class _Plot:
    """Writes one plot in DOT; ``tips`` afterwards maps made-up names to what hovering should say."""

    def __init__(self, comparison: Comparison, palette: Palette) -> None:
        self._variants = comparison.variants
        self._names = list(dict.fromkeys(each.name for each in self._variants))
        self._palette = palette
        self._x = axis_of([each.parameters for each in self._variants])
        self._y = axis_of([each.macs for each in self._variants])
        self._dot = graphviz.Digraph()
        self._count = 0
        self.tips: dict[str, str] = {}

    def write(self, dpi: int | None) -> str:
        """The DOT; ``dpi`` is for pixels."""
        dot, sheet = self._dot, self._palette.sheet
        dot.attr(
            layout="nop2", outputorder="nodesfirst", pad="0", bgcolor=sheet, fontname="Arial", **{"class": "sheet"}
        )
        dot.attr(bb=f"0,0,{WIDE:g},{HIGH:g}", **({"dpi": str(dpi)} if dpi else {}))
        dot.attr("node", fixedsize="true", margin="0", fontname="Arial", shape="box", label="")
        for x, y in ((0.0, 0.0), (WIDE, HIGH)):
            self._node(x, y, 1, 1, shape="point", style="invis")
        self._box((WIDE + LEFT - RIGHT) / 2, (HIGH + TOP - BOTTOM) / 2, _field().wide, _field().high, "panel")
        self._axes()
        points = [self._point(each) for each in self._variants]
        missing = self._labels(points)
        title = TITLE if len(self._names) > 1 else f"{TITLE} of {self._names[0]}"
        self._words(LEFT, 16, text.fit(title, WIDE - LEFT - RIGHT, 12.0), 12.0, "ink", "start")
        others = f"; {missing} labels have no room" if missing else ""
        self._words(LEFT, 36.5, f"MACs for one sample{_scale(self._y)}{others}", SIZE, "muted", "start")
        self._words(WIDE - RIGHT, HIGH - 14, f"parameters{_scale(self._x)}", SIZE, "muted", "end")
        return dot.source

    def _axes(self) -> None:
        field = _field()
        for at, words in pairs(self._x):
            x = field.x - field.wide / 2 + at * field.wide
            self._box(x, field.y, 0.01, field.high, "panel")
            self._words(x, HIGH - BOTTOM + 13, words, SIZE, "muted", "middle")
        for at, words in pairs(self._y):
            y = field.y + field.high / 2 - at * field.high
            self._box(field.x, y, field.wide, 0.01, "panel")
            self._words(LEFT - 7, y, words, SIZE, "muted", "end")

    def _point(self, each: Variant) -> tuple[str, Rectangle]:
        field = _field()
        x = field.x + (self._x.place(each.parameters) - 0.5) * field.wide
        y = field.y - (self._y.place(each.macs) - 0.5) * field.high
        number = self._names.index(each.name)
        style = _STYLES[number % len(_STYLES)]
        shape = _SHAPES[(number + number // len(_STYLES)) % len(_SHAPES)]  # 25 pairs before one comes again
        paint = self._palette.styles[style]
        colours = {"fillcolor": paint.fill, "color": paint.line, "penwidth": "1.6", "style": "filled", "class": style}
        name = self._node(x, y, POINT, POINT, shape=shape, **colours)
        counted = f"{each.parameters:,} parameters, {each.macs:,} MACs"
        self.tips[name] = f"{text.clean(', '.join((each.name, *_settings(each))))}: {counted}"
        return name, Rectangle(x, y, POINT, POINT)

    def _labels(self, points: list[tuple[str, Rectangle]]) -> int:
        """Write what finds a place; how many do not."""
        words = [text.fit(text.clean(self._label(each)), LONGEST, LABEL) for each in self._variants]
        sizes = [(text.width(each, LABEL) + 4, LABEL * 1.3) for each in words]
        places = place([at for _, at in points], sizes, _field())
        for (name, point), label, said in zip(points, places, words, strict=True):
            if label:
                at = self._words(label.x, label.y, said, LABEL, "ink", "middle")
                self._lead(name, point, at, label)
        return places.count(None)

    def _label(self, each: Variant) -> str:
        named = (each.name,) if len(self._names) > 1 or not each.settings else ()
        return ", ".join((*named, *_settings(each)))

    def _lead(self, tail: str, point: Rectangle, head: str, label: Rectangle) -> None:
        """A thin line to a label that does not stand beside its point."""
        x = min(max(point.x, label.x - label.wide / 2), label.x + label.wide / 2)
        y = min(max(point.y, label.y - label.high / 2), label.y + label.high / 2)
        far = ((x - point.x) ** 2 + (y - point.y) ** 2) ** 0.5
        if far < POINT / 2 + 8:
            return
        start = (point.x + (x - point.x) * POINT / 2 / far, point.y + (y - point.y) * POINT / 2 / far)
        course = " ".join(f"{px:.2f},{HIGH - py:.2f}" for px, py in (start, start, (x, y), (x, y)))
        colour = self._palette.lines["passage"]
        self._dot.edge(tail, head, pos=course, dir="none", color=colour, penwidth="0.7", **{"class": "passage"})

    def _words(self, x: float, y: float, words: str, size: float, tone: str, anchor: str) -> str:
        wide = text.width(words, size)
        middle = x + {"start": wide / 2, "middle": 0.0, "end": -wide / 2}[anchor]
        shown = {"fontsize": f"{size:g}", "fontcolor": self._palette.tones[tone], "class": f"words {tone}"}
        return self._node(middle, y, wide, size, label=graphviz.escape(words), shape="none", **shown)

    def _box(self, x: float, y: float, wide: float, high: float, style: str) -> None:
        paint = self._palette.styles[style]
        shown = {"fillcolor": paint.fill, "color": paint.line, "penwidth": "0.6", "style": "filled", "class": style}
        self._node(x, y, wide, high, **shown)

    def _node(self, x: float, y: float, wide: float, high: float, **shown: str) -> str:
        name = f"n{self._count}"
        self._count += 1
        size = {"width": f"{wide / 72:.4f}", "height": f"{high / 72:.4f}"}
        self._dot.node(name, pos=f"{x:.2f},{HIGH - y:.2f}", **size, **shown)
        return name


def _field() -> Rectangle:
    """Where the points stand."""
    wide, high = WIDE - LEFT - RIGHT, HIGH - TOP - BOTTOM
    return Rectangle(LEFT + wide / 2, TOP + high / 2, wide, high)


def _settings(each: Variant) -> Iterator[str]:
    return (f"{name}={words}" for name, words in each.texts.items())


def _scale(axis: Axis) -> str:
    return " (logarithmic)" if axis.logarithmic else ""
