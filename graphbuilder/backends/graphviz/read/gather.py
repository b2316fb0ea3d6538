"""Gathers neighbouring items of a region that has too many of them, so that a sheet of any network can be read.

Items stand in the order in which they run, so neighbours in one box leave what is left without circles. What is in a
card stays in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from math import ceil

from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.read.scene import OUTSIDE, Box, Card, End, Item, Link, Region, Section

MOST_LINKS = 600
"""The most links that can be read."""
_MOST_ENDS = 48
_MOST_TANGLED = 60_000
_BOXES = (48, 24, 12)


def bounded(region: Region, sections: Mapping[str, Section]) -> Region:
    """``region`` in so many boxes that its links can be read."""
    return next(
        found
        for boxes in _BOXES
        if len((found := gather(region, sections, boxes)).links) <= MOST_LINKS or boxes == _BOXES[-1]
    )


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


def untangle(region: Region) -> tuple[int, int]:
    """Gather what is in cards that are tangled: how many steps those held, and in how many boxes they are."""
    steps = boxes = 0
    for path, card in region.items.items():
        if not isinstance(card, Card):
            continue
        if is_tangled(card.region):
            inner = bounded(card.region, {})
            steps, boxes = steps + len(card.region.items), boxes + len(inner.items)
            region.items[path] = replace(card, region=inner)
        else:
            more = untangle(card.region)
            steps, boxes = steps + more[0], boxes + more[1]
    return steps, boxes


def gather(region: Region, sections: Mapping[str, Section], boxes: int) -> Region:
    """``region`` in about so many ``boxes``, none of which holds items of two sections unless there are too many."""
    few = len({section.path for section in sections.values()}) <= boxes // 2
    inner = sum(1 for item in region.items.values() if not _is_terminal(item))
    most = ceil(inner / boxes)
    gathered = Region()
    leader: dict[str, str] = {}
    for group in _groups(region, sections if few else {}, most):
        item = group[0] if len(group) == 1 else _box(group)
        gathered.items[item.path] = item
        leader.update((each.path, item.path) for each in group)
    _link(region, gathered, leader)
    return gathered


def _groups(region: Region, sections: Mapping[str, Section], most: int) -> Iterator[list[Item]]:
    """Neighbours of one section, ``most`` at a time; few ends of the network, and faults, stand for themselves."""
    alone = {path for path, item in region.items.items() if _is_terminal(item) or _is_fault(item)}

    def kind(item: Item) -> tuple[Section | None, str]:
        return sections.get(item.path), item.path if item.path in alone and len(alone) <= _MOST_ENDS else ""

    for _, run in groupby(region.items.values(), kind):
        found = list(run)
        even = ceil(len(found) / ceil(len(found) / most))
        yield from (found[start : start + even] for start in range(0, len(found), even))


def _box(group: list[Item]) -> Box:
    boxes = [item for item in group if isinstance(item, Box)]
    parameters = sum(box.parameters for box in boxes)
    detail = f"{len(group):,} steps" + (f", {text.count(parameters)}" if parameters else "")
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
