"""Places a region: linear and exact, a small change moving nothing but what stands behind it.

A chain goes along its trunk; the longest branch of a residual stays on the trunk and its shortcuts run in lanes to
the left of it; equal branches stand side by side. Tangles are placed by ``mesh``. Coordinates are a part's own (see
``parts``).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import copysign

from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.lay import metrics as m
from graphbuilder.backends.graphviz.lay.mesh import Node, rows
from graphbuilder.backends.graphviz.lay.metrics import Metrics
from graphbuilder.backends.graphviz.lay.parts import BoxMark, Caption, Form, FrameMark, Kind, Part, Point, Tip, attach
from graphbuilder.backends.graphviz.options import Options
from graphbuilder.backends.graphviz.read.scene import OUTSIDE, Box, Card, End, Link, Region
from graphbuilder.backends.graphviz.read.structure import Bare, Chain, Element, Mesh, Parallel, items_of, structure

_TITLE_ROOM, _BESIDE_WORDS = 150.0, 66.0
"""The longest title in one line, and what stands beside the words under a stack that runs to the right."""


class Placer:
    """Places the items of one region."""

    def __init__(self, region: Region, metrics: Metrics, options: Options, upward: bool = False) -> None:
        self.region = region
        self.metrics = metrics
        self._options = options
        self._upward = upward
        self._into: dict[str, list[Link]] = {}
        self._from: dict[End, list[Link]] = {}
        for link in region.links:
            self._into.setdefault(link.target, []).append(link)
            self._from.setdefault(link.source, []).append(link)
        self._ports: dict[str, list[int]] = {}
        for end in sorted(self._from):
            self._ports.setdefault(end.item, []).append(end.port)

    def upwards(self) -> Placer:
        """One that places what will be turned over, so that headers are then on top."""
        return Placer(self.region, self.metrics, self._options, upward=True)

    def links_into(self, path: str) -> list[Link]:
        """What an item reads."""
        return self._into.get(path, [])

    def chain(self, elements: Sequence[Element], form: Form = "wide") -> Part:
        """Elements behind each other."""
        whole: Part | None = None
        for number, element in enumerate(elements):
            joined = self.is_join(elements[number + 1]) if number + 1 < len(elements) else False
            part = self.element(element, form, whole, joined)
            if whole is None:
                whole = part
            else:
                attach(whole, part, self.captions(whole, part))
        return whole or Part()

    def element(self, element: Element, form: Form, whole: Part | None, joined: bool) -> Part:
        """One element, placed behind ``whole``; ``joined`` says that a sum or the like follows."""
        if isinstance(element, Parallel):
            return self._parallel(element, form, joined)
        if isinstance(element, Mesh):
            return self._mesh(element, whole)
        item = self.region.items[element]
        return self._card(item, form) if isinstance(item, Card) else self._box(item, form, whole)

    @property
    def says_shapes(self) -> bool:
        """Whether shapes stand anywhere."""
        return bool(self._options.shapes)

    @property
    def everywhere(self) -> bool:
        """Whether shapes stand at every op."""
        return self._options.shapes == "all"

    # boxes

    def _box(self, box: Box, form: Form, whole: Part | None) -> Part:
        links = self._into.get(box.path, [])
        above = {**whole.through, **whole.outs} if whole else {}
        places = {link: above[link].points[-1][1] for link in links if link in above}
        if len(links) > 1 and box.look == "join":
            return self._join(box, links, places)
        if len(links) > 1 and len({round(place) for place in places.values()}) > 1:
            return self._bar(box, links, places, form)
        half = 0.0 if places else self.metrics.flow(self.metrics.box(box, form))[1] * 0.4
        return self._plain(box, form, _spread(links, half))

    def _plain(
        self, box: Box, form: Form, entries: dict[Link, tuple[Point, ...]], size: tuple[float, float] | None = None
    ) -> Part:
        """A box on the trunk; ``entries`` are the ends of the wires that it reads."""
        wide, high = size or self.metrics.box(box, form)
        along, across = self.metrics.flow((wide, high))
        gap = m.END_GAP if box.look == "terminal" else m.GAP
        part = Part(along, across / 2, across / 2, gap, gap)
        part.marks.append(BoxMark(box, along / 2, 0.0, wide, high, form, box.training))
        part.ins = {link: [Tip(points, _kind(link), box.path)] for link, points in entries.items()}
        part.outs = self._outs(box, along, across)
        return part

    def _outs(self, box: Box, along: float, across: float) -> dict[Link, Tip]:
        ports = self._ports.get(box.path, [])
        outs: dict[Link, Tip] = {}
        for number, port in enumerate(ports):
            place = 0.0 if len(ports) == 1 else across * ((number + 1) / (len(ports) + 1) - 0.5)
            outs.update(
                (link, Tip(((along, place),), _kind(link), box.path))
                for link in self._from.get(End(box.path, port), [])
            )
        return outs

    def _join(self, box: Box, links: list[Link], places: dict[Link, float]) -> Part:
        """A circle that the trunk enters from before and the lanes enter from their side."""
        half = m.JOIN / 2
        entries: dict[Link, tuple[Point, ...]] = {}
        for number, link in enumerate(sorted(links, key=lambda link: places.get(link, 0.0))):
            place = places.get(link, -self.metrics.lane if number < len(links) - 1 else 0.0)
            side = -half if place < 0 else half
            entries[link] = ((0.0, 0.0),) if abs(place) < half else ((0.0, place), (half, place), (half, side))
        return self._plain(box, "wide", entries)

    def _bar(self, box: Box, links: list[Link], places: dict[Link, float], form: Form) -> Part:
        """A box of several readings: lanes enter it from their side, branches from before: it is made wide enough."""
        along, across = self.metrics.flow(self.metrics.box(box, form))
        aside = [link for link in links if link.size and abs(places.get(link, 0.0)) > across / 2]
        if len(aside) == len(links) - 1 == 1:
            place = places[aside[0]]
            side = ((0.0, place), (along / 2, place), (along / 2, copysign(across / 2, place)))
            return self._plain(box, form, {link: side if link in aside else ((0.0, 0.0),) for link in links})
        if any(abs(place) < 1 for place in places.values()) and max(places.values()) < 1:
            entries: dict[Link, tuple[Point, ...]] = {}
            for link in links:
                place = places.get(link, 0.0)
                lane = ((0.0, place), (along / 2, place), (along / 2, -across / 2))
                entries[link] = lane if place < -across / 2 else ((0.0, place),)
            return self._plain(box, form, entries)
        reach = max(across / 2, *(abs(place) + 24 for place in places.values()))
        size = (
            (along, 2 * reach)
            if self.metrics.across
            else (2 * reach, m.BAR + (m.NAME_ROW if self.metrics.names else 0))
        )
        return self._plain(box, form, {link: ((0.0, places.get(link, 0.0)),) for link in links}, size)

    # cards

    def length(self, path: str) -> float:
        """How far an item goes along the flow, with its distance to the next."""
        item = self.region.items[path]
        part = self._card(item, "wide") if isinstance(item, Card) else self._plain(item, "wide", {})
        return part.length + part.tail + part.after

    def _card(self, card: Card, form: Form) -> Part:
        inner = Placer(card.region, self.metrics, self._options, self._upward)
        part = inner.chain(structure(card.region).elements, form)
        frame = self.frame(part, card.title, card.note, card.count, card.words)
        frame.dashed = card.reuses
        if card.training:
            _fade(part)
        into, out = self._into.get(card.path, []), part.outs
        entered = {
            slot: [tip for link, tips in part.ins.items() if link.source == End(OUTSIDE, slot) for tip in tips]
            for slot in {link.slot for link in into}
        }
        left = {link.slot: tip for link, tip in out.items() if link.target == OUTSIDE}
        part.ins = {link: entered[link.slot] for link in into}
        given = [(link, tip) for port, tip in left.items() for link in self._from.get(End(card.path, port), [])]
        part.outs = {link: Tip(tip.points, "size", tip.item) if link.size else tip for link, tip in given}
        return part

    def frame(
        self, part: Part, title: str = "", note: str = "", count: int = 1, words: tuple[str, ...] = ()
    ) -> FrameMark:
        """Put a card around ``part``; ``words`` stand under a stack."""
        across = self.metrics.across
        lines = text.lines(title, _TITLE_ROOM, m.TITLE, bold=True)
        more = m.LINE * max(0, len(lines) - 1)
        header = m.HEADER + more if (title or note) and not across else m.PAD
        before, behind = (m.PAD, header) if self._upward else (header, m.PAD)
        wires = tuple(sorted({tip.points[0][1] for tips in part.ins.values() for tip in tips}))
        part.move(before, 0.0)
        part.length += before + part.tail + behind
        mark = FrameMark(0.0, part.length, 0.0, 0.0, lines, note, count, words, wires)
        self._widen(part, mark)
        left, right = part.left + m.PAD, part.right + m.PAD
        left += m.HEADER - m.PAD / 2 + more if across else 0
        mark.end, mark.left, mark.right = part.length, -left, right
        part.marks.insert(0, mark)
        part.reach(0.0, part.length)
        part.left, part.right = left, right
        part.before = part.after = m.CARD_GAP
        part.tail = 0.0
        if count > 1:
            under = m.LINE * (len(words) - 1)
            part.right += m.WORDS + under if across else 2 * m.STACK
            part.tail = 2 * m.STACK if across else m.BADGE + under
        return mark

    def _widen(self, part: Part, mark: FrameMark) -> None:
        """Make room for the words of a card: the title before the trunk, the note right of all wires."""
        first = _widest(mark.title, m.TITLE) + 8
        second = text.width(mark.note, m.DETAIL) + 8
        under = _widest(mark.words, m.DETAIL)
        if self.metrics.across:
            part.length = max(part.length, first + second + 16, under + _BESIDE_WORDS)
            return
        last = max(mark.wires, default=0.0)
        if not any(after - before - 16 >= first - 8 for before, after in pairwise(mark.wires)):
            part.left = max(part.left, first - min(mark.wires, default=0.0))
        part.left = max(part.left, under + 8 - last if under else 0.0)
        part.right = max(part.right, last + second)

    # branches

    def _parallel(self, parallel: Parallel, form: Form, joined: bool) -> Part:
        chains = [branch for branch in parallel.branches if isinstance(branch, Chain)]
        bare = [branch.link for branch in parallel.branches if isinstance(branch, Bare)]
        if not chains:
            return self._lanes(Part(), [], bare[1:], bare[0])
        main = max(chains, key=self._weight)
        others = [chain for chain in chains if chain is not main]
        if all(joined and self._weight(chain) <= min(2, self._weight(main) // 2) for chain in others):
            return self._lanes(self.chain(main.elements, form), others, bare)
        return self._lanes(self._abreast(chains), [], bare)

    def _lanes(self, part: Part, others: list[Chain], bare: list[Link], trunk: Link | None = None) -> Part:
        """``part`` on the trunk with short branches and bare links in lanes beside it."""
        lanes = [self.chain(chain.elements, "narrow") for chain in others] + [_passing(link) for link in bare]
        if trunk is not None:
            part.through[trunk] = Tip(((0.0, 0.0),))
        length = max([part.length, *(lane.length for lane in lanes)])
        if part.length < length:
            part.reach(0.0, length)
            part.length = length
        for lane in lanes:
            first = self.metrics.lane if part.left <= self.metrics.half else 0.0
            place = max(part.left + m.LANE + lane.right, first)
            self._beside(part, lane, -place, (length - lane.length) / 2)
            part.left = place + lane.left
        return part

    def _beside(self, part: Part, lane: Part, across: float, along: float) -> None:
        lane.recolour()
        lane.move(along, across)
        lane.reach(0.0, part.length)
        part.marks += lane.marks
        _take_in(part, lane)

    def _abreast(self, chains: list[Chain]) -> Part:
        """Branches side by side, the trunk in their middle."""
        parts = [self.chain(chain.elements, "narrow") for chain in chains]
        length = max(part.length for part in parts)
        edges = [0.0]
        for part in parts:
            edges.append(edges[-1] + part.left + part.right + m.BRANCH_GAP)
        trunks = [edge + part.left for edge, part in zip(edges, parts, strict=False)]
        total = edges[-1] - m.BRANCH_GAP
        middle = trunks[len(trunks) // 2] if len(trunks) % 2 else total / 2
        whole = Part(length, middle, total - middle, max(p.before for p in parts), max(p.after + p.tail for p in parts))
        for part, trunk in zip(parts, trunks, strict=True):
            part.move(0.0, trunk - middle)
            part.reach(0.0, length)
            whole.marks += part.marks
            _take_in(whole, part)
        return whole

    # tangles

    def _mesh(self, mesh: Mesh, before: Part | None) -> Part:
        inner = set(mesh.items)
        nodes = [self._node(item) for item in mesh.items]
        touching = [link for item in mesh.items for link in self._into.get(item, [])]
        touching += [link for link in self.region.links if link.source.item in inner and link.target not in inner]
        whole: Part | None = None
        arriving = {**before.through, **before.outs} if before else {}
        above = {link.source: tip.points[-1][1] for link, tip in arriving.items() if link.target in inner}
        for row in rows(nodes, touching, above):
            if whole is None:
                whole = row
            else:
                attach(whole, row, self.captions(whole, row))
        return whole or Part()

    def _node(self, path: str) -> Node:
        item = self.region.items[path]
        links = self._into.get(path, [])
        if isinstance(item, Card):
            return Node(path, links, self._card(item, "narrow"), "card")
        size = self.metrics.box(item, "narrow")
        half = 0.0 if item.look == "join" else self.metrics.flow(size)[1] * 0.4
        return Node(path, links, self._plain(item, "narrow", _spread(links, half)), item.look)

    # small questions

    def is_join(self, element: Element) -> bool:
        """Whether it is a circle that others meet in."""
        item = self.region.items.get(element) if isinstance(element, str) else None
        return isinstance(item, Box) and item.look == "join"

    def _weight(self, chain: Chain) -> int:
        """How many boxes a branch has."""
        items = [self.region.items[path] for path in items_of(chain)]
        return sum(1 if isinstance(item, Box) else item.region.boxes() for item in items)

    def captions(self, whole: Part, part: Part, edge: bool = False) -> list[Caption]:
        """The shapes of the values that ``part`` reads from or by way of ``whole``.

        Those at the edge of a block are written, and where ``edge`` says that this is one, or shapes are wanted at
        every op, all.
        """
        if not self._options.shapes:
            return []
        waiting = {**whole.through, **whole.outs}
        found = [link for link in part.ins if link in waiting and (edge or self.everywhere or self.is_edge(link))]
        places = {(link.source, round(waiting[link].points[-1][1])): link for link in found if not self._is_end(link)}
        return [self.caption(link, waiting[link].points[-1][1]) for link in places.values()]

    def caption(self, link: Link, across: float = 0.0) -> Caption:
        """The shape of the value of ``link``, beside a wire that runs at ``across``."""
        return self.metrics.caption(text.shape(self.region.types[link.source]), across)

    def is_edge(self, link: Link) -> bool:
        """Whether ``link`` leaves or enters a block."""
        ends = (self.region.items.get(end) for end in (link.source.item, link.target))
        return any(isinstance(item, Card) or (item is not None and item.look == "block") for item in ends)

    def _is_end(self, link: Link) -> bool:
        """Whether it begins or ends at an end of the network, which carries its shape itself."""
        ends = (self.region.items.get(end) for end in (link.source.item, link.target))
        return any(isinstance(item, Box) and item.look == "terminal" for item in ends)


def _kind(link: Link) -> Kind:
    return "size" if link.size else "flow"


def _fade(part: Part) -> None:
    for mark in part.marks:
        if isinstance(mark, BoxMark | FrameMark):
            mark.faded = True


def _widest(lines: Sequence[str], size: float) -> float:
    return max((text.width(line, size, bold=True) for line in lines), default=0.0)


def _passing(link: Link) -> Part:
    """A lane with nothing in it."""
    return Part(through={link: Tip(((0.0, 0.0),))})


def _spread(links: list[Link], half: float) -> dict[Link, tuple[Point, ...]]:
    """Readings of several values apart on one side of a box."""
    sources = list(dict.fromkeys(link.source for link in links))
    step = 2 * half / max(1, len(sources))
    return {link: ((0.0, step * (sources.index(link.source) + 0.5) - half),) for link in links}


def _take_in(whole: Part, part: Part) -> None:
    """Let the wires of ``part`` be wires of ``whole``."""
    for link, tips in part.ins.items():
        whole.ins.setdefault(link, []).extend(tips)
    whole.outs.update(part.outs)
    whole.through.update(part.through)
