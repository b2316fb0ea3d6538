"""The finished figure as data: rectangles, words and lines with their places on the sheet.

Points are x to the right and y down, in 72nds of an inch. What writes it (DOT, PDF) decides nothing but how to spell
it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from graphbuilder.backends.graphviz.lay.parts import Kind

Anchor = Literal["start", "middle", "end"]
Tone = Literal["ink", "muted", "accent", "inverse"]
Outline = Literal["round", "circle"]
Point = tuple[float, float]
POINT = "point"
"""The style of a shape that nobody sees and a line leads to."""


@dataclass(frozen=True, slots=True)
class Run:
    """Words in one type."""

    text: str
    size: float
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """A box with words in its middle, ``lines`` from top to bottom.

    ``key`` is what lines are led to, ``tip`` what hovering says, ``kind`` what the legend calls it; what runs another's
    weights is ``dashed``, what only training needs is ``faded``.
    """

    key: str
    x: float
    y: float
    wide: float
    high: float
    style: str
    outline: Outline
    lines: tuple[tuple[Run, ...], ...]
    tip: str = ""
    dashed: bool = False
    faded: bool = False
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """A panel, card or legend, by its top left corner."""

    x: float
    y: float
    wide: float
    high: float
    style: str
    dashed: bool = False
    faded: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """Words alone: ``x`` is where they start, end or have their middle, ``y`` the middle of their height."""

    x: float
    y: float
    text: str
    size: float
    anchor: Anchor = "start"
    bold: bool = False
    tone: Tone = "ink"


@dataclass(frozen=True, slots=True)
class Line:
    """A line over corners from one shape to another, with an arrow at its end."""

    points: tuple[Point, ...]
    kind: Kind
    tail: str
    head: str


@dataclass(slots=True)
class Drawing:
    """Everything on the sheet; frames lie below shapes and words, lines on top.

    ``ordered`` says that arrows carry numbers, which tell the order in which a box reads.
    """

    title: str
    wide: float = 0.0
    high: float = 0.0
    frames: list[Frame] = field(default_factory=list[Frame])
    shapes: list[Shape] = field(default_factory=list[Shape])
    words: list[Words] = field(default_factory=list[Words])
    lines: list[Line] = field(default_factory=list[Line])
    ordered: bool = False

    def lower(self, far: float) -> None:
        """Move everything down by ``far``."""
        self.high += far
        self.frames = [replace(frame, y=frame.y + far) for frame in self.frames]
        self.shapes = [replace(shape, y=shape.y + far) for shape in self.shapes]
        self.words = [replace(words, y=words.y + far) for words in self.words]
        self.lines = [replace(line, points=tuple((x, y + far) for x, y in line.points)) for line in self.lines]
