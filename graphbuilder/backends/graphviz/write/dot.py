"""Spells a drawing in DOT with every place given (``layout=nop2``), so that Graphviz only draws.

All names are made up here and every text is escaped; nothing that a spec says is ever markup.
"""

# The graphviz package has no stubs, and annotates only part of itself.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from __future__ import annotations

from html import escape as html_escape

import graphviz

from graphbuilder.backends.graphviz.lay.drawing import POINT, Drawing, Frame, Line, Point, Run, Shape, Words
from graphbuilder.backends.graphviz.write.beziers import beziers, towards
from graphbuilder.backends.graphviz.write.theme import FADED, Paint, Palette

_ARROW = 5.5
_ROUND = "rounded,filled"
_ALIGN = {"start": "left", "middle": "center", "end": "right"}
_DASHES = {"passage": "dashed", "size": "dotted", "unknown": "dotted", "removed": "dashed"}
_TABLE = 'border="0" cellborder="0" cellspacing="0" cellpadding="0"'
_LINE, _WIDER = 1.4, 1.05
"""The height of a line in sizes of its type, and how much wider words may be than their font says."""
# Graphviz centres a line by its font's height, which leaves capitals too high: an empty row above brings them down.
_RAISED, _RAISED_SIGN, _SIGNS = 3, 2, "+×–"
# In a cell of its own, bold words stand too high and others too low, by these shares of their size.
_LOWER = {True: 0.05, False: -0.08}


