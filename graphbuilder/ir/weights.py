"""The tensors that an op owns, and how they are first filled."""

from __future__ import annotations

from math import prod
from typing import Literal, NamedTuple

Kind = Literal[
    "zeros",
    "ones",
    "constant",
    "normal",
    "truncated_normal",
    "uniform",
    "xavier_uniform",
    "xavier_normal",
    "kaiming_uniform",
    "kaiming_normal",
    "lecun_normal",
]


class Initialiser(NamedTuple):
    """How a tensor is drawn; names and formulas are those of ``torch.nn.init``.

    ``value`` is a constant, ``std`` and ``bound`` belong to the unscaled draws, ``gain`` multiplies a scaled one (for
    the kaiming kinds, sqrt(2 / (1 + a^2)) for a leaky slope ``a``), ``mode`` chooses the fan.
    """

    kind: Kind
    value: float = 0.0
    std: float = 1.0
    bound: float = 1.0
    gain: float = 1.0
    mode: Literal["fan_in", "fan_out", "fan_avg"] = "fan_in"


class Weight(NamedTuple):
    """A tensor of an op: its name below the op's own, its shape in torch's order, and whether gradients train it.

    ``fan`` is (fan in, fan out) of the op, also on a bias, whose default in torch depends on the kernel's fan in.
    ``counted`` is false for what no framework counts as a parameter (``num_batches_tracked``). ``maps`` are the shapes,
    channels first, that were flattened into the vector whose elements its last axis is for, where someone has asked:
    another library may have flattened them in another order.
    """

    name: str
    shape: tuple[int, ...]
    init: Initialiser
    trainable: bool = True
    counted: bool = True
    fan: tuple[int, int] = (1, 1)
    maps: tuple[tuple[int, ...], ...] = ()

    @property
    def size(self) -> int:
        return prod(self.shape)
