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

GATHERED = "gathered"
"""What kind a box is of that stands for neighbours."""
LEGIBLE, MOST_LINKS = 210, 600
"""The most boxes, and the most links, that can be read."""
_MOST_ENDS = 48
_MOST_TANGLED = 60_000
_BOXES = (48, 24, 12)
_MOST_BETWEEN = 3
"""How many links there may be for each box: where there are more, one stands for all values between two boxes."""


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
    return f"{sum(map(_calls, inner)):,} {what}"


def _calls(item: Item) -> int:
    """How many calls an item stands for: itself, and what is not drawn behind it."""
    return 1 + (item.hidden if isinstance(item, Box) else 0)


def is_tangled(region: Region) -> bool:
    """Whether so many values pass by so much that the sheet would grow with the square of it."""
    return max(_passing(region).values(), default=0) * len(region.links) > _MOST_TANGLED


def _passing(region: Region) -> dict[str, int]:
    """How many values pass from what stands up to each item to what stands behind it."""
    last = {link.source: link.target for link in region.links}
    ends, starts = Counter(last.values()), Counter(source.item for source in last)
    passing, found = starts[OUTSIDE], dict[str, int]()
    for path in region.items:
        passing += starts[path] - ends[path]
        found[path] = passing
    return found


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
    links = list(_between(region, gathered, leader))
    gathered.merged = len(links) > _MOST_BETWEEN * len(gathered.items)
    _link(region, gathered, leader, _first(links, leader) if gathered.merged else links)
    return gathered


def is_merged(region: Region) -> bool:
    """Whether in it, or in a card of it, a line stands for several values."""
    return region.merged or any(is_merged(item.region) for item in region.items.values() if isinstance(item, Card))


def _groups(region: Region, sections: Mapping[str, Section], most: int, kept: Collection[str]) -> Iterator[list[Item]]:
    """Neighbours of one section, ``most`` at a time; few ends of the network, and faults, stand for themselves."""
    alone = {path for path, item in region.items.items() if _is_terminal(item) or _is_fault(item)}
    alone = alone.union(kept) if len(alone) <= _MOST_ENDS else kept

    def kind(item: Item) -> tuple[Section | None, str]:
        return sections.get(item.path), item.path if item.path in alone else ""

    passing = _passing(region)
    for _, run in groupby(region.items.values(), kind):
        found = list(run)
        even = ceil(len(found) / ceil(len(found) / most))
        yield from _stretches(found, even, passing)


def _stretches(items: list[Item], even: int, passing: Mapping[str, int]) -> Iterator[list[Item]]:
    """``items`` about so many at a time, parted where few values pass."""
    start = 0
    while len(items) - start > even:
        about = start + even
        ends = range(about - even // 4, min(about + even // 2, len(items) - 1) + 1)
        end = min(ends, key=lambda end: (passing[items[end - 1].path], abs(end - about)))
        yield items[start:end]
        start = end
    yield items[start:]


def _box(group: list[Item]) -> Box:
    boxes = [item for item in group if isinstance(item, Box)]
    parameters = sum(box.parameters for box in boxes)
    detail = counted(group) + (f", {text.count(parameters)}" if parameters else "")
    title = f"{text.clean(group[0].path)} – {text.clean(group[-1].path)}"
    marks = {item.mark for item in group} - {"", "same"}
    mark = "changed" if marks else group[0].mark
    cost = sum(item.cost for item in group)
    return Box(group[0].path, "block", "block", title, detail, parameters, kind=GATHERED, mark=mark, cost=cost)


def _between(region: Region, gathered: Region, leader: Mapping[str, str]) -> Iterator[Link]:
    """The links of ``region`` from box to box; a value is read once by a box that holds several items."""
    seen: set[tuple[End, str]] = set()
    for link in region.links:
        source, target = _leader(link.source.item, leader), _leader(link.target, leader)
        read = link.source, target
        once = target != OUTSIDE and not _is_kept(region, gathered, target)
        if source == target or (once and read in seen):
            continue
        seen.add(read)
        yield link


def _first(links: Iterable[Link], leader: Mapping[str, str]) -> Iterator[Link]:
    """Of ``links`` the first between two boxes."""
    seen: set[tuple[str, str]] = set()
    for link in links:
        pair = _leader(link.source.item, leader), _leader(link.target, leader)
        if pair not in seen or link.target == OUTSIDE:
            seen.add(pair)
            yield link


def _link(region: Region, gathered: Region, leader: Mapping[str, str], links: Iterable[Link]) -> None:
    """Lead ``links`` of ``region`` from box to box."""
    ports: dict[End, End] = {}
    counts: dict[str, int] = {}
    for link in links:
        source, target = _leader(link.source.item, leader), _leader(link.target, leader)
        whole = source == link.source.item and _is_kept(region, gathered, source)
        if link.source not in ports:
            ports[link.source] = link.source if whole else End(source, counts.setdefault(source, 0))
            counts[source] = counts.get(source, 0) + 1
            gathered.types[ports[link.source]] = region.types[link.source]
        gathered.links.append(Link(ports[link.source], target, link.slot, whole and link.size))


def _leader(path: str, leader: Mapping[str, str]) -> str:
    return leader.get(path, path)


def _is_kept(region: Region, gathered: Region, path: str) -> bool:
    return path == OUTSIDE or region.items[path] is gathered.items[path]


def _is_terminal(item: Item) -> bool:
    return isinstance(item, Box) and item.look == "terminal"


def _is_fault(item: Item) -> bool:
    """Whether something in it is wrong."""
    if isinstance(item, Box):
        return item.look == "fault"
    return any(map(_is_fault, item.region.items.values()))
