"""Sums and products: of two values, of a value and constants, of a value and what is learnt."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from graphbuilder.importers.sizes import listed, short
from graphbuilder.importers.torch.fixed import shortest
from graphbuilder.importers.torch.terms import BIAS, Arguments, Made, Maker, Tensors, Unknown
from graphbuilder.ir import Value


class _Constant(NamedTuple):
    """A number, or one for each place of the axis ``axis``, the batch left out."""

    numbers: float | list[float]
    axis: int | None = None

    def each(self, made: Callable[[float], float]) -> float | list[float]:
        """What ``made`` gives for every number."""
        if isinstance(self.numbers, list):
            return [made(number) for number in self.numbers]
        return made(self.numbers)


def _join(op: str) -> Maker:
    def make(given: Arguments, tensors: Tensors, node: Any) -> Made | list[Made] | None:
        left, right = given["self"], given["other"]
        if op in ("add", "sub") and given["alpha"] != 1:
            return _weighed(op, given["alpha"], left, right, tensors, node.name)
        if node.kwargs.get("rounding_mode"):
            raise Unknown("a division that rounds")
        for value, other in ((left, right), (right, left)):
            if constant := _constant(other, value, tensors):
                return _by_constant(op, value, constant, tensors, is_first=other is left)
        for each in (left, right):
            if tensors.fixed.is_constant(each) and not tensors.is_state(each):
                raise Unknown(f"a constant of the shape {_told(each.meta['val'].shape)}, where one a channel is known")
        if tensors.is_state(left) or tensors.is_state(right):
            return _learnt(op, left, right, tensors, node.name)
        return Made(op, {}, (tensors.value(left), tensors.value(right)), {})

    return make


def _weighed(op: str, alpha: float, left: Any, right: Any, tensors: Tensors, name: str) -> Made | list[Made] | None:
    """A sum, the second part of it times a number."""
    if constant := _constant(right, left, tensors):
        product = _Constant(constant.each(lambda number: number * alpha), constant.axis)
        return _by_constant(op, left, product, tensors, is_first=False)
    scale = Made("scale", {"value": float(alpha), "learn": False}, (tensors.value(right),), {})
    return [scale, Made(op, {}, (tensors.value(left), Value(f"{name}#0")), {})]


def _reversed(given: Arguments, tensors: Tensors, node: Any) -> Made | None:
    """A number, and a value taken from it."""
    if given["alpha"] != 1:
        raise Unknown(f"a difference weighed by {given['alpha']}")
    return _by_constant("sub", given["self"], _Constant(float(given["other"])), tensors, is_first=True)


def _negative(given: Arguments, tensors: Tensors, node: Any) -> Made | None:
    return _by_constant("mul", given["self"], _Constant(-1.0), tensors, is_first=False)


def _constant(node: Any, beside: Any, tensors: Tensors) -> _Constant | None:
    """What ``node`` is, where it is no value: a number, or a constant with one number for each place of one axis."""
    if isinstance(node, int | float):
        return _Constant(float(node))
    if not tensors.fixed.is_constant(node) or not hasattr(beside, "meta"):
        return None
    sizes = _aligned(node, beside)
    axes = [axis for axis, size in enumerate(sizes) if size > 1]
    numbers = short([shortest(number) for number in tensors.fixed.numbers(node)])
    if not listed(numbers):
        return _Constant(numbers)
    return _Constant(numbers, axes[0] - 1) if len(axes) == 1 and axes[0] else None


def _aligned(node: Any, beside: Any) -> list[int]:
    """The sizes of ``node`` with those of 1 in front that it has not, where it is broadcast to what it is beside."""
    own, whole = node.meta["val"].shape, beside.meta["val"].shape
    return [1] * (len(whole) - len(own)) + [int(size) for size in own]


def _by_constant(op: str, value: Any, constant: _Constant, tensors: Tensors, *, is_first: bool) -> Made | None:
    if op == "div" and is_first:
        raise Unknown("a number divided by a tensor")
    factor: Any = 1.0
    offset: Any = 0.0
    match op:
        case "mul":
            factor = constant.numbers
        case "div":
            factor = constant.each(lambda number: 1 / number)
        case "sub" if not is_first:
            offset = constant.each(lambda number: -number)
        case _:
            offset = constant.numbers
            factor = -1.0 if op == "sub" else 1.0
    inputs = (tensors.value(value),)
    if offset == 0.0 and not listed(factor):
        return None if factor == 1.0 else Made("scale", {"value": factor, "learn": False}, inputs, {})
    args = {"scale": factor, "offset": offset, "axis": constant.axis}
    said = {name: value for name, value in args.items() if value not in (None, {"scale": 1.0, "offset": 0.0}.get(name))}
    return Made("rescale", said, inputs, {})


def _learnt(op: str, left: Any, right: Any, tensors: Tensors, name: str) -> Made | list[Made]:
    """What is learnt, joined with a value: a factor or an offset a channel, positions of tokens, or itself a value."""
    value, learnt = (right, left) if tensors.is_state(left) else (left, right)
    own, whole = _aligned(learnt, value)[1:], [int(size) for size in value.meta["val"].shape[1:]]
    if any(size not in (1, all_) for size, all_ in zip(own, whole, strict=True)):
        raise Unknown(f"a tensor of the module that is joined with a smaller one, of the shape {_told(own)}")
    inputs, count, is_line = (tensors.value(value),), math.prod(own), math.prod(own) == max(own, default=1)
    if op == "mul" and is_line:
        args: dict[str, Any] = {"shared": True} if count == 1 else {"axis": own.index(count)}
        return Made("scale", args, inputs, tensors.weights(weight=learnt))
    if op == "add" and own == whole and len(own) == 2:
        return Made("positions", {}, inputs, tensors.weights(weight=learnt))
    if op == "add" and is_line:
        # What it is added to may have the factor.
        return Made(BIAS, {"shared": count == 1, "shape": own}, inputs, tensors.weights(bias=learnt))
    made = Made("parameter", {"shape": own}, inputs, tensors.weights(weight=learnt))
    pair = (inputs[0], Value(f"{name}#0"))
    return [made, Made(op, {}, pair[::-1] if value is right else pair, {})]


def _told(sizes: Sequence[int]) -> str:
    return "x".join(map(str, sizes))


def _weighed_sum(given: Arguments, tensors: Tensors, node: Any) -> Made:
    """A bias, and a factor times a value (the affine layers of ResMLP)."""
    bias, factor, value = given["self"], given["tensor1"], given["tensor2"]
    if given["value"] != 1 or not (tensors.is_state(bias) and tensors.is_state(factor)):
        raise Unknown("a sum and a product in one")
    return Made("scale", {"bias": True}, (tensors.value(value),), tensors.weights(weight=factor, bias=bias))


def _larger(op: str) -> Maker:
    def make(given: Arguments, tensors: Tensors, node: Any) -> Made:
        return Made(op, {}, (tensors.value(given["self"]), tensors.value(given["other"])), {})

    return make


JOINS: Mapping[str, Maker] = {
    **{op: _join(op) for op in ("add", "div", "mul", "sub")},
    "addcmul": _weighed_sum,
    "maximum": _larger("max"),
    "minimum": _larger("min"),
    "neg": _negative,
    "rsub": _reversed,
}
