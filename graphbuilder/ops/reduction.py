"""One number of many, along the channels, the places or any axis."""

from __future__ import annotations

from math import prod
from typing import Annotated, Literal

from pydantic import Field

from graphbuilder.diagnostics.catalogue.shapes import Contradiction, NothingLeft, WrongLayout, WrongRank
from graphbuilder.ir.lowering import Arg, Input, Lowering, Method, TorchCall
from graphbuilder.ir.op import Example, Op, OpError
from graphbuilder.ir.types import TensorType
from graphbuilder.ops import fields as f
from graphbuilder.ops.cutting import resized
from graphbuilder.ops.guards import axis_of, counted

_MAP = TensorType((6, 5, 4))
_TOKENS = TensorType((9, 6), "last")

_METHODS = {"mean": "mean", "sum": "sum", "max": "amax", "min": "amin", "norm": "norm", "std": "std"}


class Reduce(Op):
    """The mean, sum, largest, smallest, Euclidean norm or deviation along the channels, over all places, or one axis.

    The axes stay, with size 1, unless ``keep`` is false; the channels always do.
    """

    op = "reduce"
    family = "pooling"
    title = "Reduce"

    kind: Annotated[
        Literal["mean", "sum", "max", "min", "norm", "std"], Field(description="What is taken of the numbers")
    ]
    over: Annotated[
        Literal["channels", "places"] | f.Whole,
        f.said('"channels", "places", or an axis'),
        Field(description='"channels", "places" (every axis but those), or the number of an axis without the batch'),
    ]
    keep: Annotated[bool, Field(description="Whether what is reduced stays as an axis of size 1")] = True
    correction: Annotated[
        f.Integer, Field(ge=0, description='What "std" takes from the count that it divides by: 1 for a sample, or 0')
    ] = 1

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        (x,) = inputs
        axes = self._axes(x)
        if not axes:
            raise OpError(WrongRank, f"reduce reads maps or tokens, and {x} is a vector", inputs=(0,))
        self._check_correction(prod(x.shape[axis] for axis in axes))
        if self.keep:
            for axis in axes:
                x = resized(x, axis, 1)
            return (x,)
        if x.channel_axis in axes:
            raise OpError(WrongLayout, f"reduce would take the channels away from {x}", field="keep")
        return (x.of(x.channels, tuple(size for axis, size in enumerate(x.shape) if axis not in self._gone(x))),)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        dims = tuple(axis + 1 for axis in self._axes(inputs[0]))
        norm = (Arg("p", 2),) if self.kind == "norm" else ()
        rest = (Arg("correction", self.correction, 1, field="correction"),) if self.kind == "std" else ()
        args = (*norm, Arg("dim", dims), *rest, Arg("keepdim", self.keep, False, field="keep"))
        call = TorchCall(_METHODS[self.kind], args, positional=len(norm) + 1)
        return Lowering(None, (Method(Input(), call),))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return f"{self.kind}, {self.over}"

    def _check_correction(self, count: int) -> None:
        if self.kind != "std" and self.correction != 1:
            raise OpError(Contradiction, f'reduce: correction means nothing for "{self.kind}"', field="correction")
        if self.kind == "std" and count <= self.correction:
            message = f"reduce: the deviation of {counted(count, 'number')} is none"
            raise OpError(NothingLeft, message, inputs=(0,), help="leave it out, or write correction = 0")

    def _axes(self, x: TensorType) -> tuple[int, ...]:
        if self.over == "channels":
            return (x.channel_axis,)
        if self.over == "places":
            return tuple(axis for axis in range(x.rank) if axis != x.channel_axis)
        return (axis_of(x, self.over, "over"),)

    def _gone(self, x: TensorType) -> set[int]:
        return {*self._axes(x), x.channel_axis}

    examples = (
        Example({"kind": "mean", "over": "channels"}, (_MAP,)),
        Example({"kind": "max", "over": "channels"}, (_TOKENS,)),
        Example({"kind": "norm", "over": "places"}, (_MAP,)),
        Example({"kind": "sum", "over": "places", "keep": False}, (_TOKENS,)),
        Example({"kind": "min", "over": -1}, (_MAP,)),
        Example({"kind": "mean", "over": 1, "keep": False}, (_MAP,)),
        Example({"kind": "std", "over": "places"}, (_MAP,)),
        Example({"kind": "std", "over": "channels", "correction": 0}, (_TOKENS,)),
    )
