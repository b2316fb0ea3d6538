"""Where a network may be cut into panels: between its top-level blocks, and in long ones wherever few values pass.

Decides nothing: what is cut is chosen by ``columns``, and placed by ``panels``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from graphbuilder.backends.graphviz.lay.ladder import ladder
from graphbuilder.backends.graphviz.lay.metrics import Metrics
from graphbuilder.backends.graphviz.lay.panels import PanelChain, Unit
from graphbuilder.backends.graphviz.lay.placing import Placer
from graphbuilder.backends.graphviz.options import Options
from graphbuilder.backends.graphviz.read.scene import Box, Card, End, Link, Region, Section
from graphbuilder.backends.graphviz.read.structure import Element, Tap, items_of, structure

_LONG, _LONG_ACROSS, _MOST_CROSSING = 1500.0, 1200.0, 6
_MANY, _FEW = 9, 3
"""From how many boxes on a section is one though other things run beside it, and how many values may pass its ends."""


class Piece(NamedTuple):
    """A stretch of elements that stays in one panel, how long it is, and how broad."""

    elements: tuple[Element, ...]
    length: float
    breadth: float


def units(region: Region, sections: Mapping[str, Section], across: bool = False) -> list[Unit]:
    """The network in stretches: each section's, with loose ops behind it; what else is loose between is another.

    In a figure that runs ``across`` what is loose behind a section may begin a row, so it is a stretch of its own.
    Inputs that nothing stands beside are in none: they stand wherever they are read.
    """
    found: list[tuple[Section | None, list[Element]]] = []
    for element in _apart(region, sections):
        section = sections.get(next(iter(items_of(element)), ""))
        behind = section is None and found and found[-1][0] is not None
        apart = behind and (_is_block(element, region) or (across and not isinstance(element, Tap)))
        if found and not apart and (section is None or found[-1][0] is section):
            found[-1][1].append(element)
        elif found and len(found) == 1 and _only_input(found[0][1], region):
            found = [(section, [*found[0][1], element])]
        else:
            found.append((section, [element]))
    if len(found) > 1 and _only_inputs(found[0][1], region):
        del found[0]
    return [Unit(section, tuple(elements)) for section, elements in found]


def torn(region: Region, sections: Mapping[str, Section]) -> set[str]:
    """The paths of sections that are no stretch of their own: something else runs beside them, or between.

    One of many boxes that goes on with what stood before it is a stretch all the same: what runs beside it are skips.
    """
    if not sections:
        return set()
    seen: list[str] = []
    broken: set[str] = set()
    for element in structure(region).elements:
        found = [sections.get(item) for item in items_of(element)]
        paths = {section.path for section in found if section}
        if len(paths) + (None in found) > 1 and paths:
            broken |= paths
        broken |= {path for path in paths if path in seen[:-1]}
        seen += [path for path in paths if not seen or seen[-1] != path]
    return {path for path in broken if not _stays(path, region, sections)}


def _stays(path: str, region: Region, sections: Mapping[str, Section]) -> bool:
    """Whether the section at ``path`` is large, in a row, goes on with what stood before, and is no residual's body."""
    order = list(region.items)
    own = [number for number, item in enumerate(order) if item in sections and sections[item].path == path]
    boxes = sum(1 if isinstance(item, Box) else item.region.boxes() for item in (region.items[order[n]] for n in own))
    if boxes < _MANY or own != list(range(own[0], own[-1] + 1)):
        return False
    place = {item: number for number, item in enumerate(order)}
    spans = [(place[link.source.item], place[link.target], link.source) for link in region.links]
    made = [number for number in range(own[0]) if not _is_terminal(region, order[number])]
    if made and not any(start == made[-1] and stop == own[0] for start, stop, _ in spans):
        return False
    values = [span for span in spans if not _is_terminal(region, span[2].item)]
    entering = {end for start, stop, end in values if start < own[0] <= stop <= own[-1]}
    parent = path[: path.rfind(".") + 1]
    if any(end in entering and own[-1] < stop and order[stop].startswith(parent) for _, stop, end in values):
        return False
    passing = [{end for start, stop, end in values if start < cut <= stop} for cut in (own[0], own[-1] + 1)]
    return all(len(found) <= _FEW for found in passing)


def _apart(region: Region, sections: Mapping[str, Section]) -> Iterator[Element]:
    """The elements of ``region``, those of several sections taken apart into each section's own."""
    for element in structure(region).elements:
        items = list(items_of(element))
        kinds = {section.path if section else "" for section in map(sections.get, items)}
        if len(kinds) < 2:
            yield element
            continue
        for _, run in groupby(_in_order(region, items), sections.get):
            yield from structure(_only(region, set(run))).elements


def _in_order(region: Region, items: Iterable[str]) -> list[str]:
    """``items`` as they stand in ``region``, the outputs of the network behind what gives them."""
    place = {item: number for number, item in enumerate(region.items)}
    given = {link.target: link.source.item for link in region.links if _is_terminal(region, link.target)}
    inside = set(items)

    def key(item: str) -> tuple[int, int]:
        return (place[given[item]] if given.get(item) in inside else place[item]), place[item]

    return sorted(inside, key=key)


