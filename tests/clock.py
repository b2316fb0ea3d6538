"""What work costs on a machine that others use too, where the same work may cost thrice as much the next moment.

Two costs are compared in turns, so that what others do meets both, and anew until a turn holds: noise is gone in one of
them, and what costs too much does so in all.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable

TURNS = 6

# What the work of `slowness` takes on the machine that the seconds of tests were measured on.
USUAL = 0.26


def spent() -> float:
    """Seconds of processor time of this process, and of those of its own that ended."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def cost(work: Callable[[], object]) -> float:
    """Seconds of processor time that ``work`` takes."""
    start = spent()
    work()
    return spent() - start


def taken(work: Callable[[], object]) -> float:
    """Seconds that pass while ``work`` is done, by whomever."""
    start = time.monotonic()
    work()
    return time.monotonic() - start


def slowness(measured: Callable[[Callable[[], object]], float] = cost) -> float:
    """How many seconds here and now are one on the machine that was measured; 1 where this one is no slower."""
    return max(1.0, measured(lambda: sum(number * number for number in range(5_000_000))) / USUAL)


def ratio(one: Callable[[], float], other: Callable[[], float], most: float) -> float:
    """How many times what ``other`` measures ``one`` does, in the first turn that is below ``most`` or the best."""
    found = float("inf")
    before = other()
    for _ in range(TURNS):
        measured, behind = one(), other()
        found = min(found, 2 * measured / (before + behind))
        if found < most:
            break
        before = behind
    return found


def least(measure: Callable[[], float], most: float, slow: Callable[[], float] | None = None) -> float:
    """The seconds of the machine that was measured that ``measure`` gives, which are to be less than ``most``."""
    found = measure()
    return found if found < most else ratio(measure, slow or slowness, most)


def lateness() -> float:
    """How many seconds pass here and now in place of one on the machine that was measured, doing nothing else."""
    return slowness(taken)


def seconds(work: Callable[[], object], most: float) -> float:
    """The seconds of processor time that ``work`` takes, on the machine that was measured."""
    return least(lambda: cost(work), most)
