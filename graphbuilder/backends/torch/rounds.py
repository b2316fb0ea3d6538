"""Several things timed in turns: what slows the machine slows them all, and ratios are taken within a round.

Runtimes let their threads spin after a call, in wait of the next: for tens of milliseconds, on cores that whoever is
next needs. So on a CPU a turn begins when no thread of the process works any longer, and with a run that does not
count: what is timed runs as it does where it is called again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter, process_time, sleep

import torch

Run = Callable[[], object]
Tell = Callable[[int, int], None]
WARM_UP, FEWEST, MOST = 2, 5, 1000  # the first runs allocate, choose kernels and fill caches
GLANCE, PATIENCE = 0.001, 0.5  # seconds between two looks at the threads, and of all looks ahead of a turn
IDLE = 0.25  # of a core's time: less is no thread that spins


def in_turns(
    runs: Sequence[Run], place: torch.device, budget: float, tell: Tell, *, warm_up: int = WARM_UP
) -> list[list[float]]:
    """The seconds of each, round by round; every other round runs them from the last to the first.

    There are as many rounds as ``budget`` seconds hold, and ``FEWEST`` at least, after ``warm_up`` that do not count.
    """
    for number in range(warm_up):
        _round(runs, place, number)
    rounds: list[list[float]] = []
    start, took = perf_counter(), 0.0
    while len(rounds) < FEWEST or (len(rounds) < MOST and took + took / len(rounds) <= budget):
        tell(len(rounds), _expected(len(rounds), took, budget))
        rounds.append(_round(runs, place, len(rounds)))
        took = perf_counter() - start
    tell(len(rounds), len(rounds))
    return [list(each) for each in zip(*rounds, strict=True)]


def ratio(theirs: Sequence[float], ours: Sequence[float]) -> float:
    """How often as fast ``ours`` is: the median of the rounds' ratios."""
    return median(their / our for their, our in zip(theirs, ours, strict=True))


def turn(run: Run, place: torch.device) -> float:
    """The seconds of a run that follows another of the same, neither in anybody's way."""
    if place.type != "cuda":
        _rest()
        run()
    return timed(run, place)


def timed(run: Run, place: torch.device) -> float:
    """The seconds of one run, with what it queues on a GPU and without what was queued there before."""
    _finish(place)
    start = perf_counter()
    run()
    _finish(place)
    return perf_counter() - start


def _expected(done: int, took: float, budget: float) -> int:
    """How many rounds there will be in all."""
    return min(max(int(budget * done / took), FEWEST), MOST) if done else FEWEST


def _rest() -> None:
    """Wait until no thread of the process works; not for ever, since somebody's may always."""
    end = perf_counter() + PATIENCE
    while perf_counter() < end:
        worked, start = process_time(), perf_counter()
        sleep(GLANCE)
        if process_time() - worked < IDLE * (perf_counter() - start):
            return


def _finish(place: torch.device) -> None:
    """Wait for what was queued on a GPU."""
    if place.type == "cuda":
        torch.cuda.synchronize(place)


def _round(runs: Sequence[Run], place: torch.device, number: int) -> list[float]:
    turned = number % 2 == 1
    seconds = [turn(run, place) for run in (reversed(runs) if turned else runs)]
    return seconds[::-1] if turned else seconds
