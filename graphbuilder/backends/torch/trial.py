"""One forward on random numbers: whether a module runs, where, and how long that took."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.torch.memory import memory_coded
from graphbuilder.backends.torch.rounds import timed


class Trial(NamedTuple):
    """What came of it; ``seconds`` are of the forward alone, the first of its kind."""

    device: str
    dtype: str
    batch: int
    seconds: float


def try_out(
    module: nn.Module, typed: TypedGraph, *, batch: int, device: torch.device, dtype: torch.dtype, seed: int
) -> Trial:
    """Run ``module`` in evaluation on a batch drawn from ``seed``; it is left in the mode that it was found in.

    Raises:
        CompileError: GB707 where memory runs out.
    """
    mode = module.training
    try:
        with torch.inference_mode(), memory_coded(f"run a batch of {batch}"):
            seconds = timed(partial(module.eval(), *drawn(typed, batch, seed, device, dtype)), device)
    finally:
        module.train(mode)
    return Trial(str(device), str(dtype).removeprefix("torch."), batch, seconds)


def drawn(typed: TypedGraph, batch: int, seed: int, device: torch.device, dtype: torch.dtype) -> list[Tensor]:
    """A random batch for every input."""
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(batch, *type_.shape, generator=generator).to(device, dtype) for type_ in typed.inputs]
