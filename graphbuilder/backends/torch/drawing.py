"""Draws weights: each from (seed, name) alone.

So a weight is the same on any device, in any number of processes and whatever else the network has. Draws are made
on the CPU in float32 and rounded to the tensor's own type. The formulas are those of ``torch.nn.init``;
``lecun_normal``, which torch lacks, is a normal cut at two standard deviations with the variance that was asked
for, as Keras, JAX and timm have it.
"""

from __future__ import annotations

from hashlib import blake2b
from math import sqrt

import torch
from torch import Tensor, nn

from graphbuilder.ir import Initialiser, Weight

# The standard deviation of a standard normal cut at two of its own.
CUT_STD = 0.87962566103423978


class Painter:
    """Fills tensors for one seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def fill(self, tensor: Tensor, name: str, weight: Weight) -> None:
        """Draw ``weight`` into ``tensor``, in place and out of sight of autograd."""
        value = constant_of(weight.init)
        with torch.no_grad():
            if value is not None:
                tensor.fill_(value)
            elif tensor.device.type == "cpu" and tensor.dtype == torch.float32:
                self._draw(tensor, name, weight)
            else:
                tensor.copy_(self._draw(torch.empty(tensor.shape), name, weight))

    def _draw(self, tensor: Tensor, name: str, weight: Weight) -> Tensor:
        generator = torch.Generator().manual_seed(_number(self._seed, name))
        init = weight.init
        match init.kind:
            case "normal":
                return tensor.normal_(0, init.std, generator=generator)
            case "uniform":
                return tensor.uniform_(-init.bound, init.bound, generator=generator)
            case "truncated_normal":
                return nn.init.trunc_normal_(tensor, std=init.std, generator=generator)
            case "lecun_normal":
                std = scale(weight) / CUT_STD
                return nn.init.trunc_normal_(tensor, std=std, a=-2 * std, b=2 * std, generator=generator)
            case "xavier_normal" | "kaiming_normal":
                return tensor.normal_(0, scale(weight), generator=generator)
            case _:
                bound = sqrt(3) * scale(weight)
                return tensor.uniform_(-bound, bound, generator=generator)


def constant_of(init: Initialiser) -> float | None:
    """The one value of all elements, where nothing is drawn."""
    return {"zeros": 0.0, "ones": 1.0, "constant": init.value}.get(init.kind)


def scale(weight: Weight) -> float:
    """The standard deviation of a draw that is scaled by the fans."""
    fan_in, fan_out = weight.fan
    mode = "fan_avg" if weight.init.kind.startswith("xavier") else weight.init.mode
    fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]
    return weight.init.gain / sqrt(fan)


def _number(seed: int, name: str) -> int:
    return int.from_bytes(blake2b(f"{seed}:{name}".encode(), digest_size=8).digest(), "big")
