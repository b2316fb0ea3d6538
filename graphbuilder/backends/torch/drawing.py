"""Draws weights: each from (seed, name) alone.

So a weight is the same on any device, in any number of processes and whatever else the network has. Draws are made
on the CPU in float32 and rounded to the tensor's own type. The formulas are those of ``torch.nn.init``;
``lecun_normal``, which torch lacks, is a normal cut at two standard deviations with the variance that was asked
for, as Keras, JAX and timm have it.

Drawing is most of what building costs. Normal numbers are torch's. Uniform ones are made of the bits of a generator of
numpy's, in half the time that torch takes; of cut ones, only those out of bounds are drawn again, where torch draws
all.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from math import sqrt

import torch
from numpy.random import SFC64
from torch import Tensor, nn

from graphbuilder.ir import Initialiser, Weight

# The standard deviation of a standard normal cut at two of its own.
CUT_STD = 0.87962566103423978
# Where torch's ``trunc_normal_`` cuts unless told otherwise, in units of the weights.
CUT = 2.0
# Numbers that are drawn at once: what they are made of stays in the cache.
TOGETHER = 1 << 16


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
            elif tensor.device.type == "cpu" and tensor.dtype == torch.float32 and tensor.is_contiguous():
                self._draw(tensor, name, weight)
            else:
                tensor.copy_(self._draw(torch.empty(tensor.shape), name, weight))

    def _draw(self, tensor: Tensor, name: str, weight: Weight) -> Tensor:
        seed, init = _number(self._seed, name), weight.init
        match init.kind:
            case "uniform":
                return _uniform(tensor, init.bound, seed)
            case "normal":
                return _normal(tensor, init.std, seed)
            case "truncated_normal" if init.std <= CUT:
                return _normal(tensor, init.std, seed, CUT)
            case "truncated_normal":  # most would be drawn again, and again
                return nn.init.trunc_normal_(tensor, std=init.std, generator=torch.Generator().manual_seed(seed))
            case "lecun_normal":
                std = scale(weight) / CUT_STD
                return _normal(tensor, std, seed, 2 * std)
            case "xavier_normal" | "kaiming_normal":
                return _normal(tensor, scale(weight), seed)
            case _:
                return _uniform(tensor, sqrt(3) * scale(weight), seed)


def _uniform(tensor: Tensor, bound: float, seed: int) -> Tensor:
    """Fill ``tensor``, contiguous, from ``-bound`` to ``bound``: 32 bits a number, as a fraction of 2^31."""
    bits = SFC64(seed)
    for part in _parts(tensor):
        drawn = torch.from_numpy(bits.random_raw((len(part) + 1) // 2).view("i4"))  # pyright: ignore[reportUnknownMemberType]
        torch.mul(drawn[: len(part)], bound * 2.0**-31, out=part)
    return tensor


def _normal(tensor: Tensor, std: float, seed: int, cut: float | None = None) -> Tensor:
    """Fill ``tensor``, contiguous, around 0; what is further from it than ``cut`` is drawn again until it is not."""
    generator = torch.Generator().manual_seed(seed)
    for part in _parts(tensor):
        part.normal_(0, std, generator=generator)
        if cut is not None:
            _cut(part, std, generator, cut)
    return tensor


def _cut(part: Tensor, std: float, generator: torch.Generator, cut: float) -> None:
    beyond = (part.abs() > cut).nonzero().squeeze(1)
    while len(beyond):
        again = torch.empty(len(beyond)).normal_(0, std, generator=generator)
        part[beyond] = again
        beyond = beyond[again.abs() > cut]


def _parts(tensor: Tensor) -> Iterator[Tensor]:
    flat = tensor.view(-1)
    return (flat[start : start + TOGETHER] for start in range(0, len(flat), TOGETHER))


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
