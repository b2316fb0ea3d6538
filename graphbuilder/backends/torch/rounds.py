"""Several things timed in turns: what slows the machine slows them all, and ratios are taken within a round."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter

import torch

Run = Callable[[], object]
Tell = Callable[[int, int], None]
WARM_UP, FEWEST, MOST = 2, 5, 1000  # the first runs allocate, choose kernels and fill caches


def in_turns(runs: Sequence[Run], place: torch.device, budget: float, tell: Tell) -> list[list[float]]:
    """The seconds of each, round by round; every other round runs them from the last to the first.

    There are as many rounds as ``budget`` seconds hold, and ``FEWEST`` at least.
    """
    warm = [_round(runs, place, number) for number in range(WARM_UP)][-1]
    count = min(max(int(budget / sum(warm)), FEWEST), MOST)
    rounds: list[list[float]] = []
    for number in range(count):
        tell(number, count)
        rounds.append(_round(runs, place, number))
    tell(count, count)
    return [list(each) for each in zip(*rounds, strict=True)]


def ratio(theirs: Sequence[float], ours: Sequence[float]) -> float:
    """How often as fast ``ours`` is: the median of the rounds' ratios."""
    return median(their / our for their, our in zip(theirs, ours, strict=True))


def timed(run: Run, place: torch.device) -> float:
    """The seconds of one run, with what it queues on a GPU and without what was queued there before."""
    _finish(place)
    start = perf_counter()
    run()
    _finish(place)
    return perf_counter() - start


def _finish(place: torch.device) -> None:
    """Wait for what was queued on a GPU."""
    if place.type == "cuda":
        torch.cuda.synchronize(place)


def _round(runs: Sequence[Run], place: torch.device, number: int) -> list[float]:
    turned = number % 2 == 1
    seconds = [timed(run, place) for run in (reversed(runs) if turned else runs)]
    return seconds[::-1] if turned else seconds
