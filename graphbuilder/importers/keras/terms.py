"""The terms in which a Keras layer is told: the ops that it is made into, and what each of them reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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

# Settings that change no answer, what others end in, and what some are where they change none.
_HARMLESS = {
    *(INPUT, RANK, OPERANDS, FIRST),
    *("name", "dtype", "trainable", "batch_input_shape", "batch_shape", "data_format", "seed", "synchronized"),
    *("flash_attention", "function", "projection_dim", "renorm_clipping", "renorm_momentum"),
}
_OF_TRAINING = ("_initializer", "_regularizer", "_constraint", "_shape")
_DEFAULTS = {"groups": 1, "fill_mode": "constant", "fill_value": 0.0}


class Unknown(Exception):
    """The catalogue has no such op; the message says what is missing."""


class Link(NamedTuple):
    """One op of a layer.

    Attributes:
        reads: which of the layer's inputs it reads, -1 being the op before it, -2 the one before that; None for the op
            before it, or all inputs.
        part: the layer inside the layer whose weights it has.
        parts: how many values it gives, "0", "1" and so on; 0 where it gives one.
        leaves: weights whose names are not the layer's usual ones: ours, below the op, to the layer's.
    """

    op: str
    args: dict[str, Any]
    reads: tuple[int, ...] | None = None
    leaves: Mapping[str, str] = {}
    part: str = ""
    parts: int = 0


class Settings(Mapping[str, Any]):
    """A layer's settings, and which of them nobody has looked at: what is not known may change what it does."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._known: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self._known.add(name)
        return self._config[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._config)

    def __len__(self) -> int:
        return len(self._config)

    def refuse_unknown(self, kind: str) -> None:
        """Refuse a setting that was not looked at, is on, and is none of training or of how weights begin.

        Raises:
            Unknown: there is one.
        """
        for name in self._config.keys() - self._known - _HARMLESS:
            value = self._config[name]
            if not name.endswith(_OF_TRAINING) and value not in (None, False, _DEFAULTS.get(name)):
                raise Unknown(f"`{kind}` with {name} = {value}")


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
    "exponential": ("exp", {}),
    "hard_tanh": ("clamp", {"min": -1.0, "max": 1.0}),
    "log_softmax": ("logsoftmax", {}),
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