def _only(region: Region, items: set[str]) -> Region:
    """``items`` of ``region`` with the links between them."""
    kept = {path: item for path, item in region.items.items() if path in items}
    links = [link for link in region.links if link.source.item in items and link.target in items]
    return Region(kept, links, region.types)


class Cutter:
    """Finds the pieces of one network."""

    def __init__(self, region: Region, metrics: Metrics, options: Options) -> None:
        self._region = region
        self._metrics = metrics
        self._placer = Placer(region, metrics, options)
        self._out: dict[str, list[Link]] = {}
        for link in region.links:
            self._out.setdefault(link.source.item, []).append(link)

    def pieces(self, unit: Unit) -> list[Piece]:
        """The least pieces that ``unit`` can be cut into."""
        items = [self._region.items[element] for element in unit.elements if isinstance(element, str)]
        cards = any(isinstance(item, Card) or item.look == "block" for item in items)
        neighbours = enumerate(pairwise(unit.elements), start=1)
        cuts = [0, *(i for i, (one, other) in neighbours if self._cuts(one, other, cards)), len(unit.elements)]
        if ladder(unit.elements) is not None:
            cuts = [0, len(unit.elements)]
        found = [self._piece(unit.elements[low:high]) for low, high in pairwise(cuts)]
        most = _LONG_ACROSS if self._metrics.across else _LONG
        if max(piece.length for piece in found) <= most:
            return found
        return [self._run(run) for run in self._runs(unit)]

    def _piece(self, elements: Sequence[Element]) -> Piece:
        part = PanelChain(self._placer, "").place(elements)
        return Piece(tuple(elements), part.length, part.left + part.right)

    def _run(self, items: Sequence[str]) -> Piece:
        sizes = list(map(self._placer.size, items))
        return Piece(tuple(items), sum(length for length, _ in sizes), max(breadth for _, breadth in sizes))

    def _runs(self, unit: Unit) -> Iterator[list[str]]:
        """The items of ``unit`` in order, cut wherever few values pass: for a piece that is too long to be one."""
        inside = {item for element in unit.elements for item in items_of(element)}
        order = _in_order(self._region, inside)
        place = {item: number for number, item in enumerate(order)}
        crossing = [0] * (len(order) + 1)
        for end, last in self._last_readers(place).items():
            if not _is_terminal(self._region, end.item):
                for number in range(place[end.item] + 1, last + 1):
                    crossing[number] += 1
        run: list[str] = []
        for number, item in enumerate(order):
            if run and 0 < crossing[number] <= _MOST_CROSSING and self._starts(run[-1], item):
                yield run
                run = []
            run.append(item)
        yield run

    def _is_output(self, item: str) -> bool:
        return _is_terminal(self._region, item) and bool(self._placer.links_into(item))

    def _last_readers(self, place: Mapping[str, int]) -> dict[End, int]:
        """Of each value that is made here, how far down it is read."""
        last: dict[End, int] = {}
        for link in self._region.links:
            if link.source.item in place:
                last[link.source] = max(last.get(link.source, 0), place.get(link.target, len(place) - 1))
        return last

    def _starts(self, before: str, item: str) -> bool:
        """Whether a panel may end with one item and the next begin with another."""
        follows = self._region.items[item]
        large = isinstance(follows, Card) or follows.look in ("block", "op")
        return large and (not _is_terminal(self._region, before) or self._is_output(before))

    def _cuts(self, before: Element, after: Element, cards: bool) -> bool:
        """Whether a panel may end between two elements: one value passes, and what belongs together stays so."""
        before = self._placer.links_into(before.item)[0].source.item if isinstance(before, Tap) else before
        if not isinstance(before, str) or not isinstance(after, str) or _is_terminal(self._region, before):
            return False
        follows = self._region.items[after]
        one = len({link.source for link in self._out.get(before, [])}) == 1
        return one and (isinstance(follows, Card) or follows.look == "block" or (follows.look == "op" and not cards))


def _is_terminal(region: Region, path: str) -> bool:
    item = region.items[path]
    return isinstance(item, Box) and item.look == "terminal"


def _is_block(element: Element, region: Region) -> bool:
    """Whether ``element`` is a block, open or closed."""
    item = region.items[element] if isinstance(element, str) else None
    return isinstance(item, Card) or (item is not None and item.look == "block")


def _only_input(elements: Sequence[Element], region: Region) -> bool:
    """Whether ``elements`` are no more than one input of the network."""
    return len(elements) == 1 and isinstance(elements[0], str) and _is_terminal(region, elements[0])


def _only_inputs(elements: Sequence[Element], region: Region) -> bool:
    """Whether ``elements`` are no more than inputs of the network, each of which something reads."""
    read = {link.source.item for link in region.links}
    return all(_is_terminal(region, item) and item in read for element in elements for item in items_of(element))
