"""Cuts a network into what is placed: its own body where one value passes, and what is in every fold, once each.

Places nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.graphviz.lay.ladder import ladder
from graphbuilder.backends.graphviz.read.gather import bounded, is_much, is_tangled
from graphbuilder.backends.graphviz.read.habits import Habits
from graphbuilder.backends.graphviz.read.scene import OUTSIDE, End, Link, Region
from graphbuilder.backends.graphviz.read.structure import items_of, structure
from graphbuilder.backends.html.folds import Fold, Folding


@dataclass(eq=False, slots=True)
class Sheet:
    """A region that is to be placed, and the boxes of it that open: each its fold and where in the list it goes on.

    ``lasts`` has for a box that stands for several items the path of the last of them.
    """

    region: Region
    prefix: str
    upward: bool
    folds: dict[str, Fold] = field(default_factory=dict[str, Fold])
    lasts: Mapping[str, str] = field(default_factory=dict[str, str])
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

    ``shapes`` says whether the ends of the network carry theirs.
    """

    def __init__(self, typed: TypedGraph, shapes: bool) -> None:
        self._habits = Habits(typed)
        self._shapes = shapes
        self._known: dict[tuple[object, ...], int] = {}
        self.all: list[Sheet] = []
        reader = self._reader()
        whole = reader.root(typed)
        if _is_large(whole) and reader.has_stages:
            reader = self._reader(stages=False)
            whole = reader.root(typed)
        root, lasts = _bounded(whole)
        for region in _atoms(root):
            self._add(region, lasts, reader, "")
        self.atoms = self.all.copy()
        self._open()

    def _reader(self, stages: bool = True) -> Folding:
        return Folding(self._habits, self._shapes, stages)

    def _add(self, region: Region, lasts: Mapping[str, str], reader: Folding, prefix: str, upward: bool = False) -> int:
        folds = {path: fold for path, fold in reader.folds.items() if path in region.items and path not in lasts}
        if len(region.items) > 1:
            folds = {path: fold.beside() for path, fold in folds.items()}
        self.all.append(Sheet(region, prefix, upward, folds, lasts))
        return len(self.all) - 1

    def _open(self) -> None:
        """Read what is in every fold, and what is in that; what is alike is read once."""
        number = 0
        while number < len(self.all):
            sheet = self.all[number]
            turned = set(sheet.region.items) if sheet.upward else sheet.turned
            for path, fold in sheet.folds.items():
                upward = path in turned
                sheet.inner[path] = {"one": self._inside(fold, upward, "one")}
                if fold.unfolds:
                    sheet.inner[path]["all"] = self._inside(fold, upward, "all")
            number += 1

    def _inside(self, fold: Fold, upward: bool, state: str) -> int:
        key = (*fold.alike, upward, state)
        if key not in self._known:
            reader = self._reader()
            region, lasts = _bounded(reader.inside(fold) if state == "one" else reader.copies(fold))
            prefix = fold.prefix if state == "one" else fold.where.prefix
            self._known[key] = self._add(region, lasts, reader, prefix, upward)
        return self._known[key]


def _bounded(region: Region) -> tuple[Region, Mapping[str, str]]:
    """``region``, neighbours gathered where it has too many items to be read, and the last of each such lot."""
    if not _is_large(region):
        return region, {}
    gathered, lasts, leader = bounded(region, {}), dict[str, str](), ""
    for path, item in region.items.items():
        leader = path if path in gathered.items else leader
        if gathered.items[leader] is not item:
            lasts[leader] = path
    return gathered, lasts


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
    yield from (_cut(root, place, low, high) for low, high in zip([0, *ends], [*ends, len(elements)], strict=True))


def _cut(root: Region, place: dict[str, int], low: int, high: int) -> Region:
    """Elements ``low`` to ``high``."""
    items = {path: item for path, item in root.items.items() if low <= place[path] < high}
    region = Region(items=items)
    region.types = dict(root.types)
    leaving: set[object] = set()
    for link in root.links:
        inside, read = link.source.item in items, link.target in items
        if read:
            region.links.append(link if inside else _entering(link, region))
        elif inside and link.source not in leaving:
            leaving.add(link.source)
            region.links.append(Link(link.source, OUTSIDE, 0))
    return region


def _entering(link: Link, region: Region) -> Link:
    """``link`` from the one value that comes in."""
    end = End(OUTSIDE)
    region.types[end] = region.types[link.source]
    return replace(link, source=end)
