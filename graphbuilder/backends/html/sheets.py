"""Cuts a network into what is placed: its own body where one value passes, and what is in every fold, once each.

Places nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.graphviz.lay.ladder import ladder
from graphbuilder.backends.graphviz.read.gather import bounded, is_much, is_tangled
from graphbuilder.backends.graphviz.read.habits import Habits
from graphbuilder.backends.graphviz.read.reader import TooMuch
from graphbuilder.backends.graphviz.read.scene import OUTSIDE, End, Link, Region
from graphbuilder.backends.graphviz.read.structure import items_of, structure
from graphbuilder.backends.html.folds import Fold, Folding

Lots = Mapping[str, Region]
State = Literal["one", "parts", "all"]
"""Of what is open: as the figure has it, with the blocks in a card as boxes of their own, every copy of a stack."""


@dataclass(eq=False, slots=True)
class Sheet:
    """A region that is to be placed, and the boxes of it that open: each its fold and where in the list it goes on.

    ``lots`` has for a box that stands for several items all of them.
    """

    region: Region
    reader: Folding
    prefix: str
    upward: bool
    folds: dict[str, Fold] = field(default_factory=dict[str, Fold])
    lots: Mapping[str, Region] = field(default_factory=dict[str, Region])
    inner: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])

    @property
    def turned(self) -> set[str]:
        """The items that a U leads up on its right."""
        found = None if self.prefix else ladder(structure(self.region).elements)
        if found is None:
            return set()
        return {item for rung in found.rungs for element in rung.behind for item in items_of(element)}


class Sheets:
    """All sheets of one network: ``atoms`` of its own body, one behind the other, and ``all`` with the rest behind.

    ``shapes`` says whether the ends of the network carry theirs, ``cards`` are the paths of the figure's.
    """

    def __init__(self, typed: TypedGraph, shapes: bool, cards: Collection[str]) -> None:
        self._habits = Habits(typed)
        self._shapes = shapes
        self._cards = cards
        self._known: dict[tuple[object, ...], int] = {}
        self._nested: dict[tuple[object, ...], bool] = {}
        self.all: list[Sheet] = []
        reader = self._reader()
        whole = reader.root(typed)
        if _is_large(whole) and reader.has_stages:
            reader = self._reader(stages=False)
            whole = reader.root(typed)
        root, lots = _bounded(whole)
        for region in _atoms(root):
            self._add(region, lots, reader, "")
        self.atoms = self.all.copy()
        self._open()

    def _reader(self, stages: bool = True, flat: bool = False) -> Folding:
        return Folding(self._habits, self._shapes, self._cards, stages, flat)

    def _add(self, region: Region, lots: Lots, reader: Folding, prefix: str, upward: bool = False) -> int:
        folds = {path: fold for path, fold in reader.folds.items() if path in region.items and path not in lots}
        if len(region.items) > 1:
            folds = {path: fold.beside() for path, fold in folds.items()}
        own = {path: lot for path, lot in lots.items() if path in region.items}
        self.all.append(Sheet(region, reader, prefix, upward, folds, own))
        return len(self.all) - 1

    def _open(self) -> None:
        """Read what is in every fold, and what is in that; what is alike is read once."""
        number = 0
        while number < len(self.all):
            sheet = self.all[number]
            turned = set(sheet.region.items) if sheet.upward else sheet.turned
            for path, fold in sheet.folds.items():
                upward = path in turned
                sheet.inner[path] = {state: self._inside(fold, upward, state) for state in self._states(fold)}
            for path, lot in sheet.lots.items():
                if not sheet.region.merged:
                    upward = path in turned
                    sheet.inner[path] = {"one": self._add(*_bounded(lot), sheet.reader, sheet.prefix, upward)}
            number += 1

    def _states(self, fold: Fold) -> Iterator[State]:
        """How what is in ``fold`` can be shown."""
        yield "one"
        if self._is_nested(fold):
            yield "parts"
        if fold.unfolds:
            yield "all"

    def _is_nested(self, fold: Fold) -> bool:
        """Whether the figure draws in place, of what is in a card, blocks that may be folded for themselves."""
        key = fold.alike
        if key not in self._nested:
            self._nested[key] = self._looks_nested(fold)
        return self._nested[key]

    def _looks_nested(self, fold: Fold) -> bool:
        nested, flat = self._reader(), self._reader(flat=True)
        nested.inside(fold)
        try:
            region = flat.inside(fold)
        except TooMuch:
            return False
        return not _is_large(region) and flat.folds.keys() != nested.folds.keys()

    def _inside(self, fold: Fold, upward: bool, state: State) -> int:
        key = (*fold.alike, upward, state)
        if key not in self._known:
            reader = self._reader(flat=state == "one" and self._is_nested(fold))
            region, lots = _bounded(reader.copies(fold) if state == "all" else reader.inside(fold))
            prefix = fold.where.prefix if state == "all" else fold.prefix
            self._known[key] = self._add(region, lots, reader, prefix, upward)
        return self._known[key]


def _bounded(region: Region) -> tuple[Region, Lots]:
    """``region``, neighbours gathered where it has too many items to be read, and what each such lot is of."""
    if not _is_large(region):
        return region, {}
    gathered = bounded(region, {})
    groups, leader = dict[str, list[str]](), ""
    for path in region.items:
        leader = path if path in gathered.items else leader
        groups.setdefault(leader, []).append(path)
    lots = {path: part_of(region, group) for path, group in groups.items() if len(group) > 1}
    return _numbered(gathered, lots), lots


def _numbered(region: Region, lots: Lots) -> Region:
    """``region`` with the values that each lot reads numbered, as they are in it."""
    counts: dict[str, int] = {}
    numbered = replace(region, links=[])
    for link in region.links:
        number = counts.setdefault(link.target, 0)
        counts[link.target] += 1
        numbered.links.append(replace(link, slot=number) if link.target in lots else link)
    return numbered


def _is_large(region: Region) -> bool:
    """Whether it has more than can be read."""
    return is_much(region) or is_tangled(region)


def _atoms(root: Region) -> Iterator[Region]:
    """The network's own body cut wherever one value passes, each piece with what comes in and goes out.

    A U is not cut.
    """
    place: dict[str, int] = {}
    elements = structure(root).elements
    for number, element in enumerate(elements):
        place.update(dict.fromkeys(items_of(element), number))
    ends, nested = list[int](), ladder(elements)
    for number in range(len(elements) - 1):
        crossing = {link.source for link in root.links if place[link.source.item] <= number < place[link.target]}
        if nested is None and len(crossing) == 1 and place[next(iter(crossing)).item] >= max(ends, default=0):
            ends.append(number + 1)
    for low, high in zip([0, *ends], [*ends, len(elements)], strict=True):
        yield part_of(root, [path for path in root.items if low <= place[path] < high])


def part_of(region: Region, paths: Collection[str]) -> Region:
    """Some items of ``region``, the values that they read from elsewhere coming in, and those read elsewhere going out.

    Either are numbered in the order of the links.
    """
    part = Region(items={path: region.items[path] for path in paths}, types=dict(region.types), merged=region.merged)
    entering, leaving = dict[End, int](), dict[End, int]()
    for link in region.links:
        inside = link.source.item in part.items
        if link.target in part.items:
            part.links.append(link if inside else replace(link, source=End(OUTSIDE, _number(link.source, entering))))
        elif inside and link.source not in leaving:
            part.links.append(Link(link.source, OUTSIDE, _number(link.source, leaving)))
    part.types |= {End(OUTSIDE, number): region.types[end] for end, number in entering.items()}
    return part


def _number(end: End, known: dict[End, int]) -> int:
    return known.setdefault(end, len(known))
