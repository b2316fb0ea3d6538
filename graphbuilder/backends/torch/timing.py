"""The time of a forward, of several modules beside each other, so that what slows the machine slows them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

import torch
from torch import Tensor, nn

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.torch.memory import memory_coded
from graphbuilder.backends.torch.trial import drawn, timed

WARM_UP = 3  # the first forwards allocate, choose kernels and fill caches
FEWEST, MOST = 5, 100
BUDGET = 10.0  # seconds for all modules together, once the fewest rounds are done

Tell = Callable[[int, int], None]


def medians(
    modules: Sequence[nn.Module], graphs: Sequence[TypedGraph], *, batch: int, device: torch.device, tell: Tell
) -> list[float]:
    """The median seconds of a forward of each module in evaluation, on random batches.

    Every round runs each module once; rounds go forth and back in turn, and are as many as a budget of time allows.
    ``tell`` is called with (rounds done, rounds in all).

    Raises:
        CompileError: GB707 where memory runs out.
    """
    with torch.inference_mode(), memory_coded(f"run batches of {batch}"):
        inputs = [drawn(graph, batch, 0, device, torch.float32) for graph in graphs]
        pairs = [(module.eval(), given) for module, given in zip(modules, inputs, strict=True)]
        warm = [_round(pairs, device, number) for number in range(WARM_UP)][-1]
        rounds = min(max(int(BUDGET / sum(warm)), FEWEST), MOST)
        seconds: list[list[float]] = []
        for number in range(rounds):
            tell(number, rounds)
            seconds.append(_round(pairs, device, number))
        tell(rounds, rounds)
    return [median(each) for each in zip(*seconds, strict=True)]


def _round(pairs: Sequence[tuple[nn.Module, list[Tensor]]], device: torch.device, number: int) -> list[float]:
    """The seconds of each, in the order of ``pairs``; every other round runs them from the last to the first."""
    turned = number % 2 == 1
    seconds = [timed(module, inputs, device) for module, inputs in (reversed(pairs) if turned else pairs)]
    return seconds[::-1] if turned else seconds
