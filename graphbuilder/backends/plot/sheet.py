"""A sheet with a field on it: axes, points, labels beside them, words. Knows nothing of what is plotted.

Places everything itself, and has Graphviz only draw it (``layout=nop2``), as the figures do. All text is escaped.
"""

# The graphviz package has no stubs, and annotates only part of itself.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import graphviz

from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.options import Theme
from graphbuilder.backends.graphviz.write.engine import draw
from graphbuilder.backends.graphviz.write.svg import finish
from graphbuilder.backends.graphviz.write.theme import DARK, LIGHT
from graphbuilder.backends.plot.axis import Axis, pairs
from graphbuilder.backends.plot.labels import Rectangle, lead, place

Format = Literal["svg", "png"]
WIDE, HIGH = 640.0, 440.0
LEFT, RIGHT, TOP, BOTTOM = 58.0, 20.0, 52.0, 50.0  # margins of the field
POINT, SIZE, LABEL, LONGEST = 10.0, 9.0, 9.0, 230.0
DPI = 144
_NAMED = 3  # labels without a place that are told by name
FIELD = Rectangle((WIDE + LEFT - RIGHT) / 2, (HIGH + TOP - BOTTOM) / 2, WIDE - LEFT - RIGHT, HIGH - TOP - BOTTOM)


class Point(NamedTuple):
    """One point: its numbers along the axes, how it is painted, what stands beside it and what hovering says."""

    x: float
    y: float
    style: str
    shape: str
    label: str
    tip: str
    size: float = POINT


class Sheet:
    """Writes one plot in DOT."""

    def __init__(self, x: Axis, y: Axis, theme: Theme, format: Format) -> None:
        self._x, self._y = x, y
        self._theme: Theme = theme
        self._format: Format = format
        self._palette = DARK if theme == "dark" else LIGHT
        self._dot = graphviz.Digraph()
        self._count = 0
        self._tips: dict[str, str] = {}
        self._begin()

    def drawn(self, title: str) -> bytes:
        """The plot.

        Raises:
            NoEngine: when no Graphviz on this machine draws it.
        """
        drawn = draw(self._dot.source, self._format)
        if self._format == "png":
            return drawn
        return finish(drawn.decode(), title, self._tips, self._theme).encode()

    def points(self, points: Sequence[Point]) -> list[str]:
        """Set the points, and write the labels that find a place, where there are any; those that do not."""
        placed = [self._point(each) for each in points]
        labelled = [at for at, each in zip(placed, points, strict=True) if each.label]
        words = [text.fit(text.clean(each.label), LONGEST, LABEL) for each in points if each.label]
        sizes = [(text.width(each, LABEL) + 4, LABEL * 1.3) for each in words]
        places = place([at for _, at in labelled], sizes, FIELD)
        for (name, point), label, said in zip(labelled, places, words, strict=True):
            if label:
                at = self.words(label.x, label.y, said, LABEL, "ink", "middle")
                self._lead(name, point, at, label)
        return [said for label, said in zip(places, words, strict=True) if not label]

    def words(self, x: float, y: float, words: str, size: float, tone: str, anchor: str) -> str:
        """Write ``words`` at a place of the sheet; the name of what was written."""
        wide = text.width(words, size)
        middle = x + {"start": wide / 2, "middle": 0.0, "end": -wide / 2}[anchor]
        shown = {"fontsize": f"{size:g}", "fontcolor": self._palette.tones[tone], "class": f"words {tone}"}
        justified = {"start": "\\l", "middle": "", "end": "\\r"}[
            anchor
        ]  # a font of other widths than ours keeps the edge
        return self._node(middle, y, wide, size, label=graphviz.escape(words) + justified, shape="none", **shown)

    def line(self, start: tuple[float, float], end: tuple[float, float], wide: float) -> None:
        """A straight line between two places given by their numbers along the axes."""
        ends = [self._at(*each) for each in (start, end)]
        names = [self._node(x, y, 0.01, 0.01, shape="point", style="invis") for x, y in ends]
        self._stroke(names[0], names[1], ends[0], ends[1], wide)

    def _begin(self) -> None:
        dot, sheet = self._dot, self._palette.sheet
        dot.attr(
            layout="nop2", outputorder="nodesfirst", pad="0", bgcolor=sheet, fontname="Arial", **{"class": "sheet"}
        )
        dot.attr(bb=f"0,0,{WIDE:g},{HIGH:g}", **({"dpi": str(DPI)} if self._format == "png" else {}))
        dot.attr("node", fixedsize="true", margin="0", fontname="Arial", shape="box", label="")
        for x, y in ((0.0, 0.0), (WIDE, HIGH)):
            self._node(x, y, 1, 1, shape="point", style="invis")
        self._box(FIELD.x, FIELD.y, FIELD.wide, FIELD.high)
        for at, words in pairs(self._x):
            x = FIELD.x - FIELD.wide / 2 + at * FIELD.wide
            self._box(x, FIELD.y, 0.01, FIELD.high)
            self.words(x, HIGH - BOTTOM + 13, words, SIZE, "muted", "middle")
        for at, words in pairs(self._y):
            y = FIELD.y + FIELD.high / 2 - at * FIELD.high
            self._box(FIELD.x, y, FIELD.wide, 0.01)
            self.words(LEFT - 7, y, words, SIZE, "muted", "end")

    def _point(self, each: Point) -> tuple[str, Rectangle]:
        x, y = self._at(each.x, each.y)
        paint = self._palette.styles[each.style]
        colours = {"fillcolor": paint.fill, "color": paint.line, "penwidth": "1.6", "style": "filled"}
        name = self._node(x, y, each.size, each.size, shape=each.shape, **colours, **{"class": each.style})
        self._tips[name] = text.clean(each.tip)
        return name, Rectangle(x, y, each.size, each.size)

    def _lead(self, tail: str, point: Rectangle, head: str, label: Rectangle) -> None:
        """A thin line to a label that does not stand beside its point."""
        if line := lead(point, label):
            self._stroke(tail, head, line.start, line.end, 0.7)

    def _stroke(self, tail: str, head: str, start: tuple[float, float], end: tuple[float, float], wide: float) -> None:
        course = " ".join(f"{px:.2f},{HIGH - py:.2f}" for px, py in (start, start, end, end))
        colour = self._palette.lines["passage"]
        self._dot.edge(tail, head, pos=course, dir="none", color=colour, penwidth=f"{wide:g}", **{"class": "passage"})

    def _box(self, x: float, y: float, wide: float, high: float) -> None:
        paint = self._palette.styles["panel"]
        shown = {"fillcolor": paint.fill, "color": paint.line, "penwidth": "0.6", "style": "filled", "class": "panel"}
        self._node(x, y, wide, high, **shown)

    def _node(self, x: float, y: float, wide: float, high: float, **shown: str) -> str:
        name = f"n{self._count}"
        self._count += 1
        size = {"width": f"{wide / 72:.4f}", "height": f"{high / 72:.4f}"}
        self._dot.node(name, pos=f"{x:.2f},{HIGH - y:.2f}", **size, **shown)
        return name

    def _at(self, x: float, y: float) -> tuple[float, float]:
        """The place on the sheet of numbers along the axes."""
        across = FIELD.x + (self._x.place(x) - 0.5) * FIELD.wide
        return across, FIELD.y - (self._y.place(y) - 0.5) * FIELD.high


def no_room(labels: Sequence[str]) -> str:
    """What a subtitle says of labels that found no place, by name where there are few."""
    if not labels:
        return ""
    few = ", ".join(labels) if len(labels) <= _NAMED else f"{len(labels)} labels"
    return f"; no room for {few}"
