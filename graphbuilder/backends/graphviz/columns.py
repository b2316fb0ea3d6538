"""Which panel stands in which column: a choice of column length that gives the sheet the shape of a page. Knows only numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

_ASPECT = 1.3
_CUT = 0.12
_LONG = 1300.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """One unit to be placed: the lengths of the pieces that it can be cut into, and what a panel adds to their sum.

    A titled one is cut only when it is very long.
    """

    pieces: tuple[float, ...]
    extra: float
    titled: bool

    @property
    def length(self) -> float:
        return sum(self.pieces) + self.extra


@dataclass(frozen=True, slots=True)
class Share:
    """A panel: pieces ``start`` to ``end`` of unit number ``unit``."""

    unit: int
    start: int
    end: int


def arrange(units: Sequence[Stretch], wide: float, gap: float, upright: bool) -> list[list[Share]]:
    """Columns of panels, each column ``wide``; ``upright`` says that columns are columns and not rows."""
    whole = sum(unit.length for unit in units)
    limits = {unit.length for unit in units} | {whole / count for count in range(1, 25)} | {whole}
    found = [_fill(units, limit + 1, gap) for limit in limits]
    return min(found, key=lambda columns: (round(_fault(columns, units, wide, gap, upright), 6), len(columns)))


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
    if unit.length <= max(limit, _LONG if unit.titled else 0.0) or len(unit.pieces) == 1:
        return [whole]
    total = sum(unit.pieces)
    count = -(-total // max(1.0, limit - unit.extra))
    shares: list[Share] = []
    start, used = 0, 0.0
    for end, piece in enumerate(unit.pieces):
        if end > start and used + piece / 2 > total / count:
            shares.append(Share(number, start, end))
            start, used = end, 0.0
        used += piece
    return [*shares, Share(number, start, len(unit.pieces))]


def _length(share: Share, units: Sequence[Stretch]) -> float:
    unit = units[share.unit]
    return sum(unit.pieces[share.start : share.end]) + unit.extra


def _fault(columns: list[list[Share]], units: Sequence[Stretch], wide: float, gap: float, upright: bool) -> float:
    """How far the sheet is from a page, and how often something is cut."""
    long = max(sum(_length(share, units) + gap for share in column) for column in columns)
    broad = len(columns) * (wide + gap)
    aspect = broad / long if upright else long / broad
    cuts = sum(len(column) for column in columns) - len(units)
    return abs(log(aspect / _ASPECT)) + _CUT * cuts
