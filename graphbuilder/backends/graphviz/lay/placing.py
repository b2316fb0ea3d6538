"""Places a region: linear and exact, a small change moving nothing but what stands behind it.

A chain goes along its trunk; the longest branch of a residual stays on the trunk and its shortcuts run in lanes to
the left of it; equal branches stand side by side. Tangles are placed by ``mesh``. Coordinates are a part's own (see
``parts``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from types import MappingProxyType

from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.lay import metrics as m
from graphbuilder.backends.graphviz.lay.entries import bar_entries, join_entries, out_of_order, port_places, spread
from graphbuilder.backends.graphviz.lay.mesh import Node, rows
from graphbuilder.backends.graphviz.lay.metrics import Metrics
from graphbuilder.backends.graphviz.lay.parts import BoxMark, Caption, Form, FrameMark, Kind, Part, Point, Tip, attach
from graphbuilder.backends.graphviz.lay.stacks import fork_inside, leave_room, pile, widen
from graphbuilder.backends.graphviz.lay.streams import Branch, abreast, entries, in_columns, keep_columns, leaving
from graphbuilder.backends.graphviz.options import Options
from graphbuilder.backends.graphviz.read.scene import OUTSIDE, Box, Card, End, Link, Region, joins
from graphbuilder.backends.graphviz.read.structure import (
    Bare,
    Chain,
    Element,
    Mesh,
    Parallel,
    Tap,
    items_of,
    shortcuts,
    structure,
)

_TITLE_ROOM = 150.0
"""The longest title in one line."""
_OUTWEIGHS = 2
"""How many times as many boxes as those that lead nowhere a branch has on which the trunk goes straight on."""


class Placer:
    """Places the items of one region; ``same`` leads an input that is the value of another to the number of that."""

    def __init__(
        self,
        region: Region,
        metrics: Metrics,
        options: Options,
        upward: bool = False,
        same: Mapping[int, int] = MappingProxyType({}),
        nested: bool = False,
    ) -> None:
        self.region = region
        self.metrics = metrics
        self._options = options
        self._upward = upward
        self._same = same
        self._nested = nested
        self._into: dict[str, list[Link]] = {}
        self._from: dict[End, list[Link]] = {}
        for link in region.links:
            self._into.setdefault(link.target, []).append(link)
            self._from.setdefault(link.source, []).append(link)
        self._straight: dict[str, int | None] = {}
        self._ports: dict[str, list[int]] = {}
        for end in sorted(self._from):
            self._ports.setdefault(end.item, []).append(end.port)

    def upwards(self) -> Placer:
        """One that places what will be turned over, so that headers are then on top."""
        return Placer(self.region, self.metrics, self._options, upward=True, same=self._same, nested=self._nested)

    def links_into(self, path: str) -> list[Link]:
        """What an item reads."""
        return self._into.get(path, [])

    def chain(self, elements: Sequence[Element], form: Form = "wide", behind: Part | None = None) -> Part:
        """Elements behind each other, the first behind ``behind``, which is no part of them."""
        whole: Part | None = None
        for number, element in enumerate(elements):
            following = elements[number + 1] if number + 1 < len(elements) else None
            part = self.element(element, form, whole or behind, following)
            if whole is None:
                whole = part
            else:
                attach(whole, part, self.captions(whole, part))
        return whole or Part()

    def element(self, element: Element, form: Form, whole: Part | None, following: Element | None) -> Part:
        """One element, placed behind ``whole`` and before ``following``."""
        if isinstance(element, Parallel):
            streams = self._in_streams(element, whole, following)
            return streams or self._parallel(element, form, following is not None and self._is_join(following))
        if isinstance(element, Mesh):
            return self._mesh(element, whole)
        if isinstance(element, Tap):
            return self._tap(element.item, whole or Part())
        item = self.region.items[element]
        if isinstance(item, Box):
            return self._box(item, form, whole, following)
        part = self._card(item, form)
        if whole and self._has_streams(item):
            keep_columns(part, leaving(whole))
        return part

    @property
    def says_shapes(self) -> bool:
        """Whether shapes stand anywhere."""
        return bool(self._options.shapes)

    @property
    def everywhere(self) -> bool:
        """Whether shapes stand at every op."""
        return self._options.shapes == "all"

    # boxes

    def _box(self, box: Box, form: Form, whole: Part | None, following: Element | None) -> Part:
        self._straight[box.path] = self._port_before(following, box.path)
        links = self._into.get(box.path, [])
        above = {**whole.through, **whole.outs} if whole else {}
        places = {link: above[link].points[-1][1] for link in links if link in above}
        if len(links) > 1 and box.look == "join":
            return self._plain(box, "wide", join_entries(links, places, self.metrics.lane))
        if len(links) > 1 and len({round(place) for place in places.values()}) > 1:
            return self._bar(box, links, places, form)
        half = 0.0 if places else self.metrics.flow(self.metrics.box(box, form))[1] * 0.4
        return self._plain(box, form, spread(links, half))

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
        if box.ordered:
            part.marks += out_of_order(entries)
        if box.piled:
            pile(part, box.count, box.training, self.metrics.across)
        return part

    def _outs(self, box: Box, along: float, across: float) -> dict[Link, Tip]:
        places = port_places(self._ports.get(box.path, []), across, self._straight.get(box.path))
        return {
            link: Tip(((along, place),), _kind(link), box.path)
            for port, place in places.items()
            for link in self._from.get(End(box.path, port), [])
        }

    def _bar(self, box: Box, links: list[Link], places: dict[Link, float], form: Form) -> Part:
        """A box of several readings, made wide enough where branches enter it from before."""
        along, across = self.metrics.flow(self.metrics.box(box, form))
        entries = bar_entries(links, places, along, across)
        if entries is not None:
            return self._plain(box, form, entries)
        reach = max(across / 2, *(abs(place) + 24 for place in places.values()))
        thick = m.BAR + (m.NAME_ROW if self.metrics.names else 0)
        if box.look == "fault":
            thick = self.metrics.box(box, form)[1]
        thick += m.LINE * len(self.metrics.changes(box, 2 * reach))
        size = (along, 2 * reach) if self.metrics.across else (2 * reach, thick)
        return self._plain(box, form, {link: ((0.0, places.get(link, 0.0)),) for link in links}, size)

    def _tap(self, path: str, whole: Part) -> Part:
        """An end on its own lane, or else to the right of everything that passes on, which goes straight by."""
        (link,) = self._into[path]
        box = self.region.items[path]
        assert isinstance(box, Box), "only an end hangs beside"
        part = self._plain(box, "wide", {})
        starts = {other: tip.points[-1][1] for other, tip in {**whole.through, **whole.outs}.items()}
        start, middle, half = starts.pop(link, 0.0), part.length / 2, part.right
        alone = all(abs(place - start) > half + m.LANE for place in starts.values())
        far = start if alone else max([start, *starts.values()]) + m.TAP + half
        part.move(0.0, far)
        way = ((0.0, start),) if alone else ((0.0, start), (middle, start), (middle, far - half))
        part.ins = {link: [Tip(way, _kind(link), path)]}
        part.through = {other: Tip(((0.0, place), (part.length, place))) for other, place in starts.items()}
        part.left, part.right = max(0.0, half - far), far + half
        return part

    # cards

    def size(self, path: str) -> tuple[float, float]:
        """How far an item goes along the flow, with its distance to the next, and across."""
        item = self.region.items[path]
        part = self._card(item, "wide") if isinstance(item, Card) else self._plain(item, "wide", {})
        return part.length + part.tail + part.after, part.left + part.right

    def _card(self, card: Card, form: Form) -> Part:
        into = self._into.get(card.path, [])
        first = {link.source: link.slot for link in reversed(into)}
        same = {link.slot: first[link.source] for link in into}
        inner = Placer(card.region, self.metrics, self._options, self._upward, same, nested=True)
        part = inner.chain(structure(card.region).elements, form)
        part = fork_inside(part) if card.count > 1 and self._nested else part
        frame = self.frame(part, card.title, card.note, card.count, card.words)
        frame.dashed, frame.mark = card.reuses, card.mark
        if card.training:
            part.fade()
        out = part.outs
        entered = {
            slot: [tip for link, tips in part.ins.items() if link.source == End(OUTSIDE, slot) for tip in tips]
            for slot in {link.slot for link in into}
        }
        left = {link.slot: tip for link, tip in out.items() if link.target == OUTSIDE}
        part.ins = {link: entered[link.slot] for link in into}
        given = [(link, tip) for port, tip in left.items() for link in self._from.get(End(card.path, port), [])]
        part.outs = {link: tip.of(_kind(link)) if link.size or link.skip else tip for link, tip in given}
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
        leaving = tuple(sorted({tip.points[-1][1] for tip in (*part.outs.values(), *part.through.values())}))
        part.move(before, 0.0)
        part.length += before + part.tail + behind
        mark = FrameMark(0.0, part.length, 0.0, 0.0, lines, note, count, words, wires, leaving)
        widen(part, mark, across)
        left, right = part.left + m.PAD, part.right + m.PAD
        left += m.HEADER - m.PAD / 2 + more if across else 0
        mark.end, mark.left, mark.right = part.length, -left, right
        part.marks.insert(0, mark)
        part.reach(0.0, part.length)
        part.left, part.right = left, right
        part.before = part.after = m.CARD_GAP
        part.tail = 0.0
        if count > 1:
            leave_room(part, len(words), across)
        return mark

    # branches

    def _parallel(self, parallel: Parallel, form: Form, joined: bool) -> Part:
        chains = [branch for branch in parallel.branches if isinstance(branch, Chain)]
        bare = [branch.link for branch in parallel.branches if isinstance(branch, Bare)]
        if not chains:
            return _spread_out(bare)
        declared = shortcuts(chains)
        main = max((chain for chain in chains if chain not in declared), key=self._weight, default=chains[0])
        others = [chain for chain in chains if chain is not main]
        weight = self._weight(main)
        most = max(min(2, weight // 2), min(4, weight // 4))
        if all(joined and (chain in declared or self._weight(chain) <= most) for chain in others):
            return self._lanes(self.chain(main.elements, form), others, bare)
        parts = [self.chain(chain.elements, "narrow") for chain in chains]
        ends = all(
            not (part.outs or part.through) for part, chain in zip(parts, chains, strict=True) if chain is not main
        )
        heavy = weight > _OUTWEIGHS * max(map(self._weight, others), default=weight)
        return self._lanes(abreast(parts, chains.index(main) if ends and heavy else None), [], bare)

    def _in_streams(self, parallel: Parallel, whole: Part | None, following: Element | None) -> Part | None:
        """Branches each of which stands where the block behind them reads it, if that has streams beside each other."""
        card = self.region.items.get(following) if isinstance(following, str) else None
        if not isinstance(card, Card) or not self._has_streams(card):
            return None
        branches: list[Branch] = []
        for branch in parallel.branches:
            bare = isinstance(branch, Bare)
            part = Part(through={branch.link: Tip(((0.0, 0.0),))}) if bare else self.chain(branch.elements, "narrow")
            branches.append((({**part.through, **part.outs}), part))
        return in_columns(branches, entries(self._card(card, "wide")), leaving(whole) if whole else {})

    def _has_streams(self, card: Card) -> bool:
        """Whether it reads several values and gives several."""
        read = {link.source for link in self._into.get(card.path, ())}
        return len(read) > 1 and len(self._ports.get(card.path, ())) > 1

    def _lanes(self, part: Part, others: list[Chain], bare: list[Link]) -> Part:
        """``part`` on the trunk with short branches and bare links in lanes beside it."""
        lanes = [self.chain(chain.elements, "narrow") for chain in others] + [
            Part(through={link: Tip(((0.0, 0.0),))}) for link in bare
        ]
        length = max([part.length, *(lane.length + 2 * lane.tail for lane in lanes)])
        passed = self._sources(part)
        if part.length < length:
            part.reach(0.0, length)
            part.length = length
        for lane in lanes:
            first = self.metrics.lane if part.left <= self.metrics.half else 0.0
            place = max(part.left + m.LANE + lane.right, first)
            if passed & self._sources(lane) and any(joins(self.region, link) for link in (*lane.outs, *lane.through)):
                lane.recolour()
            self._beside(part, lane, -place, (length - lane.length) / 2)
            part.left = place + lane.left
        return part

    def _sources(self, part: Part) -> set[End]:
        """The values that ``part`` reads, or leads by: what goes round it is a shortcut where it is one of these."""
        ends = {link.source for link in (*part.ins, *part.through)}
        return {End(OUTSIDE, self._same.get(end.port, end.port)) if end.item == OUTSIDE else end for end in ends}

    def _beside(self, part: Part, lane: Part, across: float, along: float) -> None:
        lane.move(along, across)
        lane.reach(0.0, part.length)
        part.marks += lane.marks
        part.take_in(lane)

    # tangles

    def _mesh(self, mesh: Mesh, before: Part | None) -> Part:
        inner = set(mesh.items)
        nodes = [self._node(item) for item in mesh.items]
        touching = [link for item in mesh.items for link in self._into.get(item, [])]
        touching += [link for link in self.region.links if link.source.item in inner and link.target not in inner]
        whole: Part | None = None
        arriving = {**before.through, **before.outs} if before else {}
        above = {link.source: tip.points[-1][1] for link, tip in arriving.items() if link.target in inner}
        told = set[End]()
        for row in rows(nodes, touching, above):
            if whole is None:
                whole = row
            else:
                attach(whole, row, self.captions(whole, row, told=told))
            told.update(link.source for link in row.ins if self.is_edge(link))
        return whole or Part()

    def _node(self, path: str) -> Node:
        item = self.region.items[path]
        links = self._into.get(path, [])
        if isinstance(item, Card):
            return Node(path, links, self._card(item, "narrow"), "card")
        size = self.metrics.box(item, "narrow")
        half = 0.0 if item.look == "join" else self.metrics.flow(size)[1] * 0.4
        part = self._plain(item, "narrow", spread(links, half))
        return Node(path, links, part, item.look, item.ordered)

    # small questions

    def _port_before(self, following: Element | None, path: str) -> int | None:
        """Which output of ``path`` goes straight on into ``following``: that which the one thing on the trunk reads."""
        chains = [b for b in following.branches if isinstance(b, Chain)] if isinstance(following, Parallel) else []
        first = chains[0].elements[0] if len(chains) == 1 else None
        read = {link.source for link in self._into.get(first, [])} if isinstance(first, str) else set[End]()
        return next((end.port for end in read if end.item == path), None) if len(read) == 1 else None

    def _is_join(self, element: Element) -> bool:
        """Whether it is a circle that others meet in."""
        item = self.region.items.get(element) if isinstance(element, str) else None
        return isinstance(item, Box) and item.look == "join"

    def _weight(self, chain: Chain) -> int:
        """How many boxes a branch has."""
        items = [self.region.items[path] for path in items_of(chain)]
        return sum(1 if isinstance(item, Box) else item.region.boxes() for item in items)

    def captions(self, whole: Part, part: Part, edge: bool = False, told: Set[End] = frozenset()) -> list[Caption]:
        """The shapes of the values that ``part`` reads from or by way of ``whole``, but of those that were ``told``.

        Those at the edge of a block are written, and where ``edge`` says that this is one, or shapes are wanted at
        every op, all.
        """
        if not self._options.shapes:
            return []
        waiting = {**whole.through, **whole.outs}
        found = [link for link in part.ins if link in waiting and (edge or self.everywhere or self.is_edge(link))]
        news = [link for link in found if link.source not in told and not self._is_end(link)]
        said = [self.caption(link, waiting[link].points[-1][1]) for link in news]
        return list({(caption.text, round(caption.across)): caption for caption in said}.values())

    def caption(self, link: Link, across: float = 0.0) -> Caption:
        """The shape of the value of ``link``, beside a wire that runs at ``across``."""
        return self.metrics.caption(self.region.shape(link.source), across)

    def is_edge(self, link: Link) -> bool:
        """Whether ``link`` leaves or enters a block."""
        ends = (self.region.items.get(end) for end in (link.source.item, link.target))
        return any(isinstance(item, Card) or (item is not None and item.look == "block") for item in ends)

    def _is_end(self, link: Link) -> bool:
        """Whether it begins or ends at an end of the network, which carries its shape itself."""
        ends = (self.region.items.get(end) for end in (link.source.item, link.target))
        return any(isinstance(item, Box) and item.look == "terminal" for item in ends)


def _kind(link: Link) -> Kind:
    return "size" if link.size else "shortcut" if link.skip else "flow"


def _spread_out(links: list[Link]) -> Part:
    """Links alone, side by side about the trunk."""
    middle = (len(links) - 1) / 2
    part = Part(left=m.ABREAST * middle, right=m.ABREAST * middle)
    part.through = {link: Tip(((0.0, m.ABREAST * (n - middle)),)) for n, link in enumerate(links)}
    return part
