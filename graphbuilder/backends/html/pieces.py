"""Places what folds: each body once, everything in it closed, so that a page can open any of it by moving the rest.

A piece is a placed region in plain values: x from its trunk, y from its top, both in points. Room is only ever added to
it: the page puts an opened piece where its box stood and shifts what stands beside and below. So what does not meet
here never meets there, and no layout is worked out in the page.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence, Set
from dataclasses import replace
from typing import Any

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.lay import metrics as m
from graphbuilder.backends.graphviz.lay.drawing import Drawing, Run, Shape
from graphbuilder.backends.graphviz.lay.ladder import ladder, place_ladder
from graphbuilder.backends.graphviz.lay.metrics import Metrics
from graphbuilder.backends.graphviz.lay.parts import BoxMark, LabelMark, Part, Tip, WireMark, attach
from graphbuilder.backends.graphviz.lay.pen import Pen, tidied
from graphbuilder.backends.graphviz.lay.placing import Placer
from graphbuilder.backends.graphviz.lay.unknown import is_behind, kind_of
from graphbuilder.backends.graphviz.options import Options
from graphbuilder.backends.graphviz.read.policy import is_chained
from graphbuilder.backends.graphviz.read.scene import OUTSIDE, Box, Region
from graphbuilder.backends.graphviz.read.structure import Element, structure
from graphbuilder.backends.html.folds import Fold
from graphbuilder.backends.html.sheets import Sheet, Sheets

Data = dict[str, Any]
_PORTS, _TITLE, _LEAST_U, _BELOW = 16.0, 190.0, 250.0, 14.0
_MARK, _SMALL = 46.0, 8.5
_HEADED, _FOOT = 4.0, 6.0
"""The least room in a frame before what is in it, and behind."""


class Pieces:
    """All pieces of one network, the first of them of its own body, one behind the other.

    ``cards`` are the paths of those in the figure.
    """

    def __init__(self, typed: TypedGraph, options: Options, cards: Collection[str]) -> None:
        self._options = replace(options, direction="TB")
        self._sheets = Sheets(typed, bool(options.shapes), cards)
        boxes = (item for sheet in self._sheets.all for item in sheet.region.items.values())
        self._metrics = Metrics.of(Region(items={str(number): box for number, box in enumerate(boxes)}), self._options)

    def data(self) -> Data:
        """Everything placed."""
        placed = [self._place(sheet) for sheet in self._sheets.all]
        return {
            "atoms": len(self._sheets.atoms),
            "between": self._between(),
            "wide": self._metrics.wide,
            "pieces": placed,
        }

    def _between(self) -> list[str]:
        """The shape of the value between each atom and the next, wherever it says something."""
        atoms, said = self._sheets.atoms, list[str]()
        for sheet in atoms[:-1]:
            (leaving,) = (link.source for link in sheet.region.links if link.target == OUTSIDE)
            box = sheet.region.items[leaving.item]
            end = isinstance(box, Box) and box.look == "terminal"
            said.append(text.shape(sheet.region.types[leaving]) if self._options.shapes and not end else "")
        folds = [bool(sheet.folds) for sheet in atoms]
        before = ["", *said]
        return [word if folds[n] or folds[n + 1] or word != before[n] else "" for n, word in enumerate(said)]

    def _place(self, sheet: Sheet) -> Data:
        sheet.region.mark_skips()
        placer = Placer(sheet.region, self._metrics, self._options, upward=sheet.upward)
        part = _placed(sheet.region, placer, sheet.prefix == "")
        if sheet.prefix:
            part.before, part.after = min(part.before, _HEADED), min(part.after, _FOOT)
        side = _aside(part) if sheet.upward else []
        part = _entry(part)
        _leave(part)
        if sheet.upward:
            part.flip()
            part.move(part.length, 0.0)
        return {**self._data(sheet, part), **_sides(side)}

    def _data(self, sheet: Sheet, part: Part) -> Data:
        drawing = Drawing("")
        boxes = [mark for mark in part.marks if isinstance(mark, BoxMark)]
        labels = [mark for mark in part.marks if isinstance(mark, LabelMark)]
        wires = [mark for mark in part.marks if isinstance(mark, WireMark)]
        # Equal bodies are placed once: the page writes the names, which differ.
        Pen(drawing, replace(self._metrics, names=False), 0.0, 0.0).draw([*boxes])
        numbers = {mark.box.path: number for number, mark in enumerate(boxes)}
        fields = [self._box(sheet, mark, shape) for mark, shape in zip(boxes, drawing.shapes, strict=True)]
        free = _free(part, sheet.turned)
        for data, mark in zip(fields, boxes, strict=True):
            if "fold" in data and mark.box.path in free:
                data["free"] = _n(free[mark.box.path])
        return {
            "size": [_n(part.left), _n(part.right), _n(part.length)],
            "up": sheet.upward,
            "boxes": fields,
            "wires": [_wire(mark, numbers, sheet.region) for mark in wires],
            "words": [[_n(mark.across), _n(mark.along), mark.text] for mark in labels],
        }

    def _box(self, sheet: Sheet, mark: BoxMark, shape: Shape) -> Data:
        box = mark.box
        path = box.path.removesuffix(".").removeprefix(sheet.prefix)
        data: Data = {
            "path": path,
            "at": [_n(shape.x), _n(shape.y), _n(shape.wide), _n(shape.high)],
            "style": "unknown" if is_behind(box, sheet.region) else shape.style,
            "lines": [[_run(run) for run in line if run.text] for line in shape.lines],
        }
        if shape.outline == "circle":
            data["round"] = True
        if shape.dashed:
            data["dashed"] = True
        if shape.faded:
            data["faded"] = True
        if box.path in sheet.lots:
            data |= _lot(box, sheet, shape.wide)
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


def _fold(fold: Fold, sheet: Sheet) -> Data:
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
        data |= {"turns": len(fold.turns)} if fold.turns else {}
        data |= {} if fold.turns or is_chained(fold.run, fold.typed) else {"beside": True}
    return data


def _lot(box: Box, sheet: Sheet, wide: float) -> Data:
    """Of a box that stands for several items the last, and how it opens, unless a line may be of several values."""
    last = next(reversed(sheet.lots[box.path].items))
    data: Data = {"until": last.removesuffix(".").removeprefix(sheet.prefix)}
    if box.path in sheet.inner:
        said = text.fit(box.title, wide - _MARK, _SMALL, bold=True), text.fit(box.detail, wide - _MARK, _SMALL)
        data["lines"] = [[[said[0], _SMALL, True]], [[said[1], _SMALL]]]
        data["fold"] = {"kind": "lot", "title": box.title, "note": box.detail, "prefix": "", **sheet.inner[box.path]}
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


def _aside(part: Part) -> list[WireMark]:
    """The values that come to ``part`` from its left: they are led in there, and are no longer ``part.ins``.

    One is of these if nothing else stands where it comes in.
    """
    found: list[WireMark] = []
    boxes = [mark for mark in part.marks if isinstance(mark, BoxMark)]
    for link, tips in list(part.ins.items()):
        (_, start), (along, end) = tips[0].points[0], tips[0].points[-1]
        alone = all(box.across >= end or abs(box.along - along) > box.high for box in boxes)
        if len(tips) == 1 and len(part.ins) > 1 and link.source.item == OUTSIDE and start < end and alone:
            del part.ins[link]
            points = [(along, -part.left), (along, end)]
            found.append(WireMark(points, tips[0].of("shortcut").kind, f"in {link.source.port}", tips[0].item, link))
    part.marks += found
    return found


def _sides(wires: Sequence[WireMark]) -> Data:
    """At which height values come in from the left, by their number."""
    sides = {mark.link.source.port: _n(mark.points[0][0]) for mark in wires}
    return {"sides": sides} if sides else {}


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


def _wire(mark: WireMark, numbers: dict[str, int], region: Region) -> list[Any]:
    """Its kind, its ends (a box's number, or a point at the edge) each with its port, and its corners."""
    points = tidied(tuple((across, along) for along, across in mark.points))
    flat = [_n(each) for point in points for each in point]
    tail, head = numbers.get(mark.tail, mark.tail), numbers.get(mark.head, mark.head)
    kind = kind_of(mark.kind, mark.link.source, region)
    return [kind, tail, mark.link.source.port, head, mark.link.slot, flat]


def _run(run: Run) -> list[Any]:
    return [run.text, _n(run.size), *([True] if run.bold else [])]


def _n(number: float) -> float:
    """Two decimals, and none where there are none."""
    rounded = round(number, 2)
    return int(rounded) if rounded == int(rounded) else rounded
