"""Places nested skips as the U that such networks are named after: down on the left, up on the right, skips between.

Each skip is a rung. What stands above a rung on the left went before the skip, what stands above it on the right comes
behind it; the innermost part is the foot.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from graphbuilder.backends.graphviz.lay import metrics as m
from graphbuilder.backends.graphviz.lay.parts import BoxMark, FrameMark, LabelMark, Part, Tip, WireMark, attach
from graphbuilder.backends.graphviz.lay.placing import Placer
from graphbuilder.backends.graphviz.read.scene import Link
from graphbuilder.backends.graphviz.read.structure import Bare, Chain, Element, Parallel

_LEAST_RUNGS, _ENOUGH, _LEAST_LENGTH = 2, 3, 900.0
"""The least skips, how many are drawn as a U however short it is, and how long fewer must be."""
_ABOVE_RUNG, _BELOW_RUNG = 26.0, 14.0
_BETWEEN, _MOST_BETWEEN, _OF_LENGTH, _STEP = 56.0, 160.0, 0.13, 26.0
"""The least and the most room between the sides, and how much a long one asks for, in steps that few edits cross."""

Place = Callable[[Placer, Sequence[Element], Part | None], Part]


@dataclass(frozen=True, slots=True)
class Rung:
    """One skip: what goes before it, the link itself, and what comes behind its join."""

    before: tuple[Element, ...]
    skip: Link
    behind: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Ladder:
    """Nested skips, the outermost first, and what lies within the innermost."""

    rungs: tuple[Rung, ...]
    foot: tuple[Element, ...]


def ladder(elements: Sequence[Element]) -> Ladder | None:
    """``elements`` as a ladder, if skips nest in them and nothing else runs beside anything."""
    rungs: list[Rung] = []
    inner = tuple(elements)
    while (number := _skipped(inner)) is not None:
        parallel = inner[number]
        assert isinstance(parallel, Parallel), "only a parallel is skipped"
        skip = next(branch.link for branch in parallel.branches if isinstance(branch, Bare))
        rungs.append(Rung(inner[:number], skip, inner[number + 1 :]))
        inner = next(branch.elements for branch in parallel.branches if isinstance(branch, Chain))
    simple = all(isinstance(element, str) for element in inner)
    return Ladder(tuple(rungs), inner) if len(rungs) >= _LEAST_RUNGS and simple else None


def _skipped(elements: Sequence[Element]) -> int | None:
    """Which element is skipped, if it is the only one that is no item, and something stands on either side."""
    found = [number for number, element in enumerate(elements) if not isinstance(element, str)]
    if len(found) != 1 or not 0 < found[0] < len(elements) - 1:
        return None
    parallel = elements[found[0]]
    kinds = [type(branch) for branch in parallel.branches] if isinstance(parallel, Parallel) else []
    return found[0] if len(kinds) == 2 and {Chain, Bare} == set(kinds) else None


def place_ladder(found: Ladder, placer: Placer, place: Place, least: float = _LEAST_LENGTH) -> Part | None:
    """``found`` placed, or None where it has few rungs and is shorter than ``least``, or cannot be drawn upwards.

    ``place`` places a chain, which on the right begins behind a given part.
    """
    sides = _Sides(found, placer, place)
    return sides.placed() if sides.stand(least) else None


class _Sides:
    """Both sides of one ladder."""

    def __init__(self, found: Ladder, placer: Placer, place: Place) -> None:
        self._placer = placer
        self._rungs = found.rungs
        self._left = [place(placer, rung.before, None) for rung in found.rungs]
        self._foot = place(placer, found.foot, None)
        self._right = [place(placer.upwards(), rung.behind, _arriving(rung, placer)) for rung in found.rungs]

    def stand(self, least: float) -> bool:
        """Whether it is large, one trunk leads up, and nothing is stacked there: a badge hangs below its card."""
        length = sum(part.length for part in (*self._left, self._foot, *self._right))
        stacked = any(isinstance(mark, FrameMark) and mark.count > 1 for part in self._right for mark in part.marks)
        straight = all(_is_open(part, rung) for part, rung in zip(self._right, self._rungs, strict=True))
        large = length > least or len(self._rungs) >= _ENOUGH
        return large and straight and not stacked

    def placed(self) -> Part:
        """The left side down to the foot, and the right side up again."""
        _even([*self._left, self._foot])
        _even(self._right)
        whole = self._left[0]
        lows = [_landing(part, rung) for part, rung in zip(self._right, self._rungs, strict=True)]
        heights: list[float] = []
        tails: list[str] = []
        for number, rung in enumerate(self._rungs):
            ceiling = heights[-1] + lows[number - 1] + self._room(number - 1) if heights else 0.0
            least = ceiling + self._right[number].length - lows[number]
            tails.append(whole.outs[rung.skip].item)
            heights.append(self._hang(whole, rung, least))
            attach(whole, self._foot if rung is self._rungs[-1] else self._left[number + 1])
        asked = _OF_LENGTH * heights[-1] // _STEP * _STEP
        between = max(_BETWEEN, min(_MOST_BETWEEN, asked))
        trunk = whole.right + between + max(part.left for part in self._right)
        self._ascend(whole, trunk, [height + low for height, low in zip(heights, lows, strict=True)])
        for rung, part, height, low, tail in zip(self._rungs, self._right, heights, lows, tails, strict=True):
            tip = part.ins[rung.skip][0]
            end = tip.points[-1:] if low > 0 else tip.points
            if low > 0 and isinstance(part.marks[0], FrameMark):
                part.marks[0].wires = (trunk,)
            whole.marks.append(
                WireMark([(height, 0.0), (height, end[0][1]), *end], "shortcut", tail, tip.item, rung.skip)
            )
        return whole

    def _hang(self, whole: Part, rung: Rung, least: float) -> float:
        """Make room for a rung below ``whole``; how high it is."""
        caption = self._placer.caption(rung.skip) if self._placer.says_shapes else None
        room = max(_ABOVE_RUNG, caption.long if caption else 0.0)
        whole.length = max(whole.length + whole.tail + room, least)
        if caption:
            whole.marks.append(LabelMark(caption.text, whole.length - caption.long / 2, 0.0))
            whole.right = max(whole.right, caption.reach)
        whole.tail, whole.after = 0.0, _BELOW_RUNG
        return whole.length

    def _room(self, number: int) -> float:
        """The least gap before the part of a rung on the right."""
        link = self._trunk(self._right[number], self._rungs[number])
        return self._placer.caption(link).room if self._is_said(link) else m.GAP

    def _is_said(self, link: Link) -> bool:
        """Whether the shape of what comes up to a rung is written."""
        return self._placer.says_shapes and (self._placer.everywhere or self._placer.is_edge(link))

    def _trunk(self, part: Part, rung: Rung) -> Link:
        """What leads up into the part of a rung."""
        return next(link for link in part.ins if link is not rung.skip)

    def _ascend(self, whole: Part, trunk: float, starts: list[float]) -> None:
        """Put the right side beside ``whole``, and lead the trunk up through it from the foot."""
        (tip,) = whole.outs.values()
        low = whole.length + whole.tail + m.CARD_GAP / 2
        points = [*tip.points, (low, tip.points[-1][1]), (low, trunk)]
        for part, start, rung in reversed(list(zip(self._right, starts, self._rungs, strict=True))):
            part.flip()
            part.move(start, trunk)
            whole.marks += part.marks
            link = self._trunk(part, rung)
            entry = part.ins[link][0]
            if self._is_said(link):
                caption = self._placer.caption(link)
                whole.marks.append(LabelMark(caption.text, start + caption.room / 2, trunk))
            whole.marks.append(WireMark([*points, *entry.points], "flow", tip.item, entry.item, link))
            tip = next(iter(part.outs.values()), tip)
            points = [*tip.points]
        whole.length = low + m.GAP
        whole.right = trunk + max(part.right for part in self._right)
        whole.outs = {}


def _even(parts: list[Part]) -> None:
    """Make the cards of one side alike; no other side is to be covered by them."""
    frames = [mark for part in parts for mark in part.marks if isinstance(mark, FrameMark) and mark.stretched]
    left, right = (min((f.left for f in frames), default=0.0), max((f.right for f in frames), default=0.0))
    for frame in frames:
        frame.left, frame.right, frame.stretched = left, right, False


def _arriving(rung: Rung, placer: Placer) -> Part:
    """What the right side of ``rung`` begins behind: the trunk from below, the skip from the left."""
    first = rung.behind[0]
    links = placer.links_into(first) if isinstance(first, str) else []
    return Part(outs={link: Tip(((0.0, -placer.metrics.lane if link is rung.skip else 0.0),)) for link in links})


def _is_open(part: Part, rung: Rung) -> bool:
    """Whether a part is entered twice: by the trunk straight on, by the skip from its left."""
    entries = {link: tips for link, tips in part.ins.items() if len(tips) == 1}
    if len(part.ins) != 2 or len(entries) != 2 or rung.skip not in entries:
        return False
    trunk = next(tips[0] for link, tips in entries.items() if link is not rung.skip)
    return abs(trunk.points[0][1]) < 1 and entries[rung.skip][0].points[0][1] < -1


def _landing(part: Part, rung: Rung) -> float:
    """How far below a rung the part behind it begins: it lands in the middle of a join, or before a crowded card."""
    along, across = part.ins[rung.skip][0].points[-1]
    aside = [mark for mark in part.marks if isinstance(mark, BoxMark) and mark.across < across]
    crowded = any(abs(mark.along - along) < max(mark.high, mark.wide) / 2 + m.GAP for mark in aside)
    nested = any(isinstance(mark, FrameMark) and mark.start < along < mark.end for mark in part.marks[1:])
    return -_BELOW_RUNG if crowded or nested else along
