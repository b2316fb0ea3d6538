"""How a repeat is written: as runs of equal copies, as a loop over differing ones, or as calls in the parent's
``forward``.

Runs are cut at the union of what all instances of a class need, so that ``[n]`` and ``[1, n - 1]`` agree.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import NamedTuple

from graphbuilder.backends.python.parts import ClassPart, OpPart, Part, RepeatPart
from graphbuilder.backends.python.shapes import forward_values, shape_of

# More runs than this become a loop over what differs, where one constructor serves them all; fewer, where instances
# have different numbers of copies.
MOST_RUNS = 4
MOST_UNEVEN_RUNS = 2


class Row(NamedTuple):
    """Copies of one shape in one instance, and how many further ones are like the last."""

    copies: tuple[Part, ...] = ()
    beyond: int = 0

    @property
    def length(self) -> int:
        return len(self.copies) + self.beyond


class Run(NamedTuple):
    """Copies that print one constructor: in each instance the first (None where the run is empty), and how many."""

    firsts: tuple[Part | None, ...]
    counts: tuple[int, ...]


class Series(NamedTuple):
    """Copies of one shape that differ from one to the next: all of them, in each instance."""

    rows: tuple[tuple[Part, ...], ...]

    @property
    def firsts(self) -> tuple[Part | None, ...]:
        return tuple(row[0] if row else None for row in self.rows)

    @property
    def counts(self) -> tuple[int, ...]:
        return tuple(map(len, self.rows))


def entries(column: Sequence[RepeatPart | None]) -> list[Run | Series]:
    """The entries of the container of a repeat; ``column`` has the repeat in each instance."""
    rows = [_by_shape(part) if part else [] for part in column]
    found: list[Run | Series] = []
    for index in range(max(map(len, rows))):
        alike = [row[index] if index < len(row) else Row() for row in rows]
        runs = _runs(alike)
        most = MOST_RUNS if len({row.length for row in alike}) == 1 else MOST_UNEVEN_RUNS
        series = len(runs) > most and not any(row.beyond for row in alike)
        found.extend([Series(tuple(row.copies for row in alike))] if series else runs)
    return found


def _by_shape(part: RepeatPart) -> list[Row]:
    """Stretches of copies of one shape."""
    copies = part.copies
    shapes = [shape_of(copy) for copy in copies]
    cuts = [index for index in range(1, len(copies)) if shapes[index] != shapes[index - 1]]
    rows = [Row(copies[start:stop]) for start, stop in pairwise([0, *cuts, len(copies)])]
    beyond = part.beyond if copies[-1] is part.parts[-1] else 0
    return [*rows[:-1], rows[-1]._replace(beyond=beyond)]


def _key(copy: Part) -> Hashable:
    call = copy.call if isinstance(copy, OpPart | ClassPart) else None
    return (call.target, call.values, forward_values(copy)) if call else forward_values(copy)


def _runs(rows: Sequence[Row]) -> list[Run]:
    starts, ends = _cuts(rows)
    bounds = [_bounds(row.length, starts, ends) for row in rows]
    return [
        Run(
            tuple(_first(row, *bound[index : index + 2]) for row, bound in zip(rows, bounds, strict=True)),
            tuple(bound[index + 1] - bound[index] for bound in bounds),
        )
        for index in range(len(starts) + len(ends) + 1)
    ]


def _first(row: Row, start: int, stop: int) -> Part | None:
    return row.copies[min(start, len(row.copies) - 1)] if start < stop else None


def _cuts(rows: Sequence[Row]) -> tuple[list[int], list[int]]:
    """Where runs end, counted from the start, or from the end (negative) where lengths differ and the end is nearer."""
    alike = len({row.length for row in rows}) == 1
    starts: set[int] = set()
    ends: set[int] = set()
    for row in rows:
        keys = [_key(copy) for copy in row.copies]
        for index in range(1, len(keys)):
            if keys[index] == keys[index - 1]:
                continue
            if alike or 2 * index <= row.length:
                starts.add(index)
            else:
                ends.add(index - row.length)
    return sorted(starts), sorted(ends)


def _bounds(length: int, starts: list[int], ends: list[int]) -> list[int]:
    before = [min(start, length) for start in starts]
    floor = before[-1] if before else 0
    return [0, *before, *(max(floor, length + end) for end in ends), length]
