"""What Keras writes of code on tensors, ``x * 2`` or ``ops.relu(x)``: functions as layers, with arguments of their own.

A function that is not in the table, or has arguments beside tensors and single numbers, raises ``Unknown``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from graphbuilder.importers.keras.terms import ACTIVATIONS, FIRST, Config, Link, Unknown, rescaled
from graphbuilder.importers.sizes import listed

# A tensor among the arguments is None here: which one it is, the reader knows.
Given = Sequence[Any]
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
    return _FUNCTIONS[kind](given, config)


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


def _mean(op: str) -> Maker:
    def make(given: Given, config: Config) -> list[Link]:
        if sorted(listed(config.get("axis"))) not in ([1], [1, 2], [1, 2, 3]):
            raise Unknown(f"`{op}` over the axes {config.get('axis')}")
        return [Link(op, {"keep": bool(config.get("keepdims", False))})]

    return make


def _concatenated(given: Given, config: Config) -> list[Link]:
    if config.get("axis") not in (-1, 3):
        raise Unknown(f"values concatenated along axis {config.get('axis')}, where channels are last")
    return [Link("concat", {})]


def _activated(op: str, args: Mapping[str, Any]) -> Maker:
    return lambda given, config: [Link(op, dict(args))]


def _clipped(given: Given, config: Config) -> list[Link]:
    return [Link("clamp", {"min": float(config["x_min"]), "max": float(config["x_max"])})]


_FUNCTIONS: Mapping[str, Maker] = {
    "Absolute": _activated("abs", {}),
    "Add": _join("add", lambda numbers, _: rescaled(1.0, numbers)),
    "Clip": _clipped,
    "Concatenate": _concatenated,
    "Divide": _join("div", _divided),
    "Exp": _activated("exp", {}),
    "Max": _mean("globalmaxpool"),
    "Maximum": _join("max"),
    "Mean": _mean("globalavgpool"),
    "Minimum": _join("min"),
    "Multiply": _join("mul", lambda numbers, _: rescaled(numbers, 0.0)),
    "Sqrt": _activated("sqrt", {}),
    "Subtract": _join("sub", _subtracted),
    "TrueDivide": _join("div", _divided),
    **{name.title().replace("_", ""): _activated(*found) for name, found in ACTIVATIONS.items()},
}
