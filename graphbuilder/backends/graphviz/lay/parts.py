"""Pieces of a placed figure: boxes, frames, labels and wires in their own coordinates, and how two pieces are joined.

A point is (along, across): along the flow from a piece's start, across from its trunk, negative to the left of the
flow. Which of the two is horizontal is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from graphbuilder.backends.graphviz.lay.channel import Pin, tracks
from graphbuilder.backends.graphviz.read.scene import Box, End, Link

Point = tuple[float, float]
Kind = Literal["flow", "shortcut", "passage", "size", "unknown", "added", "removed"]
Form = Literal["wide", "narrow"]

TRACK = 9.0
BEFORE_TRACKS, BEHIND_TRACKS = 9.0, 12.0
_STRAIGHT = 0.5
_STRONGER: tuple[Kind, ...] = ("size", "shortcut")
"""What a wire is that is of several kinds."""


class Mark(Protocol):
    """Something drawn."""

    def move(self, along: float, across: float) -> None:
        """Shift it."""
        ...

    def flip(self) -> None:
        """Turn it over, so that what was along is back."""
        ...


class _AtPoint:
    """A mark with a place of its own."""

    __slots__ = ()

    along: float
    across: float

    def move(self, along: float, across: float) -> None:
        self.along += along
        self.across += across

    def flip(self) -> None:
        self.along = -self.along


@dataclass(slots=True, eq=False)
class BoxMark(_AtPoint):
    """A box around a centre; ``wide`` and ``high`` are as a reader sees them, whichever way the flow goes."""

    box: Box
    along: float
    across: float
    wide: float
    high: float
    form: Form
    faded: bool = False


@dataclass(slots=True, eq=False)
class FrameMark:
    """A card from ``start`` to ``end`` along and ``left`` to ``right`` across.

    ``title`` and ``words`` are lines. ``wires`` is where wires come in, between which the title finds room, ``leaving``
    where they go out, between which the words do. What
    stands on a panel's trunk is ``stretched`` to the width of the panel; what runs another's weights is ``dashed``, and
    what only training needs is ``faded``. ``mark`` is that of the card.
    """

    start: float
    end: float
    left: float
    right: float
    title: tuple[str, ...]
    note: str
    count: int = 1
    words: tuple[str, ...] = ()
    wires: tuple[float, ...] = ()
    leaving: tuple[float, ...] = ()
    dashed: bool = False
    stretched: bool = False
    faded: bool = False
    mark: str = ""

    def move(self, along: float, across: float) -> None:
        self.start += along
        self.end += along
        self.left += across
        self.right += across
        self.wires = tuple(wire + across for wire in self.wires)
        self.leaving = tuple(wire + across for wire in self.leaving)

    def flip(self) -> None:
        self.start, self.end = -self.end, -self.start


@dataclass(slots=True, eq=False)
class LabelMark(_AtPoint):
    """A shape beside a wire, or beside the arrow at its end which of several a box reads there, if ``order`` is."""

    text: str
    along: float
    across: float
    order: bool = False


@dataclass(slots=True, eq=False)
class WireMark:
    """A line from the box ``tail`` to the box ``head``, which shows ``link``."""

    points: list[Point]
    kind: Kind
    tail: str
    head: str
    link: Link

    def move(self, along: float, across: float) -> None:
        self.points = [(a + along, c + across) for a, c in self.points]

    def flip(self) -> None:
        self.points = [(-a, c) for a, c in self.points]


@dataclass(frozen=True, slots=True, eq=False)
class Tip:
    """A wire that is drawn up to the edge of a piece: ``item`` is the box at the end that is known, if one is."""

    points: tuple[Point, ...]
    kind: Kind = "flow"
    item: str = ""

    def moved(self, along: float, across: float) -> Tip:
        return Tip(tuple((a + along, c + across) for a, c in self.points), self.kind, self.item)

    def of(self, kind: Kind) -> Tip:
        """This wire as one of ``kind``, where it does not tell a size."""
        return self if self.kind == "size" else Tip(self.points, kind, self.item)

    def flipped(self) -> Tip:
        return Tip(tuple((-a, c) for a, c in self.points), self.kind, self.item)

    def then(self, points: tuple[Point, ...], other: Tip, item: str) -> Tip:
        """This wire, led over ``points`` into ``other``."""
        kinds: list[Kind] = [kind for kind in _STRONGER if kind in (self.kind, other.kind)]
        kind: Kind = kinds[0] if kinds else "flow"
        here, there = self.points, other.points
        if not points and len(here) > 1 and len(there) > 1 and here[-2][1] == here[-1][1] == there[0][1] == there[1][1]:
            # A lane past many rows would else gather a point at each.
            here, there = here[:-1], there[1:]
        return Tip((*here, *points, *there), kind, item)


@dataclass(slots=True, eq=False)
class Part:
    """A placed piece.

    Attributes:
        length: how far it goes along.
        left: how far it reaches across, left of its trunk.
        right: how far it reaches across, right of its trunk.
        before: the least distance to what stands before it.
        after: the least distance to what stands behind it.
        tail: what is taken of that distance by words of its own.
        ins: for a link that comes in, where it enters; a value that several things in it read enters more than once.
        outs: for a link that goes out, the wire from its box.
        through: for a link that only passes, its wire.
        marks: what is drawn.
    """

    length: float = 0.0
    left: float = 0.0
    right: float = 0.0
    before: float = 0.0
    after: float = 0.0
    tail: float = 0.0
    ins: dict[Link, list[Tip]] = field(default_factory=dict[Link, list[Tip]])
    outs: dict[Link, Tip] = field(default_factory=dict[Link, Tip])
    through: dict[Link, Tip] = field(default_factory=dict[Link, Tip])
    marks: list[Mark] = field(default_factory=list[Mark])

    def move(self, along: float, across: float) -> None:
        """Shift everything that is drawn; the extents stay those of the trunk."""
        for mark in self.marks:
            mark.move(along, across)
        self.ins = {link: [tip.moved(along, across) for tip in tips] for link, tips in self.ins.items()}
        self.outs = {link: tip.moved(along, across) for link, tip in self.outs.items()}
        self.through = {link: tip.moved(along, across) for link, tip in self.through.items()}

    def flip(self) -> None:
        """Turn it over: it then leads back from where it starts."""
        for mark in self.marks:
            mark.flip()
        self.ins = {link: [tip.flipped() for tip in tips] for link, tips in self.ins.items()}
        self.outs = {link: tip.flipped() for link, tip in self.outs.items()}

    def take_in(self, part: Part) -> None:
        """Let the wires of ``part`` be wires of this."""
        for link, tips in part.ins.items():
            self.ins.setdefault(link, []).extend(tips)
        self.outs.update(part.outs)
        self.through.update(part.through)

    def fade(self) -> None:
        """Make it that of a step which only training needs."""
        for mark in self.marks:
            if isinstance(mark, BoxMark | FrameMark):
                mark.faded = True

    def recolour(self) -> None:
        """Make every wire that leads in or out a shortcut, if a value runs on it."""
        self.ins = {link: [tip.of("shortcut") for tip in tips] for link, tips in self.ins.items()}
        self.outs = {link: tip.of("shortcut") for link, tip in self.outs.items()}
        self.through = {link: tip.of("shortcut") for link, tip in self.through.items()}

    def reach(self, start: float, end: float) -> None:
        """Lead all wires straight on, to ``start`` before its own and ``end`` along."""

        def begun(tip: Tip) -> Tip:
            return Tip(((start, tip.points[0][1]), *tip.points), tip.kind, tip.item)

        def ended(tip: Tip) -> Tip:
            return Tip((*tip.points, (end, tip.points[-1][1])), tip.kind, tip.item)

        self.ins = {link: [begun(tip) for tip in tips] for link, tips in self.ins.items()}
        self.outs = {link: ended(tip) for link, tip in self.outs.items()}
        self.through = {link: begun(ended(tip)) for link, tip in self.through.items()}


@dataclass(frozen=True, slots=True)
class Caption:
    """A shape to be written beside a wire between two pieces.

    Attributes:
        text: what is written.
        long: its length along the flow.
        room: the gap that it needs.
        reach: how far it goes across, from its wire.
        across: where its wire runs.
    """

    text: str
    long: float
    room: float
    reach: float
    across: float = 0.0


def attach(whole: Part, part: Part, captions: Sequence[Caption] = ()) -> None:
    """Put ``part`` behind ``whole``, its trunk in line, and join the wires between them.

    A caption is left out where other wires leave it no room.
    """
    waiting = {**whole.through, **whole.outs}
    pins = [pin for link, tip in waiting.items() for pin in _pins(link, tip, part)]
    plan = tracks(pins)
    shown = [caption for caption in captions if not _is_crossed(caption, waiting)]
    crowded = any(plan.meets(caption.across, caption.across + caption.reach) for caption in shown)
    strip = max(caption.long for caption in shown) if crowded else 0.0
    zone = BEFORE_TRACKS + (plan.count - 1) * TRACK + BEHIND_TRACKS if plan.count else 0.0
    gap = max(whole.after, part.before, strip + zone, *(caption.room for caption in shown))
    first = whole.length + whole.tail + strip + BEFORE_TRACKS + (gap - strip - zone) / 2
    for caption in shown:
        middle = strip / 2 if strip else gap / 2
        whole.marks.append(LabelMark(caption.text, whole.length + whole.tail + middle, caption.across))
        whole.right = max(whole.right, caption.across + caption.reach)
    part.move(whole.length + whole.tail + gap, 0.0)
    _join(whole, part, waiting, lambda pin: tuple((first + track * TRACK, x) for track, x in plan.corners(pin)))
    whole.marks += part.marks
    whole.length += whole.tail + gap + part.length
    whole.left, whole.right = max(whole.left, part.left), max(whole.right, part.right)
    whole.after, whole.tail = part.after, part.tail


def _is_crossed(caption: Caption, waiting: dict[Link, Tip]) -> bool:
    """Whether another wire runs where ``caption`` would stand."""
    return any(1.0 < tip.points[-1][1] - caption.across < caption.reach + 2.0 for tip in waiting.values())


def _pins(link: Link, tip: Tip, part: Part) -> list[Pin]:
    above = tip.points[-1][1]
    return [Pin(_net(link, tip), above, end.points[0][1]) for end in _ends(link, part)]


def _ends(link: Link, part: Part) -> list[Tip]:
    """Where ``link`` meets ``part``."""
    return [*part.ins.get(link, []), *([part.through[link]] if link in part.through else [])]


def _join(whole: Part, part: Part, waiting: dict[Link, Tip], corners: Callable[[Pin], tuple[Point, ...]]) -> None:
    """Lead every waiting wire into ``part``: to its box, or on to the next."""
    straight = {_net(link, tip) for link, tip in waiting.items() if _runs_straight(tip, _ends(link, part))}
    opened, outs, through = dict(whole.ins), dict(part.outs), dict[Link, Tip]()
    for link, tip in waiting.items():
        branches = bool(tip.item) and _net(link, tip) in straight
        for end in part.ins.get(link, []):
            wire = _lead(link, tip, end, corners, branches)
            if tip.item:
                whole.marks.append(WireMark(list(wire.points), wire.kind, tip.item, end.item, link))
            else:
                opened.setdefault(link, []).append(Tip(wire.points, wire.kind, end.item))
        if link in part.through:
            wire = _lead(link, tip, part.through[link], corners, branches)
            (outs if tip.item else through)[link] = Tip(wire.points, wire.kind, tip.item)
    whole.ins, whole.outs, whole.through = opened, outs, through


def _net(link: Link, tip: Tip) -> tuple[End, int]:
    return link.source, round(tip.points[-1][1])


def _runs_straight(tip: Tip, ends: list[Tip]) -> bool:
    return any(abs(tip.points[-1][1] - end.points[0][1]) < _STRAIGHT for end in ends)


def _lead(link: Link, tip: Tip, end: Tip, corners: Callable[[Pin], tuple[Point, ...]], branches: bool) -> Tip:
    """``tip`` led into ``end``; a wire that branches off another begins where it leaves it."""
    above, below = tip.points[-1][1], end.points[0][1]
    if abs(above - below) < _STRAIGHT:
        return tip.then((), end, tip.item)
    begun = Tip((), tip.kind, tip.item) if branches else tip
    return begun.then(corners(Pin(_net(link, tip), above, below)), end, tip.item)
