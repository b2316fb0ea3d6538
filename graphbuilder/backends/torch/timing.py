"""The time of a forward, of several modules beside each other, so that what slows the machine slows them all."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from statistics import median

import torch
from torch import nn

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.torch.memory import memory_coded
from graphbuilder.backends.torch.rounds import Tell, in_turns
from graphbuilder.backends.torch.trial import drawn

BUDGET = 10.0  # seconds for all modules together, unless the fewest rounds take more


def medians(
    modules: Sequence[nn.Module], graphs: Sequence[TypedGraph], *, batch: int, device: torch.device, tell: Tell
) -> list[float]:
    """The median seconds of a forward of each module in evaluation, on random batches, all run in turns.

    ``tell`` is called with (rounds done, rounds in all).

    Raises:
        CompileError: GB707 where memory runs out.
    """
    with torch.inference_mode(), memory_coded(f"run batches of {batch}"):
        inputs = [drawn(graph, batch, 0, device, torch.float32) for graph in graphs]
        runs = [partial(module.eval(), *given) for module, given in zip(modules, inputs, strict=True)]
        return [median(each) for each in in_turns(runs, device, BUDGET, tell)]
