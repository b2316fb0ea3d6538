"""Which step of one body is which of another: by name, by what they are, then by how much they have in common.

Steps with one given name are one wherever they stand. Of the others no two change places, so that what is inserted is
found as inserted: equal ends first, then the best alignment of what is between (Needleman and Wunsch 1970). Where that
is much, it is cut at steps that are equal and the only ones so (Cohen's patience diff), so that all takes n log n.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import pairwise
from math import log10

from graphbuilder.differing.steps import Step, ops_inside
from graphbuilder.ir import Graph, Op

Pairs = list[tuple[int, int]]
_LARGEST_GAP = 4096
"""The most pairs of steps that are weighed against each other between two that are certain."""
_KIN = ({"convolution", "separable"},)
"""Families whose ops take each other's places, besides those of one family."""


class Matching:
    """Matches the steps of bodies; one instance serves one comparison."""

    def __init__(self) -> None:
        self._inside: dict[Graph, Counter[str]] = {}

    def pairs(self, before: Sequence[Step], after: Sequence[Step]) -> Pairs:
        """Which are one, as numbers of ``before`` and ``after``, in the order of ``before``."""
        head = _common(before, after)
        tail = _common(before[head:][::-1], after[head:][::-1])
        ends = len(before) - tail, len(after) - tail
        found = [(number, number) for number in range(head)]
        found += [(ends[0] + number, ends[1] + number) for number in range(tail)]
        found += self._middle(before, after, range(head, ends[0]), range(head, ends[1]))
        return sorted(found)

    def _middle(
        self, before: Sequence[Step], after: Sequence[Step], ours: range, theirs: range
    ) -> Iterator[tuple[int, int]]:
        named = _named(before, after, ours, theirs)
        yield from named
        taken = {one for one, _ in named}, {other for _, other in named}
        for here, there in _gaps(_rising(named), ours, theirs):
            left = [number for number in here if number not in taken[0]]
            right = [number for number in there if number not in taken[1]]
            yield from self._gap(before, after, left, right)

    def _gap(
        self, before: Sequence[Step], after: Sequence[Step], ours: list[int], theirs: list[int]
    ) -> Iterator[tuple[int, int]]:
        """What is between two that are certain; where it is much, around steps that are equal and the only ones so."""
        anchors: Pairs = []
        if len(ours) * len(theirs) > _LARGEST_GAP:
            anchors = _unique(before, after, ours, theirs, lambda step: step.token)
            anchors = anchors or _unique(before, after, ours, theirs, lambda step: (step.name, step.label))
        yield from ((ours[one], theirs[other]) for one, other in anchors)
        for here, there in _gaps(anchors, range(len(ours)), range(len(theirs))):
            left, right = [ours[number] for number in here], [theirs[number] for number in there]
            if not left or not right or len(left) * len(right) > _LARGEST_GAP:
                continue
            weights = [[self._likeness(before[one], after[other]) for other in right] for one in left]
            yield from ((left[one], right[other]) for one, other in _aligned(weights))

    def _likeness(self, one: Step, other: Step) -> float:
        """How much speaks for two steps being one; nothing where they are not.

        Steps of many weights count more: a norm that changes places with a convolution is what was moved.
        """
        found = self._sameness(one, other)
        weights = min(one.costs.trainable, other.costs.trainable)
        return found * (1.0 + log10(1 + weights) / 3) if found else 0.0

    def _sameness(self, one: Step, other: Step) -> float:
        named = 0.25 * (one.name == other.name) - 0.5 * bool(one.given and other.given)
        if one.token == other.token:
            return 3.0 + named
        if one.op and other.op:
            found = _op_likeness(one.op, other.op)
        elif one.op or other.op:
            found = 0.0
        else:
            found = self._body_likeness(one, other)
        return max(0.0, found + named) if found else 0.0

    def _body_likeness(self, one: Step, other: Step) -> float:
        """By the share of their ops that they have in common (Dice 1945)."""
        ours, theirs = (
            ops_inside(graph, self._inside)
            for graph in (one.node.callee, other.node.callee)
            if isinstance(graph, Graph)
        )
        total = ours.total() + theirs.total()
        common = 2 * (ours & theirs).total() / total if total else 0.0
        if one.label == other.label:
            return 2.0 + common
        return 1.0 + common if common >= 0.5 else 0.0


def _op_likeness(one: Op, other: Op) -> float:
    if type(one) is type(other):
        ours, theirs = dict(one), dict(other)
        return 2.0 + sum(ours[name] == theirs[name] for name in ours) / max(1, len(ours))
    families = {one.family, other.family}
    return 0.75 if len(families) == 1 or any(families <= kin for kin in _KIN) else 0.0


def _common(before: Sequence[Step], after: Sequence[Step]) -> int:
    """How many are equal from the start on."""
    number = 0
    for one, other in zip(before, after, strict=False):
        if one.token != other.token:
            break
        number += 1
    return number


def _named(before: Sequence[Step], after: Sequence[Step], ours: range, theirs: range) -> Pairs:
    """Those that a person gave one name."""
    places = {after[number].given: number for number in theirs if after[number].given}
    return [(number, places[before[number].given]) for number in ours if before[number].given in places]


def _unique(
    before: Sequence[Step], after: Sequence[Step], ours: list[int], theirs: list[int], key: Callable[[Step], Hashable]
) -> Pairs:
    """Those whose key is on each side once, as far as they stand in one order; numbers of ``ours`` and ``theirs``."""
    left, right = [key(before[number]) for number in ours], [key(after[number]) for number in theirs]
    counts, others = Counter(left), Counter(right)
    places = {each: number for number, each in enumerate(right) if others[each] == 1}
    return _rising([(number, places[each]) for number, each in enumerate(left) if counts[each] == 1 and each in places])


def _rising(pairs: Pairs) -> Pairs:
    """The most of ``pairs`` that rise on both sides (Schensted 1961)."""
    ends: list[int] = []
    chains: list[tuple[int, int]] = []
    links: dict[tuple[int, int], tuple[int, int] | None] = {}
    for pair in pairs:
        place = bisect_left(ends, pair[1])
        links[pair] = chains[place - 1] if place else None
        ends[place : place + 1], chains[place : place + 1] = [pair[1]], [pair]
    found: Pairs = []
    pair = chains[-1] if chains else None
    while pair is not None:
        found.append(pair)
        pair = links[pair]
    return found[::-1]


def _gaps(anchors: Pairs, ours: range, theirs: range) -> Iterator[tuple[range, range]]:
    """What lies between ``anchors``, before the first and behind the last."""
    bounds = [(ours.start - 1, theirs.start - 1), *anchors, (ours.stop, theirs.stop)]
    for (low, below), (high, above) in pairwise(bounds):
        if high - low > 1 and above - below > 1:
            yield range(low + 1, high), range(below + 1, above)


def _aligned(weights: list[list[float]]) -> Pairs:
    """The pairs in one order whose weights are the most together."""
    rows, columns = len(weights), len(weights[0])
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for row in range(rows - 1, -1, -1):
        for column in range(columns - 1, -1, -1):
            weight = weights[row][column]
            together = weight + best[row + 1][column + 1] if weight else 0.0
            best[row][column] = max(best[row + 1][column], best[row][column + 1], together)
    found: Pairs = []
    row = column = 0
    while row < rows and column < columns:
        weight = weights[row][column]
        if weight and best[row][column] == weight + best[row + 1][column + 1]:
            found.append((row, column))
            row, column = row + 1, column + 1
        elif best[row][column] == best[row + 1][column]:
            row += 1
        else:
            column += 1
    return found
