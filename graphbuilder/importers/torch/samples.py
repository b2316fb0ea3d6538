"""What a spec is tried on beside a person's example, which may be all zeros, or one sample."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from graphbuilder.importers.torch.modes import evaluating


def drawn(example: Sequence[Tensor], batch: int, *, ranged: bool) -> tuple[Tensor, ...]:
    """Random inputs of the shapes of ``example``, ``batch`` samples of each; the same ones on every run.

    Args:
        ranged: whether they lie between the least and the largest number of their example, where these differ; else
            they have mean 0 and deviation 1. Whole numbers lie between those always.
    """
    draws = torch.Generator().manual_seed(batch)
    return tuple(_drawn(each, (batch, *each.shape[1:]), draws, ranged=ranged) for each in example)


def takes(model: nn.Module, inputs: Sequence[Tensor]) -> bool:
    """Whether ``model`` runs on ``inputs`` in evaluation; they stay as they are."""
    try:
        with evaluating(model), torch.no_grad():
            model(*(each.clone() for each in inputs))
    except Exception:  # whatever the module's own code raises
        return False
    return True


def several(model: nn.Module, example: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """``example``, of two samples where it is of one and ``model`` takes two: what is a batch of 1 shows nothing."""
    if not example or any(each.shape[:1] != (1,) for each in example):
        return tuple(example)
    more = zip(example, drawn(example, 1, ranged=True), strict=True)
    pairs = tuple(torch.cat(pair) for pair in more)
    return pairs if takes(model, pairs) else tuple(example)


def _drawn(example: Tensor, shape: tuple[int, ...], draws: torch.Generator, *, ranged: bool) -> Tensor:
    least, most = (float(end) for end in example.detach().double().aminmax()) if example.numel() else (0.0, 0.0)
    if not example.is_floating_point():
        return torch.randint(int(least), int(most) + 1, shape, generator=draws).to(example)
    if ranged and least < most:
        return (torch.rand(shape, generator=draws) * (most - least) + least).to(example)
    return torch.randn(shape, generator=draws).to(example)
