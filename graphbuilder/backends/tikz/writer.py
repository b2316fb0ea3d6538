"""Spells a drawing as a LaTeX document of one page that needs TikZ and a font, both of which every TeX has.

Each style of the figure is a TikZ style by its name, so a person changes the colour of every convolution in one line.
Places are in big points (72 to the inch) with y down, as in the drawing. Writes no file and runs no TeX.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.graphviz import Options, drawing
from graphbuilder.backends.graphviz.lay.drawing import POINT, Drawing, Frame, Line, Run, Shape, Words
from graphbuilder.backends.graphviz.write.theme import Paint, Palette, palette_of
from graphbuilder.backends.tikz.escape import escaped, lacking

_LONG_DASHES = "dash pattern=on 5bp off 4bp"
_DOTS = "dash pattern=on 1bp off 3bp"
_DASHES = {"passage": _LONG_DASHES, "size": _DOTS, "unknown": _DOTS, "removed": _LONG_DASHES}
_ANCHORS = {"start": "base west", "middle": "base", "end": "base east"}
_ARROW = "{Triangle[length=6bp, width=5bp]}"
_CORNER, _CAPITAL, _ROW, _SPACE = 9.0, 0.35, 1.15, 4.0
_PREAMBLE = r"""\documentclass{{article}}
\usepackage[paperwidth={wide}bp,paperheight={high}bp,margin=0bp]{{geometry}}
\usepackage[T1]{{fontenc}}
\usepackage{{textcomp}}
\usepackage{{{font}}}
\usepackage{{tikz}}
\usetikzlibrary{{arrows.meta}}
\renewcommand{{\familydefault}}{{\{family}default}}
\pagestyle{{empty}}
\setlength{{\parindent}}{{0bp}}
\setlength{{\topskip}}{{0bp}}
% {{size}}{{words}}
\newcommand{{\gbwords}}[2]{{\fontsize{{#1bp}}{{#1bp}}\selectfont #2}}
"""
_SIGNS = r"""% {number of a character}, from the first font that has it; pdfLaTeX can take it from none
\newcommand{\gbfonts}{Noto Sans CJK SC,Noto Sans,Noto Sans Arabic,Noto Sans Hebrew,Noto Sans Devanagari,DejaVu Sans,%
  Arial Unicode MS,FreeSans}
\makeatletter
\newif\ifgbset
\newcommand{\gbsign}[1]{{%
  \gbsetfalse
  \ifdefined\suppressfontnotfounderror
    \suppressfontnotfounderror=1
    \@for\gbname:=\gbfonts\do{%
      \ifgbset\else
        \font\gbfont="\gbname" at \f@size pt\relax
        \ifx\gbfont\nullfont\else
          \iffontchar\gbfont"#1\relax \gbsettrue {\gbfont\char"#1\relax}\fi
        \fi
      \fi}%
  \fi
  \ifgbset\else ?\fi}}
\makeatother
"""


def write(typed: TypedGraph, options: Options = Options()) -> str:  # noqa: B008
    """The figure of ``typed`` as a LaTeX document; a theme that follows the reader is the light one.

    Raises:
        CompileError: when a pattern of ``options`` matches nothing.
    """
    return spelt(drawing(typed, options), palette_of(options))


def spelt(figure: Drawing, palette: Palette) -> str:
    """``figure`` as a LaTeX document."""
    return "\n".join(_document(figure, palette)) + "\n"


def _document(figure: Drawing, palette: Palette) -> Iterator[str]:
    family = {"sans": "sf", "serif": "rm"}[palette.font.face]
    yield _PREAMBLE.format(wide=_n(figure.wide), high=_n(figure.high), font=palette.font.tex, family=family)
    if any(map(lacking, _said(figure))):
        yield _SIGNS
    yield from _styles(figure, palette)
    yield r"\begin{document}%"
    yield r"\begin{tikzpicture}[x=1bp, y=-1bp]"
    yield rf"\path[use as bounding box, fill=gb sheet] (0,0) rectangle ({_n(figure.wide)},{_n(figure.high)});"
    yield from map(_frame, figure.frames)
    for shape in figure.shapes:
        if shape.style != POINT:
            yield from _shape(shape, palette)
    yield from (_words(words, palette) for words in figure.words)
    yield from map(_line, figure.lines)
    yield r"\end{tikzpicture}%"
    yield r"\end{document}"


def _said(figure: Drawing) -> Iterator[str]:
    yield from (run.text for shape in figure.shapes for line in shape.lines for run in line)
    yield from (words.text for words in figure.words)


def _styles(figure: Drawing, palette: Palette) -> Iterator[str]:
    """Every style that occurs, by name."""
    yield rf"\definecolor{{gb sheet}}{{HTML}}{{{palette.sheet[1:]}}}"
    painted = [*figure.frames, *(shape for shape in figure.shapes if shape.style != POINT)]
    for style, faded in dict.fromkeys((each.style, each.faded) for each in painted):
        yield from _style(_name(style, faded), palette.paint(style, faded))
    for tone in dict.fromkeys(words.tone for words in figure.words):
        yield rf"\definecolor{{gb {tone}}}{{HTML}}{{{palette.tones[tone][1:]}}}"
    yield (
        r"\tikzset{gb line/.style={rounded corners=" + f"{_n(_CORNER)}bp, -{{Triangle[length=6bp, width=5bp]}}" + "}}"
    )
    for kind in dict.fromkeys(line.kind for line in figure.lines):
        yield rf"\definecolor{{gb {kind}}}{{HTML}}{{{palette.lines[kind][1:]}}}"
        drawn = f"gb line, draw=gb {kind}, line width={palette.pens[kind]}bp"
        dashes = f", {_DASHES[kind]}" if kind in _DASHES else ""
        yield rf"\tikzset{{gb {kind}/.style={{{drawn}{dashes}}}}}"


def _style(name: str, paint: Paint) -> Iterator[str]:
    for part, colour in (("fill", paint.fill), ("border", paint.line), ("text", paint.text)):
        yield rf"\definecolor{{{name} {part}}}{{HTML}}{{{colour[1:]}}}"
    dots = f", {_DOTS}" if paint.dotted else ""
    corners = "sharp corners" if paint.square else f"rounded corners={_n(_CORNER)}bp"
    colours = f"fill={name} fill, draw={name} border, text={name} text"
    yield rf"\tikzset{{{name}/.style={{{colours}, line width={_n(paint.pen)}bp, {corners}{dots}}}}}"


def _name(style: str, faded: bool) -> str:
    return f"gb pale {style}" if faded else f"gb {style}"


def _frame(frame: Frame) -> str:
    dashes = f", {_LONG_DASHES}" if frame.dashed else ""
    corners = f"({_p(frame.x, frame.y)}) rectangle ({_p(frame.x + frame.wide, frame.y + frame.high)})"
    return rf"\path[{_name(frame.style, frame.faded)}{dashes}] {corners};"


def _shape(shape: Shape, palette: Palette) -> Iterator[str]:
    """A path with its words on it, as they are centred in the other formats."""
    name = _name(shape.style, shape.faded)
    dashes = f", {_LONG_DASHES}" if shape.dashed else ""
    x, y = shape.wide / 2, shape.high / 2
    if shape.outline == "circle":
        yield rf"\path[{name}{dashes}] ({_p(shape.x, shape.y)}) circle[radius={_n(x)}];"
    else:
        corner = "" if palette.paint(shape.style).square else f", rounded corners={_n(min(12.0, shape.high / 3))}bp"
        corners = f"({_p(shape.x - x, shape.y - y)}) rectangle ({_p(shape.x + x, shape.y + y)})"
        yield rf"\path[{name}{corner}{dashes}] {corners};"
    heights = [max(run.size for run in line) * _ROW for line in shape.lines]
    top = shape.y - sum(heights) / 2
    for line, height in zip(shape.lines, heights, strict=True):
        foot = top + height / 2 + _CAPITAL * max(run.size for run in line)
        top += height
        words = rf"\hspace{{{_n(_SPACE)}bp}}".join(_run(run, palette) for run in line)
        yield rf"\node[anchor=base, inner sep=0bp, text={name} text] at ({_p(shape.x, foot)}) {{{words}}};"


def _words(words: Words, palette: Palette) -> str:
    run = Run(words.text, words.size, words.bold)
    place = _p(words.x, words.y + _CAPITAL * words.size)
    how = f"anchor={_ANCHORS[words.anchor]}, inner sep=0bp, text=gb {words.tone}"
    return rf"\node[{how}] at ({place}) {{{_run(run, palette)}}};"


def _run(run: Run, palette: Palette) -> str:
    words = escaped(run.text)
    bold = rf"\textbf{{{words}}}" if run.bold else words
    return rf"{{\gbwords{{{_n(palette.font.fitted(run).size)}}}{{{bold}}}}}"


def _line(line: Line) -> str:
    """A path over its corners, less round where it turns twice in a short stretch."""
    inner = [_far(*stretch) / 2 for stretch in list(pairwise(line.points))[1:-1]]
    ends = [_far(*line.points[:2]), _far(*line.points[-2:]) - 6]
    radius = max(0.0, min(_CORNER, *inner, *ends))
    corners = "" if len(line.points) < 3 or radius == _CORNER else f", rounded corners={_n(radius)}bp"
    path = " -- ".join(f"({_p(*point)})" for point in line.points)
    return rf"\path[gb {line.kind}{corners}] {path};"


def _far(one: tuple[float, float], other: tuple[float, float]) -> float:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _p(x: float, y: float) -> str:
    return f"{_n(x)},{_n(y)}"


def _n(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
