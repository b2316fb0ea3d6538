"""Gathers neighbouring items of a region that has too many of them, so that a sheet of any network can be read.

Items stand in the order in which they run, so neighbours in one box leave what is left without circles. What is in a
card stays in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from math import ceil

from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.read.scene import OUTSIDE, Box, Card, End, Item, Link, Region, Section

LEGIBLE, MOST_LINKS = 210, 600
"""The most boxes, and the most links, that can be read."""
_MOST_ENDS = 48
_MOST_TANGLED = 60_000
_BOXES = (48, 24, 12)


def bounded(region: Region, sections: Mapping[str, Section], kept: Collection[str] = ()) -> Region:
    """``region`` in so many boxes that its links can be read, but for the items that are ``kept`` as they are."""
    return next(
        found
        for boxes in _BOXES
        if loose_links(found := gather(region, sections, boxes, kept), kept) <= MOST_LINKS or boxes == _BOXES[-1]
    )


def is_much(region: Region, kept: Collection[str] = (), times: int = 1) -> bool:
    """Whether there are so many ``times`` more items or links than can be read, besides those that are ``kept``."""
    return len(region.items) - len(kept) > times * LEGIBLE or loose_links(region, kept) > times * MOST_LINKS


def loose_links(region: Region, kept: Collection[str]) -> int:
    """How many links are not between two items that are ``kept``."""
    return sum(1 for link in region.links if link.source.item not in kept or link.target not in kept)


def has_few(sections: Mapping[str, Section]) -> bool:
    """Whether each of ``sections`` gets two boxes or more of a region that is gathered."""
    return len({section.path for section in sections.values()}) <= _BOXES[0] // 2


def counted(items: Iterable[Item]) -> str:
    """``1,250 blocks``: how many items there are, and what; those at the ends of the network are not counted."""
    inner = [item for item in items if not _is_terminal(item)]
    blocks = sum(1 for item in inner if isinstance(item, Card) or item.look == "block")
    what = "steps" if not blocks else "blocks" if blocks == len(inner) else "steps and blocks"
    return f"{len(inner):,} {what}"


def is_tangled(region: Region) -> bool:
    """Whether so many values pass by so much that the sheet would grow with the square of it."""
    last = {link.source: link.target for link in region.links}
    ends: dict[str, int] = {}
    for target in last.values():
        ends[target] = ends.get(target, 0) + 1
    starts = Counter(source.item for source in last)
    passing = widest = 0
    for path in region.items:
        passing += starts[path] - ends.get(path, 0)
        widest = max(widest, passing)
    return widest * len(region.links) > _MOST_TANGLED


def untangle(region: Region) -> tuple[list[Item], int]:
    """Gather what is in cards that are tangled: what those held, and in how many boxes that is."""
    held: list[Item] = []
    boxes = 0
    for path, card in region.items.items():
        if not isinstance(card, Card):
            continue
        if is_tangled(card.region):
            inner = bounded(card.region, {})
            more = [*card.region.items.values()], len(inner.items)
            region.items[path] = replace(card, region=inner)
        else:
            more = untangle(card.region)
        held, boxes = held + more[0], boxes + more[1]
    return held, boxes


def gather(region: Region, sections: Mapping[str, Section], boxes: int, kept: Collection[str] = ()) -> Region:
    """``region`` in about so many ``boxes``, none of which holds items of two sections; ``kept`` ones stand alone."""
    inner = sum(1 for path, item in region.items.items() if not _is_terminal(item) and path not in kept)
    most = max(1, ceil(inner / boxes))
    gathered = Region()
    leader: dict[str, str] = {}
    for group in _groups(region, sections, most, kept):
        item = group[0] if len(group) == 1 else _box(group)
        gathered.items[item.path] = item
        leader.update((each.path, item.path) for each in group)
    _link(region, gathered, leader)
    return gathered


def _groups(region: Region, sections: Mapping[str, Section], most: int, kept: Collection[str]) -> Iterator[list[Item]]:
    """Neighbours of one section, ``most`` at a time; few ends of the network, and faults, stand for themselves."""
    alone = {path for path, item in region.items.items() if _is_terminal(item) or _is_fault(item)}
    alone = alone.union(kept) if len(alone) <= _MOST_ENDS else kept

    def kind(item: Item) -> tuple[Section | None, str]:
        return sections.get(item.path), item.path if item.path in alone else ""

    for _, run in groupby(region.items.values(), kind):
        found = list(run)
        even = ceil(len(found) / ceil(len(found) / most))
        yield from (found[start : start + even] for start in range(0, len(found), even))


def _box(group: list[Item]) -> Box:
    boxes = [item for item in group if isinstance(item, Box)]
    parameters = sum(box.parameters for box in boxes)
    detail = counted(group) + (f", {text.count(parameters)}" if parameters else "")
    title = f"{text.clean(group[0].path)} – {text.clean(group[-1].path)}"
    marks = {item.mark for item in group} - {"", "same"}
    mark = "changed" if marks else group[0].mark
    cost = sum(item.cost for item in group)
    return Box(group[0].path, "block", "block", title, detail, parameters, mark=mark, cost=cost)


def _link(region: Region, gathered: Region, leader: Mapping[str, str]) -> None:
    """Lead the links of ``region`` from box to box, one between two boxes that hold several items."""
    ports: dict[End, End] = {}
    seen: set[tuple[str, str]] = set()
    counts: dict[str, int] = {}
    leader = {**leader, OUTSIDE: OUTSIDE}
    for link in region.links:
        source, target = leader[link.source.item], leader[link.target]
        whole = source == link.source.item and _is_kept(region, gathered, source)
        if source == target or (not whole and target != OUTSIDE and (source, target) in seen):
            continue
        seen.add((source, target))
        if link.source not in ports:
            ports[link.source] = link.source if whole else End(source, counts.setdefault(source, 0))
            counts[source] = counts.get(source, 0) + 1
            gathered.types[ports[link.source]] = region.types[link.source]
        gathered.links.append(Link(ports[link.source], target, link.slot, whole and link.size))


def _is_kept(region: Region, gathered: Region, path: str) -> bool:
    return path == OUTSIDE or region.items[path] is gathered.items[path]


def _is_terminal(item: Item) -> bool:
    return isinstance(item, Box) and item.look == "terminal"


def _is_fault(item: Item) -> bool:
    """Whether something in it is wrong."""
    if isinstance(item, Box):
        return item.look == "fault"
    return any(map(_is_fault, item.region.items.values()))
