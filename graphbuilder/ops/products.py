"""Products of values as matrices, and channels cut into heads: what attention of any kind is spelt with."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graphbuilder.diagnostics.catalogue.shapes import CannotCombine, WrongRank
from graphbuilder.ir.lowering import Expr, Function, Input, Lowering, TorchCall
from graphbuilder.ir.op import Example, Op, OpError
from graphbuilder.ir.reach import Reach, weighed
from graphbuilder.ir.types import TensorType
from graphbuilder.ops import fields as f
from graphbuilder.ops.guards import divides, vectors
from graphbuilder.ops.torch_calls import method, move

_TOKENS = TensorType((9, 12), "last")
_HEADS = TensorType((3, 9, 4), "last")


class MatMul(Op):
    """Matrix product over the last two axes: (..., n, k) times (..., k, m) is (..., n, m).

    Axes before those agree, or one of them has size 1. The layout is that of ``y``, or channels first where ``y`` is
    transposed: the scores of attention then have the heads for channels, so that a 1x1 ``conv`` lets heads talk.
    """

    op = "matmul"
    family = "attention"
    title = "MatMul"
    ports = ("x", "y")

    transpose: Annotated[bool, Field(description="Whether the last two axes of `y` change places before")] = False
    layout: Annotated[f.Channels | None, Field(description="Where the channels of the product stand")] = None

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        x, y = inputs
        if min(x.rank, y.rank) < 2 or x.rank != y.rank:
            message = f"matmul reads two values of as many axes, two or more, and these are {x} and {y}"
            raise OpError(WrongRank, message, inputs=(0, 1))
        inner, outer = (y.shape[-1], y.shape[-2]) if self.transpose else (y.shape[-2], y.shape[-1])
        leading = list(zip(x.shape[:-2], y.shape[:-2], strict=True))
        if x.shape[-1] != inner or any(one != other and 1 not in (one, other) for one, other in leading):
            stated = f"{y}, its last two axes exchanged" if self.transpose else f"{y}"
            raise OpError(CannotCombine, f"cannot multiply {x} as matrices by {stated}", inputs=(0, 1))
        given = "first" if self.transpose else y.layout
        layout = f.LAYOUTS[self.layout] if self.layout else given
        return (TensorType((*map(max, leading), x.shape[-2], outer), layout),)

    def macs(self, inputs: tuple[TensorType, ...]) -> int:
        return self.infer(inputs)[0].elements * inputs[0].shape[-1]

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        return tuple(weighed(len(x.spatial)) for x in inputs)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        other: Expr = method(Input(1), "transpose", dim0=-2, dim1=-1) if self.transpose else Input(1)
        return Lowering(None, (Function(TorchCall("torch.matmul"), (Input(), other)),))

    examples = (
        Example({"transpose": True}, (_HEADS, TensorType((3, 5, 4), "last"))),
        Example({}, (TensorType((3, 9, 5)), TensorType((3, 5, 4), "last"))),
        Example({}, (TensorType((1, 9)), _TOKENS)),
        Example({"transpose": True}, (_HEADS, TensorType((1, 5, 4), "last"))),
        Example({"layout": "channels_first"}, (TensorType((6, 5)), TensorType((5, 4)))),
    )


class SplitHeads(Op):
    """Channels cut into heads, which come to the front: tokens N x C into heads x N x C/heads, channels last."""

    op = "splitheads"
    family = "shape"
    title = "SplitHeads"

    heads: f.Heads

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        x = vectors(self, inputs[0])
        divides(self, self.heads, x.channels, "heads")
        return (TensorType((self.heads, *x.spatial, x.channels // self.heads), "last"),)

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        return (Reach(heads=1),)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        cut = method(Input(), "unflatten", dim=-1, sizes=(self.heads, -1))
        return Lowering(None, (move(cut, -2, 1),))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return str(self.heads)

    examples = (
        Example({"heads": 3}, (_TOKENS,)),
        Example({"heads": 2}, (TensorType((5, 9, 8), "last"),)),
    )


class MergeHeads(Op):
    """Heads side by side in the channels again: heads x N x D into N x heads*D; it undoes ``splitheads``."""

    op = "mergeheads"
    family = "shape"
    title = "MergeHeads"
    examples = (Example({}, (_HEADS,)), Example({}, (TensorType((2, 5, 9, 4), "last"),)))

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        x = vectors(self, inputs[0])
        if x.rank < 3:
            raise OpError(WrongRank, f"mergeheads reads heads of tokens, and {x} has no axis of heads", inputs=(0,))
        return (TensorType((*x.shape[1:-1], x.shape[0] * x.channels), "last"),)

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        return (Reach(heads=-1),)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        return Lowering(None, (method(move(Input(), 1, -2), "flatten", start_dim=-2),))
