"""How large things are. Knows words and their widths, and neither colours nor places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.lay.parts import Caption, Form
from graphbuilder.backends.graphviz.options import Options
from graphbuilder.backends.graphviz.read.scene import Box, Region

GAP, END_GAP, CARD_GAP, BRANCH_GAP, LANE = 11.0, 16.0, 30.0, 18.0, 13.0
TAP, ABREAST = 26.0, 50.0
"""How far beside the trunk an end stands that hangs on it, and how far apart values run that nothing is done to."""
PAD, HEADER = 10.0, 20.0
STACK, BADGE, BADGE_ROOM, WORDS = 5.0, 26.0, 42.0, 24.0
JOIN, BAR = 20.0, 22.0
LINE = 11.5
"""What a further line of a title, or under a stack, takes."""
TITLE, DETAIL, SMALL, NAME = 10.0, 9.0, 8.5, 7.5
NAME_ROW, ORDER = 10.0, 6.0
_OP, _PILL, _NARROW_OP = 25.0, 14.0, 34.0
_TERMINAL = (112.0, 22.0)
_MOST_ROWS, _MOST_CHANGES = 4, 3
_FAULT, _FAULT_HIGH, _FAULT_LINES = 230.0, 26.0, 6
_LEAST, _UNNAMED, _NAMED = (150.0, 66.0), (210.0, 104.0), (230.0, 150.0)
"""The least and the widest boxes, their words in one line and in two."""
_STEPS = 20.0, 12.0
"""By how much these grow at once: a word that is a little longer seldom moves anything."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """Sizes in points, alike over one figure so that things line up.

    Attributes:
        across: whether the network runs from left to right.
        names: whether boxes carry the names of their nodes.
        wide: the width of a box with its words in one line.
        narrow: its width with its words in two.
    """

    across: bool
    names: bool
    wide: float
    narrow: float

    @classmethod
    def of(cls, region: Region, options: Options) -> Metrics:
        """Sizes for the boxes of ``region``."""
        drawn = list(_boxes(region))
        one = max((line_width(box, options.names) for box in drawn), default=0.0)
        two = max((stacked_width(box, options.names) for box in drawn), default=0.0)
        most = _NAMED if options.names else _UNNAMED
        needed = zip((one + 18, two + 10), _LEAST, most, _STEPS, strict=True)
        wide, narrow = (_stepped(*each) for each in needed)
        return cls(options.direction == "LR", options.names, wide, narrow)

    def box(self, box: Box, form: Form) -> tuple[float, float]:
        """Width and height of ``box``."""
        if box.look == "join":
            return JOIN, JOIN
        if box.look == "fault":
            return _FAULT, _FAULT_HIGH + LINE * len(self.error(box))
        if box.look == "terminal":
            return max(_TERMINAL[0], text.width(box.title, TITLE, bold=True) + 24), _TERMINAL[1]
        narrow = form == "narrow" or self.across
        width = self.narrow if narrow else self.wide
        if box.look == "pill":
            return width, _PILL
        under = LINE * len(self.changes(box, width))
        return width, (_NARROW_OP if narrow else _OP) + (NAME_ROW if self.names else 0) + under

    def changes(self, box: Box, width: float) -> tuple[str, ...]:
        """What changed of a box so wide, line by line."""
        return text.wrapped(box.words, width - 8, DETAIL, _MOST_CHANGES) if box.words else ()

    def error(self, box: Box) -> tuple[str, ...]:
        """What is wrong with a box that cannot be built, and what mends it, line by line."""
        said = f"help: {box.help}" if box.help else ""
        parts = (part for part in (box.detail, said) if part)
        return tuple(line for part in parts for line in text.wrapped(part, _FAULT - 16, DETAIL, _FAULT_LINES))

    def flow(self, size: tuple[float, float]) -> tuple[float, float]:
        """A width and height as lengths along and across the flow."""
        return size if self.across else (size[1], size[0])

    @property
    def half(self) -> float:
        """How far an op reaches from the trunk."""
        return ((_NARROW_OP + (NAME_ROW if self.names else 0)) if self.across else self.wide) / 2

    @property
    def lane(self) -> float:
        """How far the first shortcut runs beside the trunk: far enough for its convolution."""
        return self.half + LANE + (_NARROW_OP if self.across else self.narrow) / 2

    def caption(self, words: str, across: float = 0.0) -> Caption:
        """A shape to be written in a gap, beside a wire that runs at ``across``."""
        if self.across:
            long = text.width(words, DETAIL) + 18
            return Caption(words, long, long, 14.0, across)
        return Caption(words, 15.0, 24.0, text.width(words, DETAIL) + 8, across)


def _stepped(width: float, least: float, most: float, step: float) -> float:
    """``width`` or less than a ``step`` more, between two bounds."""
    return min(least + step * ceil(max(0.0, width - least) / step), most)


def rows(facts: Sequence[str], room: float, size: float) -> list[str]:
    """``facts`` in as few rows as hold them, with dots between; a fact that is longer than a row takes several."""
    found: list[str] = []
    for fact in facts:
        longer = f"{found[-1]}  ·  {fact}" if found else fact
        if found and text.width(longer, size) <= room:
            found[-1] = longer
        else:
            found += text.wrapped(fact, room, size, _MOST_ROWS)
    return found


def line_width(box: Box, names: bool) -> float:
    """The words of ``box`` in one line."""
    if box.look in ("join", "terminal", "fault"):
        return 0.0
    if box.look == "pill":
        return text.width(pill_words(box, names), SMALL)
    gap = 6 if box.detail else 0
    return max(text.width(box.title, TITLE, bold=True) + gap + text.width(box.detail, DETAIL), _name_width(box, names))


def stacked_width(box: Box, names: bool) -> float:
    """The words of ``box`` in two lines."""
    if box.look in ("join", "terminal", "fault"):
        return 0.0
    if box.look == "pill":
        return text.width(pill_words(box, names), SMALL)
    widths = text.width(box.title, TITLE, bold=True), text.width(box.detail, DETAIL), _name_width(box, names)
    return max(widths)


def _name_width(box: Box, names: bool) -> float:
    return text.width(box.name, NAME) if names else 0.0


def pill_words(box: Box, names: bool) -> str:
    """What stands on a pill."""
    words = f"{box.title} {box.detail}" if box.detail else box.title
    return f"{words} · {box.name}" if names and box.name else words


def _boxes(region: Region) -> Iterator[Box]:
    for item in region.items.values():
        if isinstance(item, Box):
            yield item
        else:
            yield from _boxes(item.region)
