"""Training without chance: what draws numbers to drop by does what it does in the mean, so that answers compare."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

# What gives in the mean what it is given.
_KINDS = ("", "1d", "2d", "3d")
_DROPPING = (*(f"dropout{kind}" for kind in _KINDS), "feature_dropout", "alpha_dropout", "feature_alpha_dropout")
# Where attention is told its rate.
_RATE = 4


class Steady(TorchFunctionMode):
    """Dropouts drop nothing, and chances are drawn as what they are."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given: dict[str, Any] = kwargs or {}
        name = getattr(func, "__name__", "")
        if name in _DROPPING:
            return args[0] if args else given["input"]
        if name == "bernoulli_":
            return args[0].fill_(args[1] if len(args) > 1 else given.get("p", 0.5))
        if name == "scaled_dot_product_attention":
            args = (*args[:_RATE], *([0.0] if len(args) > _RATE else []), *args[_RATE + 1 :])
            given = {key: 0.0 if key == "dropout_p" else value for key, value in given.items()}
        if name == "multi_head_attention_forward":
            given = {**given, "training": False}
        return func(*args, **given)


def in_training(model: nn.Module) -> nn.Module:
    """A copy of ``model`` in training and in double precision, where rounding does not tell batch norms apart."""
    return deepcopy(model).to(torch.float64).train()


def steadily(model: nn.Module, inputs: Sequence[Tensor]) -> Any:
    """What ``model`` answers without chance; it learns no gradients of it."""
    with torch.no_grad(), Steady():
        return model(*(each.to(torch.float64, copy=True) for each in inputs))
