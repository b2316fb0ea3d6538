"""Axes: from numbers to places, linear or logarithmic, with ticks at round numbers. Knows no sheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil, floor, log10
from typing import NamedTuple

SPREAD = 20  # from so many times the smallest on, a linear axis would crowd the small ones
ROOM = 0.06  # of the axis, left free at either end
_STEPS = (1, 2, 5, 10)
_UNITS = ((10**15, "P"), (10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))


class Axis(NamedTuple):
    """An axis from ``low`` to ``high``."""

    low: float
    high: float
    logarithmic: bool

    def place(self, number: float) -> float:
        """Where ``number`` stands, from 0 to 1."""
        low, high, at = map(log10, (self.low, self.high, number)) if self.logarithmic else (self.low, self.high, number)
        return (at - low) / (high - low)

    def ticks(self) -> list[float]:
        """Round numbers on the axis, three to nine of them as a rule."""
        found = self._decades((1, 2, 5)) if self.logarithmic else self._steps()
        return list(found) if len(found) < 10 else self._decades((1,))

    def _decades(self, digits: tuple[int, ...]) -> list[float]:
        powers = range(floor(log10(self.low)), ceil(log10(self.high)) + 1)
        ticks = (digit * 10.0**power for power in powers for digit in digits)
        return [tick for tick in ticks if self.low <= tick <= self.high]

    def _steps(self) -> list[float]:
        least = (self.high - self.low) / 6
        power = 10.0 ** floor(log10(least))
        step = next(power * each for each in _STEPS if power * each >= least)
        return [number * step for number in range(ceil(self.low / step), floor(self.high / step) + 1)]


def axis_of(numbers: Sequence[float]) -> Axis:
    """An axis that holds ``numbers`` with some room; logarithmic where they are far apart."""
    low, high = min(numbers), max(numbers)
    if low > 0 and high / low >= SPREAD:
        room = (high / low) ** ROOM
        return Axis(low / room, high * room, True)
    room = ROOM * (high - low) or abs(high) / 2 or 1.0
    return Axis(max(low - room, 0.0) if low >= 0 else low - room, high + room, False)


def told(number: float) -> str:
    """``25 M``, ``0``."""
    unit, letter = next(((unit, letter) for unit, letter in _UNITS if number >= unit), (1, ""))
    return f"{number / unit:.4g} {letter}".strip()


def pairs(axis: Axis) -> Iterator[tuple[float, str]]:
    """The place and the text of every tick."""
    return ((axis.place(tick), told(tick)) for tick in axis.ticks())
