"""Pieces of lowering that several families use."""

from __future__ import annotations

from typing import Any

from graphbuilder.ir.lowering import Arg, Expr, Function, Input, Item, Method, Module, TorchCall
from graphbuilder.ir.types import TensorType
from graphbuilder.ops.padding import Padding, Side, after_first

MINUS_INFINITY = float("-inf")


def method(value: Expr, name: str, **args: Any) -> Method:
    """``value.name(...)``, the arguments without their keywords."""
    return Method(value, TorchCall(name, tuple(Arg(keyword, arg) for keyword, arg in args.items()), len(args)))


def move(value: Expr, source: int, destination: int) -> Method:
    """``value.movedim(source, destination)``; axes are torch's, the batch counted."""
    return method(value, "movedim", source=source, destination=destination)


def padded(x: Expr, sides: tuple[Side, ...], value: float | None = None, mode: str = "constant") -> Function:
    """``F.pad(x, ...)``; ``value`` None is zero."""
    args = (Arg("pad", after_first(sides)), Arg("mode", mode, "constant"), Arg("value", value, None))
    return Function(TorchCall("F.pad", args, positional=1), (x,))


def cropped(x: Expr, sides: tuple[Side, ...]) -> Expr:
    """``x`` without ``sides`` of its spatial axes, which are its last."""
    if not any(map(any, sides)):
        return x
    slices = ", ".join(f"{before or ''}:{-after if after else ''}" for before, after in sides)
    return Item(x, f"..., {slices}")


def padding_arg(written: Padding, used: tuple[int, ...]) -> Arg:
    """A layer's own ``padding``; it counts as the op's argument where that means the same in torch."""
    shared = shorter(used)
    same = written in (shared, used)
    return Arg("padding", written if same else shared, 0, field="padding" if same else None)


def shorter(sizes: tuple[int, ...]) -> int | tuple[int, ...]:
    """One number for all axes where they agree."""
    return sizes[0] if len(set(sizes)) == 1 else sizes


def move_to_second(x: TensorType) -> Expr:
    """The module on ``x`` with its channels brought behind the batch, and back again."""
    return Module() if x.layout == "first" else move(Module((move(Input(), -1, 1),)), 1, -1)


def move_to_last(x: TensorType) -> Expr:
    """The module on ``x`` with its channels brought to the end, and back again."""
    return axis_to_last(x, x.channel_axis)


def axis_to_last(x: TensorType, axis: int) -> Expr:
    """The module on ``x`` with an axis (the batch not counted) brought to the end, and back again."""
    return Module() if axis == x.rank - 1 else move(Module((move(Input(), axis + 1, -1),)), -1, axis + 1)
