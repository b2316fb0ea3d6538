"""What Keras writes of code on tensors, ``x * 2`` or ``ops.relu(x)``: functions as layers, with arguments of their own.

A function that is not in the table, or has arguments beside tensors and single numbers, raises ``Unknown``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from graphbuilder.importers.keras import axes
from graphbuilder.importers.keras.axes import Given
from graphbuilder.importers.keras.terms import ACTIVATIONS, FIRST, Config, Link, Settings, Unknown, rescaled
from graphbuilder.importers.sizes import listed

Numbers = Sequence[float]
# What Keras calls constants of several numbers.
_ARRAYS = ("__numpy__", "__tensor__")
Maker = Callable[[Given, Config], list[Link]]


def links(kind: str, given: Given, config: Config) -> list[Link]:
    """The ops of the function ``kind`` on the arguments ``given``.

    Raises:
        Unknown: it has no counterpart.
    """
    if kind not in _FUNCTIONS:
        raise Unknown(f"the function `{kind}` is none that is known")
    settings = Settings(config)
    found = _FUNCTIONS[kind](given, settings)
    settings.refuse_unknown(kind)
    return found


def _join(op: str, by_number: Callable[[Numbers, bool], list[Link]] | None = None) -> Maker:
    def make(given: Given, config: Config) -> list[Link]:
        others = [value for value in given if value is not None]
        if not others:
            return [Link(op, {})]
        numbers = _numbers(others[0]) if len(given) == 2 else None
        if by_number is None or numbers is None:
            raise Unknown(f"`{op}` of a tensor and {others}")
        if config[FIRST] and len(numbers) > 1:
            raise Unknown(f"`{op}` by a number for each place of the last axis, in a model with channels first")
        return by_number(numbers, given[0] is not None)

    return make


def _numbers(value: Any) -> Numbers | None:
    """One number, or one for each channel: an array, of which Keras writes the numbers; None for anything else."""
    if isinstance(value, Mapping) and cast("Config", value).get("class_name") in _ARRAYS:
        value = cast("Config", value)["config"].get("value")
    while len(listed(value)) == 1:
        (value,) = listed(value)
    found = listed(value) or [value]
    return [float(each) for each in found] if all(isinstance(each, int | float) for each in found) else None


def _divided(numbers: Numbers, is_first: bool) -> list[Link]:
    if is_first:
        raise Unknown("a number divided by a tensor")
    if 0.0 in numbers:
        raise Unknown("a tensor divided by 0")
    return rescaled([1 / number for number in numbers], 0.0)


def _subtracted(numbers: Numbers, is_first: bool) -> list[Link]:
    return rescaled(-1.0, numbers) if is_first else rescaled(1.0, [-number for number in numbers])


def _activated(op: str, args: Mapping[str, Any]) -> Maker:
    return lambda given, config: [Link(op, dict(args))]


def _set(op: str, ours: str, theirs: str, usual: float) -> Maker:
    """An activation with one number, as ``ours`` calls it."""
    return lambda given, config: [Link(op, {ours: float(config.get(theirs, usual))})]


def _gelu(given: Given, config: Config) -> list[Link]:
    """By tanh unless told otherwise: so the function has it, and not the activation of layers."""
    return [Link("gelu", {"approximate": "tanh"} if config.get("approximate", True) else {})]


def _along(op: str) -> Maker:
    make = axes.summed(op)
    return lambda given, config: make(config)


def _clipped(given: Given, config: Config) -> list[Link]:
    return [Link("clamp", {"min": float(config["x_min"]), "max": float(config["x_max"])})]


_FUNCTIONS: Mapping[str, Maker] = {
    **{name.title().replace("_", ""): _activated(*found) for name, found in ACTIVATIONS.items()},
    "Absolute": _activated("abs", {}),
    "Add": _join("add", lambda numbers, _: rescaled(1.0, numbers)),
    "Clip": _clipped,
    "Concatenate": axes.concatenated,
    "Divide": _join("div", _divided),
    "Elu": _set("elu", "alpha", "alpha", 1.0),
    "Exp": _activated("exp", {}),
    "ExpandDims": axes.widened,
    "Flip": axes.turned,
    "Gelu": _gelu,
    "GetItem": axes.taken,
    "LeakyRelu": _set("leakyrelu", "slope", "negative_slope", 0.2),
    "LogSoftmax": _along("logsoftmax"),
    "Max": axes.reduced("max"),
    "Maximum": _join("max"),
    "Mean": axes.reduced("mean"),
    "Min": axes.reduced("min"),
    "Minimum": _join("min"),
    "Multiply": _join("mul", lambda numbers, _: rescaled(numbers, 0.0)),
    "Negative": lambda given, config: rescaled(-1.0, 0.0),
    "Pad": axes.padded,
    "Reshape": axes.told_anew,
    "Roll": axes.rolled,
    "Softmax": _along("softmax"),
    "Sqrt": _activated("sqrt", {}),
    "Subtract": _join("sub", _subtracted),
    "Split": axes.divided,
    "Squeeze": axes.squeezed,
    "Stack": axes.stacked,
    "Std": axes.reduced("std"),
    "Sum": axes.reduced("sum"),
    "Swapaxes": axes.exchanged,
    "Transpose": axes.transposed,
    "TrueDivide": _join("div", _divided),
}
