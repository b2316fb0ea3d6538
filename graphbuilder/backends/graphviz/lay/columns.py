"""Which panel stands in which column: a choice of column length that gives the sheet the shape of a page.

Knows only numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import log

_UPRIGHT, _LYING = 1.27, 1.6
_CUT, _CUTS, _WASTE = 0.12, 5, 1.5
_MOST_IN_ONE = 6
"""Of how many neighbours in one column it is asked whether that is as long as a column should be."""
_NEAR, _FAR = 0.3, 1.5
"""How far from a page a sheet may be, as a logarithm, before it counts more, and how much more."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """One unit to be placed: the lengths of the pieces that it can be cut into, and what a panel adds to their sum.

    It is not cut while it is no longer than ``whole``. ``wides`` says for each piece how wide a column with it is.
    """

    pieces: tuple[float, ...]
    extra: float
    whole: float
    wides: tuple[float, ...]

    @property
    def length(self) -> float:
        return sum(self.pieces) + self.extra


@dataclass(frozen=True, slots=True)
class Share:
    """A panel: pieces ``start`` to ``end`` of unit number ``unit``."""

    unit: int
    start: int
    end: int


def arrange(units: Sequence[Stretch], gap: float, upright: bool) -> list[list[Share]]:
    """Columns of panels; ``upright`` says that columns are columns and not rows."""
    whole = sum(unit.length for unit in units)
    limits = {*_together(units, gap), *(whole / count for count in range(1, 61))}
    found = [_fill(units, limit + 1, gap) for limit in limits]
    return min(found, key=lambda columns: (round(_fault(columns, units, gap, upright), 6), len(columns)))


def _together(units: Sequence[Stretch], gap: float) -> Iterator[float]:
    """How long units are, and a few neighbours in one column."""
    for first in range(len(units)):
        lengths = (unit.length + gap for unit in units[first : first + _MOST_IN_ONE])
        yield from (length - gap for length in accumulate(lengths))


def _fill(units: Sequence[Stretch], limit: float, gap: float) -> list[list[Share]]:
    """Columns filled one after the other up to ``limit``."""
    columns: list[list[Share]] = []
    left = 0.0
    for share, length in ((s, _length(s, units)) for n, unit in enumerate(units) for s in _shares(n, unit, limit)):
        if columns and length <= left:
            columns[-1].append(share)
        else:
            columns.append([share])
            left = limit + gap
        left -= length + gap
    return columns


def _shares(number: int, unit: Stretch, limit: float) -> list[Share]:
    """``unit`` in as many even shares as ``limit`` asks for."""
    whole = Share(number, 0, len(unit.pieces))
    if unit.length <= max(limit, unit.whole) or len(unit.pieces) == 1:
        return [whole]
    ends = _even(unit.pieces, max(limit - unit.extra, *unit.pieces))
    return [Share(number, start, end) for start, end in pairwise([0, *ends])]


def _even(pieces: Sequence[float], limit: float) -> list[int]:
    """Where ``pieces`` end in as few stretches as keep to ``limit``, the longest of these as short as can be."""
    low, high = max(pieces), limit
    count = len(_greedy(pieces, limit))
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (low, middle) if len(_greedy(pieces, middle)) <= count else (middle, high)
    return _greedy(pieces, high)


def _greedy(pieces: Sequence[float], limit: float) -> list[int]:
    ends: list[int] = []
    used = 0.0
    for number, piece in enumerate(pieces):
        if used and used + piece > limit:
            ends.append(number)
            used = 0.0
        used += piece
    return [*ends, len(pieces)]


def _length(share: Share, units: Sequence[Stretch]) -> float:
    unit = units[share.unit]
    return sum(unit.pieces[share.start : share.end]) + unit.extra


def _wide(share: Share, units: Sequence[Stretch]) -> float:
    return max(units[share.unit].wides[share.start : share.end])


def _fault(columns: list[list[Share]], units: Sequence[Stretch], gap: float, upright: bool) -> float:
    """How far the sheet is from a page, how much of it is empty, and how often something is cut."""
    lengths = [sum(_length(share, units) + gap for share in column) for column in columns]
    long = max(lengths)
    wides = [max(_wide(share, units) for share in column) + gap for column in columns]
    broad = sum(wides)
    aspect = broad / long / _UPRIGHT if upright else long / broad / _LYING
    cuts = sum(len(column) for column in columns) - len(units)
    waste = log(broad * long / sum(length * wide for length, wide in zip(lengths, wides, strict=True)))
    off = abs(log(aspect))
    return off + _FAR * max(0.0, off - _NEAR) + _WASTE * waste + _CUT * min(cuts, _CUTS)
