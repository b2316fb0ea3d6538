"""Places what folds: each body once, everything in it closed, so that a page can open any of it by moving the rest.

A piece is a placed region in plain values: x from its trunk, y from its top, both in points. Room is only ever added to
it: the page puts an opened piece where its box stood and shifts what stands beside and below. So what does not meet
here never meets there, and no layout is worked out in the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.lay import metrics as m
from graphbuilder.backends.graphviz.lay.drawing import Drawing
from graphbuilder.backends.graphviz.lay.ladder import ladder, place_ladder
from graphbuilder.backends.graphviz.lay.metrics import Metrics
from graphbuilder.backends.graphviz.lay.parts import BoxMark, LabelMark, Part, Tip, WireMark, attach
from graphbuilder.backends.graphviz.lay.pen import Pen, tidied
from graphbuilder.backends.graphviz.lay.placing import Placer
from graphbuilder.backends.graphviz.options import Options
from graphbuilder.backends.graphviz.read.gather import gather
from graphbuilder.backends.graphviz.read.habits import Habits
from graphbuilder.backends.graphviz.read.scene import OUTSIDE, Box, End, Link, Region
from graphbuilder.backends.graphviz.read.structure import Element, items_of, structure
from graphbuilder.backends.html.folds import Fold, Folding

Data = dict[str, Any]
_MOST_ITEMS, _MOST_LINKS, _GATHERED = 400, 600, 48
_PORTS, _TITLE, _LEAST_U, _BELOW = 16.0, 190.0, 250.0, 14.0


@dataclass(eq=False, slots=True)
class _Sheet:
    """A region that is to be placed, and the boxes of it that open: each its fold and where in the list it goes on."""

    region: Region
    prefix: str
    upward: bool
    folds: dict[str, Fold] = field(default_factory=dict[str, Fold])
    inner: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])


class Pieces:
    """All pieces of one network: ``atoms`` of its own body one behind the other, and what opens in ``pieces``."""

    def __init__(self, typed: TypedGraph, options: Options) -> None:
        self._habits = Habits(typed)
        self._options = replace(options, direction="TB")
        self._sheets: list[_Sheet] = []
        self._known: dict[tuple[object, ...], int] = {}
        reader = self._reader()
        whole = reader.root(typed)
        if _is_large(whole):
            reader = self._reader(stages=False)
            whole = reader.root(typed)
        root, kept = _bounded(whole)
        for region in _atoms(root):
            self._add(region, kept, reader, "")
        self._count = len(self._sheets)
        self._open()
        every = {str(number): box for number, box in enumerate(self._boxes())}
        self._metrics = Metrics.of(Region(items=dict(every)), self._options)

    def data(self) -> Data:
        """Everything placed."""
        placed = [self._place(sheet) for sheet in self._sheets]
        return {"atoms": self._count, "between": self._between(), "wide": self._metrics.wide, "pieces": placed}

    def _between(self) -> list[str]:
        """The shape of the value between each atom and the next, wherever it says something."""
        atoms, said = self._sheets[: self._count], list[str]()
        for sheet in atoms[:-1]:
            (leaving,) = (link.source for link in sheet.region.links if link.target == OUTSIDE)
            box = sheet.region.items[leaving.item]
            end = isinstance(box, Box) and box.look == "terminal"
            said.append(text.shape(sheet.region.types[leaving]) if self._options.shapes and not end else "")
        folds = [bool(sheet.folds) for sheet in atoms]
        before = ["", *said]
        return [word if folds[n] or folds[n + 1] or word != before[n] else "" for n, word in enumerate(said)]

    def _reader(self, stages: bool = True) -> Folding:
        return Folding(self._habits, bool(self._options.shapes), stages)

    def _add(self, region: Region, kept: Set[str], reader: Folding, prefix: str, upward: bool = False) -> int:
        folds = {path: fold for path, fold in reader.folds.items() if path in region.items and path in kept}
        if len(region.items) > 1:
            folds = {path: fold.beside() for path, fold in folds.items()}
        self._sheets.append(_Sheet(region, prefix, upward, folds))
        return len(self._sheets) - 1

    def _open(self) -> None:
        """Read what is in every fold, and what is in that; what is alike is read once."""
        number = 0
        while number < len(self._sheets):
            sheet = self._sheets[number]
            turned = set(sheet.region.items) if sheet.upward else _turned(sheet)
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
            region, kept = _bounded(reader.inside(fold) if state == "one" else reader.copies(fold))
            prefix = fold.prefix if state == "one" else fold.where.prefix
            self._known[key] = self._add(region, kept, reader, prefix, upward)
        return self._known[key]

    def _boxes(self) -> Iterator[Box]:
        for sheet in self._sheets:
            yield from (item for item in sheet.region.items.values() if isinstance(item, Box))

    # placing

    def _place(self, sheet: _Sheet) -> Data:
        placer = Placer(sheet.region, self._metrics, self._options, upward=sheet.upward)
        part = _entry(_placed(sheet.region, placer, sheet.prefix == ""))
        _leave(part)
        if sheet.upward:
            part.flip()
            part.move(part.length, 0.0)
        return self._data(sheet, part)

    def _data(self, sheet: _Sheet, part: Part) -> Data:
        drawing = Drawing("")
        boxes = [mark for mark in part.marks if isinstance(mark, BoxMark)]
        labels = [mark for mark in part.marks if isinstance(mark, LabelMark)]
        wires = [mark for mark in part.marks if isinstance(mark, WireMark)]
        # Equal bodies are placed once: the page writes the names, which differ.
        Pen(drawing, replace(self._metrics, names=False), 0.0, 0.0).draw([*boxes])
        numbers = {mark.box.path: number for number, mark in enumerate(boxes)}
        fields = [self._box(sheet, mark, shape) for mark, shape in zip(boxes, drawing.shapes, strict=True)]
        free = _free(part, _turned(sheet))
        for data, mark in zip(fields, boxes, strict=True):
            if "fold" in data and mark.box.path in free:
                data["free"] = _n(free[mark.box.path])
        return {
            "size": [_n(part.left), _n(part.right), _n(part.length)],
            "up": sheet.upward,
            "boxes": fields,
            "wires": [_wire(mark, numbers) for mark in wires],
            "words": [[_n(mark.across), _n(mark.along), mark.text] for mark in labels],
        }

    def _box(self, sheet: _Sheet, mark: BoxMark, shape: Any) -> Data:
        box = mark.box
        path = box.path.removesuffix(".").removeprefix(sheet.prefix)
        data: Data = {
            "path": path,
            "at": [_n(shape.x), _n(shape.y), _n(shape.wide), _n(shape.high)],
            "style": shape.style,
            "lines": [[[run.text, run.size, run.bold] for run in line if run.text] for line in shape.lines],
        }
        if shape.outline == "circle":
            data["round"] = True
        if shape.dashed:
            data["dashed"] = True
        if shape.faded:
            data["faded"] = True
        if box.path in sheet.folds:
            data["fold"] = _fold(sheet.folds[box.path], sheet)
        return data


def _free(part: Part, turned: Set[str]) -> dict[str, float]:
    """How far up each box on the right of a U may grow: beside what stands on the left, below what is over it."""
    boxes = [mark for mark in part.marks if isinstance(mark, BoxMark) and mark.box.path in turned]
    side = min((mark.across for mark in boxes), default=0.0)
    lows = [mark.along + mark.high / 2 + _BELOW for mark in boxes]
    for mark in part.marks:
        if isinstance(mark, LabelMark) and mark.across >= side - 1:
            lows.append(mark.along + _BELOW)
        elif isinstance(mark, WireMark) and mark.kind == "shortcut":
            lows.append(mark.points[0][0] + _BELOW)
    tops = {mark.box.path: mark.along - mark.high / 2 for mark in boxes}
    return {path: min(top, max((low for low in lows if low - _BELOW < top), default=top)) for path, top in tops.items()}


def _fold(fold: Fold, sheet: _Sheet) -> Data:
    path = fold.where.path(fold.run.first)
    path = path if path in sheet.inner else f"{path}."
    data: Data = {
        "kind": fold.kind,
        "title": text.fit(fold.title, _TITLE, 15.0 if fold.kind == "panel" else m.TITLE, bold=True),
        "note": fold.note,
        "prefix": fold.prefix.removeprefix(sheet.prefix),
        **sheet.inner[path],
    }
    if fold.kind == "stack":
        around = fold.where.prefix.removeprefix(sheet.prefix)
        data |= {"count": fold.run.count, "words": list(fold.words), "around": around}
    return data


def _placed(region: Region, placer: Placer, whole: bool) -> Part:
    """``region`` as one part: a U where it is of the ``whole`` network and skips nest in it, else a chain."""
    elements = structure(region).elements
    found = ladder(elements) if whole else None
    u = place_ladder(found, placer, _chain, _LEAST_U) if found else None
    return u or placer.chain(elements)


def _chain(placer: Placer, elements: Sequence[Element], behind: Part | None) -> Part:
    """A side of a U."""
    return placer.chain(elements, "wide", behind)


def _turned(sheet: _Sheet) -> set[str]:
    """The items that a U leads up on its right."""
    found = None if sheet.prefix else ladder(structure(sheet.region).elements)
    if found is None:
        return set()
    return {item for rung in found.rungs for element in rung.behind for item in items_of(element)}


def _entry(part: Part) -> Part:
    """``part`` behind the points at which values come in, which are known as ``in 0``, ``in 1``, ..."""
    links = [link for link in part.ins if link.source.item == OUTSIDE]
    links += [link for link in part.through if link.source.item == OUTSIDE]
    wanted: dict[int, float] = {}
    for link in links:
        tips = part.ins.get(link) or [part.through[link]]
        wanted.setdefault(link.source.port, 0.0 if len(tips) > 1 else tips[0].points[0][1])
    places = _apart(wanted)
    whole = Part()
    whole.outs = {
        link: Tip(((0.0, places[link.source.port]),), "size" if link.size else "flow", f"in {link.source.port}")
        for link in links
    }
    if places:
        whole.left, whole.right = max(0.0, -min(places.values())), max(0.0, *places.values())
        attach(whole, part)
        return whole
    return part


def _leave(part: Part) -> None:
    """Let values leave ``part`` at points of their own, which are known as ``out 0``, ``out 1``, ..."""
    links = [link for link in (*part.outs, *part.through) if link.target == OUTSIDE]
    if not links:
        return
    known = {**part.through, **part.outs}
    wanted: dict[int, list[float]] = {}
    for link in links:
        wanted.setdefault(link.slot, []).append(known[link].points[-1][1])
    places = _apart({slot: _middle(found) for slot, found in wanted.items()})
    ends = {link: [Tip(((0.0, places[link.slot]),), "flow", f"out {link.slot}")] for link in links}
    left, right = max(0.0, -min(places.values())), max(0.0, *places.values())
    attach(part, Part(left=left, right=right, ins=ends))


def _middle(places: Sequence[float]) -> float:
    return places[0] if len(places) == 1 else 0.0


def _apart(wanted: dict[int, float]) -> dict[int, float]:
    """``wanted`` places in their order, no two nearer than ports may be; a lone one is on the trunk."""
    if len(wanted) == 1:
        return dict.fromkeys(wanted, 0.0)
    places: dict[int, float] = {}
    last = -float("inf")
    for slot in sorted(wanted, key=lambda slot: (wanted[slot], slot)):
        last = places[slot] = max(wanted[slot], last + _PORTS)
    return places


def _wire(mark: WireMark, numbers: dict[str, int]) -> list[Any]:
    """Its kind, its ends (a box's number, or a point at the edge) each with its port, and its corners."""
    points = tidied(tuple((across, along) for along, across in mark.points))
    flat = [_n(each) for point in points for each in point]
    tail, head = numbers.get(mark.tail, mark.tail), numbers.get(mark.head, mark.head)
    return [mark.kind, tail, mark.link.source.port, head, mark.link.slot, flat]


def _bounded(region: Region) -> tuple[Region, Set[str]]:
    """``region``, neighbours gathered where it has too many items to be read, and which items are still themselves."""
    if not _is_large(region):
        return region, region.items.keys()
    gathered = gather(region, {}, _GATHERED)
    return gathered, {path for path, item in gathered.items.items() if region.items[path] is item}


def _is_large(region: Region) -> bool:
    """Whether it has more than can be read."""
    return len(region.items) > _MOST_ITEMS or len(region.links) > _MOST_LINKS


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


def _n(number: float) -> float:
    """Two decimals, and none where there are none."""
    rounded = round(number, 2)
    return int(rounded) if rounded == int(rounded) else rounded
