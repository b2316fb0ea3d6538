"""One forward on random numbers: whether a module runs, where, and how long that took."""

from __future__ import annotations

from time import perf_counter
from typing import NamedTuple

import torch
from torch import nn

from graphbuilder.analysis.inference import TypedGraph


class Trial(NamedTuple):
    """What came of it; ``seconds`` are of the forward alone, the first of its kind."""

    device: str
    dtype: str
    batch: int
    seconds: float


def dtype_named(name: str) -> torch.dtype:
    """The type of that name: "float32", "bfloat16", "float16"."""
    return getattr(torch, name)


def try_out(
    module: nn.Module, typed: TypedGraph, *, batch: int, device: torch.device, dtype: torch.dtype, seed: int
) -> Trial:
    """Run ``module`` in evaluation on a batch drawn from ``seed``; it is left in the mode that it was found in."""
    drawn = torch.Generator().manual_seed(seed)
    inputs = [torch.randn(batch, *type_.shape, generator=drawn).to(device, dtype) for type_ in typed.inputs]
    mode = module.training
    with torch.inference_mode():
        _finish(device)
        start = perf_counter()
        module.eval()(*inputs)
        _finish(device)
        seconds = perf_counter() - start
    module.train(mode)
    return Trial(str(device), str(dtype).removeprefix("torch."), batch, seconds)


def _finish(device: torch.device) -> None:
    """Wait for what was queued on a GPU."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