class Writer:
    """Writes one drawing.

    Afterwards ``tips`` maps the made-up names to what hovering should say, and ``labels`` to what a reader of screens
    should.
    """

    def __init__(self, drawing: Drawing, palette: Palette) -> None:
        self._drawing = drawing
        self._palette = palette
        self._font = palette.font
        self._names: dict[str, str] = {}
        self.tips: dict[str, str] = {}
        self.labels: dict[str, str] = {}

    def write(self, dpi: int | None = None) -> graphviz.Digraph:
        """The drawing in DOT; ``dpi`` is for pixels."""
        dot = graphviz.Digraph(graph_attr=self._sheet() | ({"dpi": str(dpi)} if dpi else {}))
        dot.attr("node", fixedsize="shape", margin="0", fontname=self._font.dot, style=_ROUND, shape="box")
        dot.attr("edge", arrowsize="0.55", penwidth=_n(self._palette.pens["flow"]))
        self._corners(dot)
        for number, frame in enumerate(self._drawing.frames):
            self._frame(dot, number, frame)
        for shape in self._drawing.shapes:
            self._shape(dot, shape)
        for number, words in enumerate(self._drawing.words):
            self._words(dot, f"w{number}", words)
        for line in self._drawing.lines:
            self._line(dot, line)
        return dot

    def _sheet(self) -> dict[str, str]:
        return {
            "layout": "nop2",
            "outputorder": "nodesfirst",
            "pad": "0",
            "margin": "0",  # else a PDF has a frame of half an inch
            "bb": f"0,0,{_n(self._drawing.wide)},{_n(self._drawing.high)}",
            "bgcolor": self._palette.sheet,
            "fontname": self._font.dot,
            "class": "sheet",
            "label": "",
        }

    def _corners(self, dot: graphviz.Digraph) -> None:
        """Two invisible points that hold the sheet open: its bounding box alone is not kept by every Graphviz."""
        for name, x, y in (("c0", 0.0, 0.0), ("c1", self._drawing.wide, self._drawing.high)):
            dot.node(name, label="", shape="point", style="invis", width="0.01", height="0.01", pos=self._place(x, y))

    def _frame(self, dot: graphviz.Digraph, number: int, frame: Frame) -> None:
        paint = self._palette.paint(frame.style, frame.faded)
        low, high = self._drawing.high - frame.y - frame.high, self._drawing.high - frame.y
        box = f"{_n(frame.x)},{_n(low)},{_n(frame.x + frame.wide)},{_n(high)}"
        shown = {"fillcolor": paint.fill, "color": paint.line, "penwidth": _n(paint.pen)}
        shown["class"] = f"{frame.style} {FADED}" if frame.faded else frame.style
        shown["style"] = _style(paint, frame.dashed)
        dot.subgraph(graphviz.Digraph(f"cluster_{number}", graph_attr={"bb": box, **shown}))

    def _shape(self, dot: graphviz.Digraph, shape: Shape) -> None:
        name = self._names[shape.key] = f"n{len(self._names)}"
        if shape.tip:
            self.tips[name] = shape.tip
        if shape.style == POINT:
            dot.node(name, label="", shape="point", style="invis", pos=self._place(shape.x, shape.y))
            return
        said = " ".join(run.text for line in shape.lines for run in line)
        self.labels[name] = f"{said}: {shape.tip}" if shape.tip else said
        paint = self._palette.paint(shape.style, shape.faded)
        attributes = {
            "pos": self._place(shape.x, shape.y),
            "width": _n(shape.wide / 72, 4),
            "height": _n(shape.high / 72, 4),
            "fillcolor": paint.fill,
            "color": paint.line,
            "fontcolor": paint.text,
            "penwidth": _n(paint.pen),
            "class": f"{shape.style} {FADED}" if shape.faded else shape.style,
        }
        if (style := _style(paint, shape.dashed)) != _ROUND:
            attributes["style"] = style
        if shape.outline == "circle":
            attributes |= {"shape": "circle", "style": style.removeprefix("rounded,")}
        dot.node(name, **self._label(shape.lines), **attributes)

    def _label(self, lines: tuple[tuple[Run, ...], ...]) -> dict[str, str]:
        """One run is a plain label; more are HTML-like."""
        if len(lines) == 1 and len(lines[0]) == 1 and not lines[0][0].bold:
            run = self._font.fitted(lines[0][0])
            return {"label": graphviz.escape(run.text), "fontsize": _n(run.size)}
        rows = "".join(f"<tr><td>{self._html(line)}</td></tr>" for line in lines)
        sign = _RAISED_SIGN if lines[0][0].text in _SIGNS else _RAISED
        return {"label": f'<<table {_TABLE}><tr><td height="{sign}"></td></tr>{rows}</table>>'}

    def _words(self, dot: graphviz.Digraph, name: str, words: Words) -> None:
        """Words in a cell that is a little wider than they are, since only a cell can hold them to one side."""
        run = Run(words.text, words.size, words.bold)
        wide = self._font.width(self._font.fitted(run)) * _WIDER + 2
        wide = min(wide, max(1.0, {"end": words.x}.get(words.anchor, self._drawing.wide - words.x)))
        high = round(words.size * _LINE)
        x = {"start": words.x + wide / 2, "middle": words.x, "end": words.x - wide / 2}[words.anchor]
        below = (high - round(words.size)) / 2 + _LOWER[words.bold] * words.size
        colour = self._palette.tones[words.tone]
        place = {"pos": self._place(x, words.y + below), "width": _n(wide / 72, 4), "height": _n(high / 72, 4)}
        shown = {"class": f"words {words.tone}", "fontcolor": colour}
        cell = f'<td align="{_ALIGN[words.anchor]}">{self._run(run)}</td>'
        label = f'<<table {_TABLE} width="{wide:.0f}" height="{high}"><tr>{cell}</tr></table>>'
        dot.node(name, label=label, shape="none", style="", **place, **shown)

    def _html(self, line: tuple[Run, ...]) -> str:
        """Runs without text, for which a long one left no room, are left out: Graphviz refuses an empty font."""
        return '<font point-size="6">&nbsp; </font>'.join(self._run(run) for run in line if run.text)

    def _run(self, run: Run) -> str:
        words, size = _markup(run.text), self._font.fitted(run).size
        return f'<font point-size="{_n(size)}">{f"<b>{words}</b>" if run.bold else words}</font>'

    def _line(self, dot: graphviz.Digraph, line: Line) -> None:
        tail, head = self._names[line.tail], self._names[line.head]
        shown = {"color": self._palette.lines[line.kind], "class": line.kind}
        if (pen := self._palette.pens[line.kind]) != self._palette.pens["flow"]:
            shown["penwidth"] = _n(pen)
        if line.kind in _DASHES:
            shown["style"] = _DASHES[line.kind]
        dot.edge(tail, head, pos=self._spline(line.points), **shown)

    def _spline(self, points: tuple[Point, ...]) -> str:
        """A Bezier along ``points`` with round corners that ends where the arrow begins."""
        *rest, last = points
        back = towards(last, rest[-1], _ARROW)
        curve = " ".join(self._place(*point) for point in beziers((*rest, back)))
        return f"e,{self._place(*last)} {curve}"

    def _place(self, x: float, y: float) -> str:
        return f"{_n(x)},{_n(self._drawing.high - y)}"


def _markup(words: str) -> str:
    """``words`` in an HTML-like label, where a backslash would still begin one of Graphviz's own escapes."""
    return html_escape(words).replace("\\", "\\\\")


def _style(paint: Paint, dashed: bool) -> str:
    corners = "filled" if paint.square else _ROUND
    return f"{corners},dashed" if dashed else f"{corners},dotted" if paint.dotted else corners


def _n(number: float, digits: int = 2) -> str:
    return f"{number:.{digits}f}".rstrip("0").rstrip(".")
