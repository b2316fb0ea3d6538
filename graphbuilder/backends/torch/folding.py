"""Weights of a plain network become those of its optimised form, by a recipe of the passes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from graphbuilder.passes import Fold, Recipe, Stack


def folded(recipe: Recipe, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The optimised network's tensors out of all of the plain one's; what the recipe does not name is passed on.

    Computed in double precision on the CPU; the result is in the layer's own precision, on its own device.

    Raises:
        KeyError: a tensor that a fold is made of is not there.
    """
    spent = {name for fold in recipe.folds for name in (*fold.sources, fold.counter)} | recipe.unread
    made = {name: tensor for fold in recipe.folds for name, tensor in _fold(fold, state)}
    made = {**{name: tensor for name, tensor in state.items() if name not in spent}, **made}
    for stack in recipe.stacks:
        made |= stacked(stack, made)
    parts = {name for stack in recipe.stacks for name in stack.sources}
    return {name: tensor for name, tensor in made.items() if name not in parts}


def stacked(stack: Stack, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of the one layer out of those of its parts.

    Raises:
        KeyError: one of them is not there.
    """
    return {
        f"{stack.layer}.{name}": torch.cat([state[f"{part}.{name}"] for part in stack.parts]) for name in stack.tensors
    }


def _fold(fold: Fold, state: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    kernel = state[f"{fold.layer}.weight"]
    numbers = {name: state[name].detach().to("cpu", torch.float64) for name in fold.sources}
    factor = (numbers[f"{fold.norm}.running_var"] + fold.eps).rsqrt()
    if fold.scale:
        factor = factor * numbers[f"{fold.norm}.weight"]
    bias = -numbers[f"{fold.norm}.running_mean"] * factor
    if fold.bias:
        bias = bias + numbers[f"{fold.layer}.bias"] * factor
    if fold.shift:
        bias = bias + numbers[f"{fold.norm}.bias"]
    scaled = _scaled(numbers[f"{fold.layer}.weight"], factor, fold.transposed)
    yield f"{fold.layer}.weight", scaled.to(kernel.device, kernel.dtype)
    yield f"{fold.layer}.bias", bias.to(kernel.device, kernel.dtype)


def _scaled(kernel: Tensor, factor: Tensor, groups: int) -> Tensor:
    """``kernel`` times ``factor`` along its output channels."""
    if not groups:
        return kernel * factor.reshape(-1, *(1 for _ in kernel.shape[1:]))
    parts = kernel.reshape(groups, -1, *kernel.shape[1:])
    return (parts * factor.reshape(groups, 1, -1, *(1 for _ in kernel.shape[2:]))).reshape(kernel.shape)
