"""The terms in which a Keras layer is told: the ops that it is made into, and what each of them reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

from graphbuilder.importers.sizes import is_one, listed, short

Config = Mapping[str, Any]

# Beside a layer's settings: the shape that it reads, where the file tells, and how many axes that has, the batch
# counted; for each tensor of a call its name or place among the arguments, and what tells it from the others; whether
# the model has its channels first.
INPUT = "input_shape"
RANK = "input_rank"
OPERANDS = "operands"
FIRST = "channels_first"


class Unknown(Exception):
    """The catalogue has no such op; the message says what is missing."""


class Link(NamedTuple):
    """One op of a layer.

    Attributes:
        reads: which of the layer's inputs it reads, -1 being the op before it, -2 the one before that; None for the op
            before it, or all inputs.
        part: the layer inside the layer whose weights it has.
        leaves: weights whose names are not the layer's usual ones: ours, below the op, to the layer's.
    """

    op: str
    args: dict[str, Any]
    reads: tuple[int, ...] | None = None
    leaves: Mapping[str, str] = {}
    part: str = ""


ACTIVATIONS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "relu": ("relu", {}),
    "relu6": ("relu6", {}),
    "elu": ("elu", {}),
    "selu": ("selu", {}),
    "gelu": ("gelu", {}),
    "silu": ("silu", {}),
    "swish": ("silu", {}),
    "sigmoid": ("sigmoid", {}),
    "hard_sigmoid": ("hardsigmoid", {}),
    "hard_silu": ("hardswish", {}),
    "hard_swish": ("hardswish", {}),
    "tanh": ("tanh", {}),
    "softmax": ("softmax", {}),
    "softplus": ("softplus", {}),
    "mish": ("mish", {}),
    "leaky_relu": ("leakyrelu", {"slope": 0.2}),
}


def inner(config: Config) -> Config:
    """The settings of a layer, or the layers of a model."""
    found = config.get("config")
    if isinstance(found, list):  # the oldest sequential models: a list of layers alone
        return {"layers": found}
    return cast("Config", found) if isinstance(found, Mapping) else {}


def name_of(layer: Config) -> str:
    return str(inner(layer).get("name", layer.get("name")))


def rescaled(factor: float | Sequence[float], offset: float | Sequence[float]) -> list[Link]:
    """The constants by which a value is multiplied, and then added to it: one for all channels, or one each."""
    factors, offsets = short(factor), short(offset)
    if is_one(offsets, 0) and not listed(factors):
        return [Link("scale", {"value": float(factors), "learn": False})]
    return [Link("rescale", {"scale": factors, "offset": offsets})]
