"""Ratios of two timings taken in turns: a machine that slows down slows both.

By the wall's clock, or by the processor's, of all threads together, which a busy machine changes little.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

Clock = Callable[[], float]


class Ratio(NamedTuple):
    """``ours`` over ``theirs``: the median of the rounds' ratios, and the lowest and highest."""

    name: str
    ours: float
    theirs: float
    median: float
    low: float
    high: float


def seconds(run: Callable[[], object], clock: Clock = time.perf_counter) -> float:
    """How long one call takes."""
    start = clock()
    run()
    return clock() - start


def compare(
    name: str,
    ours: Callable[[], object],
    theirs: Callable[[], object],
    rounds: int,
    clock: Clock = time.perf_counter,
) -> Ratio:
    """Time both ``rounds`` times in alternating order, after one call of each that does not count."""
    ours()
    theirs()
    pairs: list[tuple[float, float]] = []
    for index in range(rounds):
        if index % 2:
            second = seconds(theirs, clock)
            pairs.append((seconds(ours, clock), second))
        else:
            pairs.append((seconds(ours, clock), seconds(theirs, clock)))
    return ratio_of(name, pairs)


def ratio_of(name: str, pairs: Sequence[tuple[float, float]]) -> Ratio:
    """The ratio of seconds, ours and theirs round by round."""
    ratios = [mine / other for mine, other in pairs]
    mine, other = zip(*pairs, strict=True)
    return Ratio(
        name, statistics.median(mine), statistics.median(other), statistics.median(ratios), min(ratios), max(ratios)
    )
