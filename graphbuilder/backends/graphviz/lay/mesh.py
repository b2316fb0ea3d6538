"""Places a tangle: rows by depth, every value in a straight lane while it waits to be read.

Much as a version history is drawn. Rows are parts like any others, so the space between them is routed like any other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from graphbuilder.backends.graphviz.lay.entries import side_depths
from graphbuilder.backends.graphviz.lay.parts import Part, Point, Tip
from graphbuilder.backends.graphviz.read.scene import End, Link

_GAP, _THIN = 14.0, 5.0
_BROAD, _MOST_ABREAST = 6, 4
"""How many nodes may stand in a row, and how many stand in one where more would."""
_REACH = 18.0
"""How far from its middle a join is entered from the side."""


@dataclass(slots=True, eq=False)
class Node:
    """One item of a tangle, placed by itself."""

    path: str
    links: list[Link]
    part: Part
    look: str
    ordered: bool = False
    row: int = 0
    lane: int = 0
    lanes: dict[End, int] = field(default_factory=dict[End, int])
    """Where what it reads comes from."""


@dataclass(slots=True, eq=False)
class _Value:
    """A value: the row that makes it, and for each link the row that reads it."""

    born: int
    reads: dict[Link, int] = field(default_factory=dict[Link, int])
    lane: int = 0

    def waits(self, row: int) -> bool:
        """Whether it passes by ``row``."""
        return self.born < row < max(self.reads.values())


def rows(nodes: Sequence[Node], links: Sequence[Link], above: Mapping[End, float]) -> Iterator[Part]:
    """The rows of a tangle, to be put behind each other; ``links`` are all that touch it.

    ``above`` is where values come in, across.
    """
    place = {node.path: node for node in nodes}
    _rank(nodes, place)
    height = max(node.row for node in nodes) + 1
    values = _values(place, links, height)
    by_row: list[list[Node]] = [[] for _ in range(height)]
    for node in nodes:
        by_row[node.row].append(node)
    lanes = _assign(by_row, values, {end: lane for lane, end in enumerate(sorted(above, key=above.__getitem__))})
    for node in nodes:
        _enter(node)
    centres = _centres(by_row, lanes)
    for number, row in enumerate(by_row):
        yield _row(row, [value for value in values.values() if value.waits(number)], centres, number)


def _rank(nodes: Sequence[Node], place: Mapping[str, Node]) -> None:
    """Give every node the first row behind what it reads; where one would be too broad, the first that has room."""
    for most in (len(nodes), _MOST_ABREAST):
        counts = Counter[int]()
        for node in nodes:
            before = [place[link.source.item].row for link in node.links if link.source.item in place]
            first = max(before, default=-1) + 1
            node.row = next(row for row in count(first) if counts[row] < most)
            counts[node.row] += 1
        if max(counts.values()) <= _BROAD:
            return


def _values(place: dict[str, Node], links: Sequence[Link], height: int) -> dict[End, _Value]:
    values: dict[End, _Value] = {}
    for link in dict.fromkeys(links):
        source, target = place.get(link.source.item), place.get(link.target)
        value = values.setdefault(link.source, _Value(source.row if source else -1))
        value.reads[link] = target.row if target else height
    return values


def _assign(by_row: list[list[Node]], values: dict[End, _Value], known: dict[End, int]) -> int:
    """Give nodes and waiting values lanes, each its predecessor's where that is free; how many lanes there are.

    Those that read one value choose first: the others cannot stand straight behind all that they read.
    """
    highest = 0
    for number, row in enumerate(by_row):
        taken: set[int] = set()
        for end, value in values.items():
            if value.waits(number):
                value.lane = _free(taken, known.get(end, 0))
                known[end] = value.lane
                taken.add(value.lane)
        for node in sorted(row, key=lambda node: len(node.links) > 1):
            node.lanes = {link.source: known[link.source] for link in node.links if link.source in known}
            node.lane = _free(taken, next(iter(node.lanes.values()), 0))
            taken.add(node.lane)
            known.update((end, node.lane) for end in values if end.item == node.path)
        highest = max(highest, *taken)
    return highest + 1


def _enter(node: Node) -> None:
    """Let a join be entered from the side from which each value comes, and a box in the order of their lanes."""
    sources = list(dict.fromkeys(link.source for link in sorted(node.links, key=lambda link: link.slot)))
    if not node.ordered:
        sources.sort(key=lambda end: node.lanes.get(end, node.lane))
    if len(sources) < 2:
        return
    if node.look == "join":
        straight = next((end for end in sources if node.lanes.get(end, node.lane) == node.lane), None)
        rest = [end for end in sources if end is not straight]
        left = [end for end in reversed(rest) if node.lanes.get(end, node.lane) <= node.lane]
        right = [end for end in rest if end not in left]
        entries = dict([*_side(node, left, -1.0), *_side(node, right, 1.0)])
        most = max(len(left), len(right))
        node.part.left = node.part.right = _REACH + (most - 1) * _THIN + _THIN
    elif node.look in ("op", "pill", "block"):
        straight = None
        starts = sorted({tips[0].points[0][1] for tips in node.part.ins.values()})
        entries = {end: ((0.0, place),) for end, place in zip(sources, starts, strict=True)}
    else:
        return
    for link in node.links:
        if link.source in entries:
            (tip,) = node.part.ins[link]
            node.part.ins[link] = [Tip(entries[link.source], tip.kind, node.path)]


def _side(node: Node, ends: Sequence[End], sign: float) -> Iterator[tuple[End, tuple[Point, ...]]]:
    """Down beside a join and into it, the nearest lane first."""
    half = node.part.length / 2
    for number, (end, depth) in enumerate(zip(ends, side_depths(len(ends)), strict=True)):
        beside = sign * (_REACH + number * _THIN)
        yield end, ((0.0, beside), (half + depth, beside), (half + depth, sign * half))


def _free(taken: set[int], wanted: int) -> int:
    """The free lane that is nearest to ``wanted``."""
    near = (lane for far in count() for lane in (wanted - far, wanted + far))
    return next(lane for lane in near if lane >= 0 and lane not in taken)


def _centres(by_row: list[list[Node]], lanes: int) -> list[float]:
    """Where the lanes run, the trunk in the middle."""
    left, right = [_THIN] * lanes, [_THIN] * lanes
    for node in (node for row in by_row for node in row):
        left[node.lane] = max(left[node.lane], node.part.left)
        right[node.lane] = max(right[node.lane], node.part.right)
    centres, edge = list[float](), 0.0
    for before, after in zip(left, right, strict=True):
        centres.append(edge + before)
        edge += before + after + _GAP
    middle = (edge - _GAP) / 2
    return [centre - middle for centre in centres]


def _row(nodes: list[Node], waiting: list[_Value], centres: list[float], number: int) -> Part:
    length = max(node.part.length for node in nodes)
    row = Part(length, before=max(n.part.before for n in nodes), after=max(n.part.after for n in nodes))
    row.tail = max(node.part.tail for node in nodes)
    for node in nodes:
        part, centre = node.part, centres[node.lane]
        part.move(0.0, centre)
        row.left, row.right = max(row.left, part.left - centre), max(row.right, part.right + centre)
        part.reach(0.0, length)
        row.marks += part.marks
        row.ins.update(part.ins)
        row.outs.update(part.outs)
    for value in waiting:
        centre = centres[value.lane]
        row.left, row.right = max(row.left, _THIN - centre), max(row.right, _THIN + centre)
        tip = Tip(((0.0, centre), (length, centre)))
        row.through.update((link, tip) for link, read in value.reads.items() if read > number)
    return row
