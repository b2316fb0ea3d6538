"""The shape of a region: chains, things side by side, and what is neither.

A DAG between one entry and one exit is cut at the items that every path goes through; what lies between two cuts is
either several parts that have nothing to do with each other (``Parallel``) or a tangle (``Mesh``). An end that hangs on
a cut item stands beside the chain (``Tap``). Nothing here knows sizes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from graphbuilder.backends.graphviz.read.scene import Box, Link, Region


@dataclass(frozen=True, eq=False, slots=True)
class Bare:
    """A link that passes by everything beside it."""

    link: Link


@dataclass(frozen=True, eq=False, slots=True)
class Chain:
    """Elements one behind the other; every value goes from one to the next."""

    elements: tuple[Element, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Parallel:
    """Branches that share nothing but where they begin and end."""

    branches: tuple[Chain | Bare, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Mesh:
    """Items in order whose links have no simpler shape."""

    items: tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Tap:
    """An end that reads what stands before it, beside the way on: an output, or a value that goes on elsewhere."""

    item: str


Element = str | Parallel | Mesh | Tap
_DEEPEST = 40
"""How deep branches may nest; what lies deeper is a tangle."""


def structure(region: Region) -> Chain:
    """The shape of ``region``."""
    if not region.items:
        return Chain((Parallel(tuple(map(Bare, region.links))),) if region.links else ())
    joins = frozenset(path for path, item in region.items.items() if isinstance(item, Box) and item.look == "join")
    return _Reading(joins, _taps(region)).chain(list(region.items), region.links)


def items_of(element: Element | Bare | Chain) -> Iterator[str]:
    """The items in an element."""
    if isinstance(element, str):
        yield element
    elif isinstance(element, Tap):
        yield element.item
    elif isinstance(element, Mesh):
        yield from element.items
    elif not isinstance(element, Bare):
        for part in element.elements if isinstance(element, Chain) else element.branches:
            yield from items_of(part)


def shortcuts(chains: Sequence[Chain]) -> list[Chain]:
    """Those of several branches that a block calls its shortcut, unless all are in one that is."""
    paths = [next(items_of(chain)).split(".") for chain in chains]
    around = next((n for n, words in enumerate(zip(*paths, strict=False)) if len(set(words)) > 1), 0)
    return [chain for chain, path in zip(chains, paths, strict=True) if path[around : around + 1] == ["shortcut"]]


def _taps(region: Region) -> dict[str, str]:
    """The ends that may stand beside a chain, and what each reads."""
    read: dict[str, list[str]] = {}
    for link in region.links:
        read.setdefault(link.target, []).append(link.source.item)
    giving = {link.source.item for link in region.links}
    ends = (path for path, item in region.items.items() if isinstance(item, Box) and item.look == "terminal")
    found = {path: read[path][0] for path in ends if path not in giving and len(read.get(path, ())) == 1}
    return {path: source for path, source in found.items() if source in read}


@dataclass(frozen=True, slots=True)
class _Reading:
    """``joins``: items at which two links from one value are worth two lines; ``taps``: ends, and what they read."""

    joins: frozenset[str]
    taps: Mapping[str, str]

    def chain(self, items: list[str], links: list[Link], depth: int = 0) -> Chain:
        """Cut ``items``, which stand in order, where every path passes; ``links`` touch them or pass them by."""
        aside = self._aside(items, links)
        line = [item for item in items if item not in aside]
        place = {item: i for i, item in enumerate(line)}
        hanging: dict[int, list[str]] = {}
        for tap, source in aside.items():
            hanging.setdefault(place[source], []).append(tap)
        reading = {link.target: link for link in links if link.target in aside}
        on = [link for link in links if link.target not in aside]
        spans = [(place.get(link.source.item, -1), place.get(link.target, len(line))) for link in on]
        bounds = [-1, *_cuts(len(line), spans), len(line)]
        between: dict[int, list[Link]] = {}
        for link, (start, _) in zip(on, spans, strict=True):
            between.setdefault(bisect_right(bounds, start) - 1, []).append(link)
        elements: list[Element] = []
        for number, (low, high) in enumerate(pairwise(bounds)):
            within = [tap for i in range(low + 1, high) for tap in hanging.get(i, ())]
            passing = [*between.get(number, ()), *(reading[tap] for tap in within)]
            elements += self._between([*line[low + 1 : high], *within], passing, depth)
            elements += line[high : high + 1]
            elements += map(Tap, hanging.get(high, ()))
        return Chain(tuple(elements))

    def _aside(self, items: list[str], links: list[Link]) -> dict[str, str]:
        """Which of ``items`` hang on which others; what nothing else is behind has its end behind it."""
        inside = set(items)
        found = {item: self.taps[item] for item in items if self.taps.get(item) in inside}
        last = next((item for item in reversed(items) if item not in found), "")
        if not found or any(link.source.item == last and link.target not in found for link in links):
            return found
        behind = next((tap for tap in items if found.get(tap) == last), None)
        return {tap: source for tap, source in found.items() if tap != behind}

    def _between(self, items: list[str], links: list[Link], depth: int) -> list[Element]:
        """What lies between two neighbouring cuts, which ``links`` join."""
        inner = set(items)
        bare = [link for link in links if link.source.item not in inner and link.target not in inner]
        if not items:
            return [Parallel(tuple(map(Bare, bare)))] if len(bare) > 1 and bare[0].target in self.joins else []
        groups = _components(items, links)
        if len(groups) == 1 and not bare:
            return [Mesh(tuple(items))]
        touching = _touching(groups, links)
        slots = [min((link.slot for link in touched if link.target not in inner), default=0) for touched in touching]
        inside = [self._branch(group, t, depth + 1) for group, t in zip(groups, touching, strict=True)]
        chains = list(zip(slots, inside, strict=True))
        branches = [*chains, *((link.slot, Bare(link)) for link in bare)]
        return [Parallel(tuple(branch for _, branch in sorted(branches, key=lambda branch: branch[0])))]

    def _branch(self, items: list[str], links: list[Link], depth: int) -> Chain:
        return self.chain(items, links, depth) if depth < _DEEPEST else Chain((Mesh(tuple(items)),))


def _cuts(count: int, spans: list[tuple[int, int]]) -> list[int]:
    """The places that no span leaps over. What nothing leads to, or that leads nowhere, is held by the ends."""
    led_to, leads = {end for _, end in spans}, {start for start, _ in spans}
    loose = [(-1, i) for i in range(count) if i not in led_to] + [(i, count) for i in range(count) if i not in leads]
    furthest = [0] * (count + 1)
    for start, end in [*spans, *loose]:
        furthest[start + 1] = max(furthest[start + 1], end)
    reach = list(accumulate(furthest, max))
    return [i for i in range(count) if reach[i] <= i]


def _components(items: list[str], links: list[Link]) -> list[list[str]]:
    """``items`` in groups that no link joins, each in order."""
    leader = {item: item for item in items}

    def find(item: str) -> str:
        while leader[item] != item:
            leader[item] = item = leader[leader[item]]
        return item

    for link in links:
        if link.source.item in leader and link.target in leader:
            leader[find(link.target)] = find(link.source.item)
    groups: dict[str, list[str]] = {}
    for item in items:
        groups.setdefault(find(item), []).append(item)
    return list(groups.values())


def _touching(groups: list[list[str]], links: list[Link]) -> list[list[Link]]:
    """For each group, the links with an end in it."""
    number = {item: i for i, group in enumerate(groups) for item in group}
    touching: list[list[Link]] = [[] for _ in groups]
    for link in links:
        group = number.get(link.source.item, number.get(link.target))
        if group is not None:
            touching[group].append(link)
    return touching
