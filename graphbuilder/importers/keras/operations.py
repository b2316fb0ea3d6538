"""What Keras writes of code on tensors, ``x * 2`` or ``ops.relu(x)``: functions as layers, with arguments of their own.

A function that is not in the table, or has arguments beside tensors and single numbers, raises ``Unknown``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphbuilder.importers.keras.terms import ACTIVATIONS, Config, Link, Unknown, rescaled
from graphbuilder.importers.sizes import listed

# A tensor among the arguments is None here: which one it is, the reader knows.
Given = Sequence[Any]
Maker = Callable[[Given, Config], list[Link]]


def links(kind: str, given: Given, config: Config) -> list[Link]:
    """The ops of the function ``kind`` on the arguments ``given``.

    Raises:
        Unknown: it has no counterpart.
    """
    if kind not in _FUNCTIONS:
        raise Unknown(f"the function `{kind}` is none that is known")
    return _FUNCTIONS[kind](given, config)


def _join(op: str, by_number: Callable[[float, bool], list[Link]] | None = None) -> Maker:
    def make(given: Given, config: Config) -> list[Link]:
        numbers = [value for value in given if value is not None]
        if not numbers:
            return [Link(op, {})]
        if by_number is None or len(given) != 2 or not isinstance(numbers[0], int | float):
            raise Unknown(f"`{op}` of a tensor and {numbers}")
        return by_number(float(numbers[0]), given[0] is not None)

    return make


def _divided(number: float, is_first: bool) -> list[Link]:
    if is_first:
        raise Unknown("a number divided by a tensor")
    return rescaled(1 / number, 0.0)


def _subtracted(number: float, is_first: bool) -> list[Link]:
    return rescaled(-1.0, number) if is_first else rescaled(1.0, -number)


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
    "Add": _join("add", lambda number, _: rescaled(1.0, number)),
    "Clip": _clipped,
    "Concatenate": _concatenated,
    "Divide": _join("div", _divided),
    "Exp": _activated("exp", {}),
    "Max": _mean("globalmaxpool"),
    "Maximum": _join("max"),
    "Mean": _mean("globalavgpool"),
    "Minimum": _join("min"),
    "Multiply": _join("mul", lambda number, _: rescaled(number, 0.0)),
    "Sqrt": _activated("sqrt", {}),
    "Subtract": _join("sub", _subtracted),
    "TrueDivide": _join("div", _divided),
    **{name.title().replace("_", ""): _activated(*found) for name, found in ACTIVATIONS.items()},
}
