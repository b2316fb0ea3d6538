"""The fastest of some ways: each is made, its answers compared, and those that may win are timed in turns.

Making one may take longer than all timing does, so that half of the time is for that: whoever's turn comes later is
left out, and told so. What is begun is not broken off, so that more time may pass than was given: as much as one takes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor

from graphbuilder.backends.torch.engines import Way, extra, lacking
from graphbuilder.backends.torch.rounds import FEWEST, Tell, in_turns, timed, turn
from graphbuilder.diagnostics.screen import safe
from graphbuilder.tuning.plan import Tried

SHARE = 0.5  # of the time, for making
SLOWER = 1.5  # than the best at first sight is not timed any longer

Run = Callable[..., Any]
Telling = Callable[[str], Tell]


class Trial(NamedTuple):
    """What all ways are tried on.

    Attributes:
        inputs: a batch.
        answers: the plain network's in single precision, one tensor an output.
        allowed: how far from these an answer may be, over the largest of them.
        place: the device.
        seconds: for everything.
        spent: of these, before there was a trial.
    """

    inputs: Sequence[Tensor]
    answers: Sequence[Tensor]
    allowed: float
    place: torch.device
    seconds: float
    spent: float = 0.0


def choose(
    ways: Sequence[Way],
    make: Callable[[Way], Run],
    trial: Trial,
    tell: Telling = lambda doing: lambda done, rounds: None,
    clock: Callable[[], float] = perf_counter,
) -> tuple[Way, dict[str, Tried]]:
    """The fastest of ``ways`` and what came of each; the first is taken where no other may win.

    Args:
        make: makes what runs a way on inputs like the trial's; whatever it raises leaves the way out.
    """
    start = clock() - trial.spent
    found: dict[str, Tried] = {}
    runs: dict[Way, Run] = {}
    for number, way in enumerate(ways):
        tell(f"preparing {way}")(number, len(ways))
        why = _why_not(way, bool(runs) and clock() - start > SHARE * trial.seconds)
        run, found[str(way)] = (None, Tried(left_out=why)) if why else _made(way, make, trial)
        if run is not None:
            runs[way] = partial(run, *trial.inputs)
    if not runs:
        return ways[0], found
    seconds = _timed(runs, ways[0], trial, trial.seconds - (clock() - start), tell("timing"))
    for way, (took, left_out) in seconds.items():
        found[str(way)] = Tried(took, found[str(way)].difference, left_out)
    return min((way for way in seconds if not seconds[way][1]), key=lambda way: seconds[way][0]), found


def _why_not(way: Way, late: bool) -> str:
    missing = lacking(way.engine)
    if missing:
        return f"{', '.join(missing)} not installed: pip install 'graphbuilder[{extra(way.engine)}]'"
    return "no time was left" if late else ""


def _made(way: Way, make: Callable[[Way], Run], trial: Trial) -> tuple[Run | None, Tried]:
    try:
        run = make(way)
        difference = apart(outputs(run(*trial.inputs)), trial.answers)
    # Compilers and runtimes raise what they like; the network runs without them.
    except Exception as error:
        line = (str(error).strip().splitlines() or [""])[0]
        return None, Tried(left_out=safe(f"fails: {type(error).__name__}: {line[:120]}"))
    if not difference <= trial.allowed:
        return None, Tried(left_out=f"its answers are {difference:.1e} apart")
    return run, Tried(difference=difference)


def _timed(runs: Mapping[Way, Run], first: Way, trial: Trial, left: float, tell: Tell) -> dict[Way, tuple[float, str]]:
    """The median of each, or where time is short how long one took, and why it was not timed to the end."""
    # The threads of whoever ran before may spin on for longer than a glance takes.
    glances = {way: min(turn(run, trial.place), timed(run, trial.place)) for way, run in runs.items()}
    limit = SLOWER * min(glances.values())
    rest = [way for way in runs if way == first or glances[way] <= limit]
    found = {way: (took, "" if way in rest else "slow at first sight") for way, took in glances.items()}
    # A turn is a run, and another that counts.
    if len(rest) < 2 or 2 * FEWEST * sum(glances[way] for way in rest) > left:
        return found
    times = in_turns([runs[way] for way in rest], trial.place, left, tell, warm_up=0)
    return {**found, **{way: (median(each), "") for way, each in zip(rest, times, strict=True)}}


def outputs(answers: Any) -> list[Tensor]:
    """What a module gives, one tensor an output, in single precision on the CPU."""
    each = list(cast("dict[str, Tensor]", answers).values()) if isinstance(answers, dict) else [cast("Tensor", answers)]
    return [one.detach().float().cpu() for one in each]


def apart(found: Sequence[Tensor], wanted: Sequence[Tensor]) -> float:
    """The largest difference over the largest number, of any output; NaN where there is one."""
    pairs = zip(found, wanted, strict=True)
    ratios = [(one - two).abs().max() / two.abs().max().clamp(min=1e-30) for one, two in pairs]
    return float(torch.stack(ratios).max())
