"""Streams that run beside each other from block to block keep columns of their own.

Where a block reads several values and gives several, what stands before it stands where it enters, and the block stands
where most of what it reads comes straight down. Knows placed parts and neither items nor the graph.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

from graphbuilder.backends.graphviz.lay import metrics as m
from graphbuilder.backends.graphviz.lay.parts import Part, Tip
from graphbuilder.backends.graphviz.read.scene import Link

Columns = Mapping[Link, float]
Branch = tuple[Collection[Link], Part]
"""A branch and the links that lead out of it."""


def entries(part: Part) -> Columns:
    """Where each value comes into ``part``: there where it goes on, and not where it is led by."""
    return {link: _main(tips).points[0][1] for link, tips in part.ins.items() if tips}


def leaving(part: Part) -> Columns:
    """Where each value stands behind ``part``."""
    return {link: tip.points[-1][1] for link, tip in {**part.through, **part.outs}.items()}


def keep_columns(part: Part, above: Columns) -> None:
    """Put ``part`` where most of what it reads, and several values at least, come straight down from ``above``."""
    shift, straight = _shift(entries(part), above)
    if straight > 1:
        part.move(0.0, shift)
        part.left, part.right = part.left - shift, part.right + shift


def in_columns(branches: Sequence[Branch], columns: Columns, above: Columns) -> Part | None:
    """``branches`` above the ``columns`` that they lead to, where each leads to one and all have room there.

    What only passes by, and comes from ``above``, says where the columns are.
    """
    places = [{round(columns[link], 2) for link in links if link in columns} for links, _ in branches]
    if any(len(place) != 1 for place in places) or len(set(map(frozenset, places))) < len(places):
        return None
    passing = {link: columns[link] for _, part in branches for link in part.through if link in columns}
    shift, _ = _shift(passing, above)
    placed = sorted(((place.pop(), part) for place, (_, part) in zip(places, branches, strict=True)), key=_place)
    if any(after - before < one.right + other.left + m.LANE for (before, one), (after, other) in pairwise(placed)):
        return None
    return _beside([(place + shift, part) for place, part in placed])


def abreast(parts: Sequence[Part], main: int | None = None) -> Part:
    """Branches side by side, the trunk in their middle or in that of number ``main``."""
    edges = [0.0]
    for part in parts:
        edges.append(edges[-1] + part.left + part.right + m.BRANCH_GAP)
    trunks = [edge + part.left for edge, part in zip(edges, parts, strict=False)]
    if main is None and len(trunks) % 2:
        main = len(trunks) // 2
    middle = trunks[main] if main is not None else (edges[-1] - m.BRANCH_GAP) / 2
    return _beside([(trunk - middle, part) for trunk, part in zip(trunks, parts, strict=True)])


def _beside(placed: Sequence[tuple[float, Part]]) -> Part:
    """One part of several, each at its place across."""
    parts = [part for _, part in placed]
    whole = Part(max(part.length for part in parts))
    whole.before, whole.after = max(part.before for part in parts), max(part.after for part in parts)
    whole.left = max(part.left - place for place, part in placed)
    whole.right = max(part.right + place for place, part in placed)
    whole.tail = max(part.length + part.tail for part in parts) - whole.length
    for place, part in placed:
        part.move(0.0, place)
        part.reach(0.0, whole.length)
        whole.marks += part.marks
        whole.take_in(part)
    return whole


def _place(placed: tuple[float, Part]) -> float:
    return placed[0]


def _main(tips: Sequence[Tip]) -> Tip:
    return next((tip for tip in tips if tip.kind == "flow"), tips[0])


def _shift(columns: Columns, above: Columns) -> tuple[float, int]:
    """By how much ``columns`` are to be shifted so that most wires run straight, and how many then do."""
    shifts = Counter(round(above[link] - place, 3) for link, place in columns.items() if link in above)
    if not shifts:
        return 0.0, 0
    most = max(shifts.values())
    return min((shift for shift, count in shifts.items() if count == most), key=abs), most
