"""Ops that change a value's shape or layout and not its numbers. Axes are counted without the batch."""

from __future__ import annotations

from math import prod
from typing import Annotated

from pydantic import Field

from graphbuilder.diagnostics.catalogue.shapes import CannotReshape, NoSuchAxis, WrongLayout, WrongRank
from graphbuilder.ir.lowering import Arg, Expr, Input, Lowering, TorchCall
from graphbuilder.ir.op import Example, Op, OpError
from graphbuilder.ir.reach import NOWHERE, OWN, WHOLE, Reach
from graphbuilder.ir.types import TensorType
from graphbuilder.ops import fields as f
from graphbuilder.ops.guards import maps, tokens
from graphbuilder.ops.padding import times
from graphbuilder.ops.torch_calls import method, move

_MAP = TensorType((3, 5, 4))
_LINE = TensorType((3, 5))
_CUBE = TensorType((2, 3, 4, 5))
_VECTOR = TensorType((24,))
_TOKENS = TensorType((20, 6), "last")
_LAST = TensorType((5, 4, 6), "last")


class Rearranged(Op):
    """What the ops share that give their one input another shape."""

    family = "shape"


class Identity(Rearranged):
    """Its input as it is."""

    op = "identity"
    title = "Identity"
    examples = (Example({}, (_MAP,)), Example({}, (_TOKENS,)))

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        return inputs

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        return Lowering(TorchCall("nn.Identity"))


class Flatten(Rearranged):
    """All axes in one: a vector, in the order in which torch stores the value."""

    op = "flatten"
    title = "Flatten"
    examples = (Example({}, (_MAP,)), Example({}, (_TOKENS,)), Example({}, (_VECTOR,)))

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        return (TensorType((inputs[0].elements,)),)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        return Lowering(TorchCall("nn.Flatten", (Arg("start_dim", 1, 1), Arg("end_dim", -1, -1))))


class Reshape(Rearranged):
    """The same elements, in the same order, under another shape; one size may be -1 and is then computed."""

    op = "reshape"
    title = "Reshape"

    shape: Annotated[f.Integers, Field(description="The new shape without the batch")]
    layout: Annotated[f.Channels, Field(description="Where the channels stand in the new shape")] = "channels_first"

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        shape = self._shape(inputs[0])
        return (TensorType(shape, f.LAYOUTS[self.layout] if len(shape) > 1 else "first"),)

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        if self.infer(inputs) == inputs:
            return (OWN,)
        return (WHOLE if min(inputs[0].rank, len(self.shape)) < 3 else NOWHERE,)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        (x,) = inputs
        flat = Input() if x.rank == 1 else method(Input(), "flatten", start_dim=1)
        shape = self._shape(x)
        return Lowering(None, (flat if len(shape) == 1 else method(flat, "unflatten", dim=1, sizes=shape),))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return times(self._shape(inputs[0]) if inputs else self.shape)

    def _shape(self, x: TensorType) -> tuple[int, ...]:
        given = [size for size in self.shape if size != -1]
        known = prod(given)
        if len(self.shape) - len(given) <= 1 and all(size > 0 for size in given):
            shape = tuple(x.elements // known if size == -1 else size for size in self.shape)
            if prod(shape) == x.elements:
                return shape
        message = f"cannot reshape {x}, {x.elements} elements, to {times(self.shape)}"
        raise OpError(CannotReshape, message, field="shape", help=_unfit(self.shape, x.elements))

    examples = (
        Example({"shape": [15, 4]}, (_MAP,)),
        Example({"shape": [5, -1, 2]}, (_MAP,)),
        Example({"shape": [-1]}, (_MAP,)),
        Example({"shape": [2, 3, 4]}, (_VECTOR,)),
        Example({"shape": [4, 30], "layout": "channels_last"}, (_TOKENS,)),
    )


class Permute(Rearranged):
    """The axes in another order; the channels must end up first or last."""

    op = "permute"
    title = "Permute"

    axes: Annotated[f.Integers, Field(description="The old axes in their new order, counted from 0 without the batch")]

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        (x,) = inputs
        if sorted(self.axes) != list(range(x.rank)):
            wanted = ", ".join(map(str, range(x.rank)))
            message = f"permute: the axes of {x} are {wanted}, each to be named once"
            turned = ", ".join(map(str, (*range(1, x.rank), 0)))
            raise OpError(NoSuchAxis, message, field="axes", help=f"[{turned}] puts the first behind the others")
        place = self.axes.index(x.channel_axis)
        if place not in (0, x.rank - 1):
            message = f"permute would leave the channels of {x} in the middle"
            raise OpError(WrongLayout, message, field="axes", help=_channels_stay(x))
        return (TensorType(tuple(x.shape[axis] for axis in self.axes), "first" if place == 0 else "last"),)

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        (x,) = inputs
        places = [axis for axis in self.axes if axis != x.channel_axis]
        if places == sorted(places):
            return (OWN,)
        return (NOWHERE,)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        return Lowering(None, (method(Input(), "permute", dims=(0, *(axis + 1 for axis in self.axes))),))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return ", ".join(map(str, self.axes))

    examples = (
        Example({"axes": [0, 2, 1]}, (_MAP,)),
        Example({"axes": [2, 1, 0]}, (_MAP,)),
        Example({"axes": [0]}, (_VECTOR,)),
        Example({"axes": [1, 0, 2, 3]}, (TensorType((2, 3, 4, 5), "last"),)),
    )


class Tokens(Rearranged):
    """Maps into tokens: every place a vector of its channels, row by row; channels last."""

    op = "tokens"
    title = "Tokens"
    examples = (Example({}, (_MAP,)), Example({}, (_LINE,)), Example({}, (_CUBE,)))

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        x = maps(self, inputs[0])
        return (TensorType((prod(x.spatial), x.channels), "last"),)

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        return (OWN,)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        flat: Expr = Input() if inputs[0].rank == 2 else method(Input(), "flatten", start_dim=2)
        return Lowering(None, (method(flat, "transpose", dim0=1, dim1=2),))


class Maps(Rearranged):
    """Tokens back into maps of a given size, row by row; channels first."""

    op = "maps"
    title = "Maps"

    size: Annotated[f.Sizes, Field(description="Height and width, or one integer for a square; any number of axes")]

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        x = tokens(self, inputs[0])
        size = self._size()
        if prod(size) != x.shape[0]:
            raise OpError(CannotReshape, f"{x.shape[0]} tokens are not {times(size)} places", field="size")
        return (TensorType((x.channels, *size)),)

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        return (OWN,)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        turned = method(Input(), "transpose", dim0=1, dim1=2)
        return Lowering(None, (method(turned, "unflatten", dim=2, sizes=self._size()),))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return times(self._size())

    def _size(self) -> tuple[int, ...]:
        return (self.size, self.size) if isinstance(self.size, int) else self.size

    examples = (
        Example({"size": [5, 4]}, (_TOKENS,)),
        Example({"size": 3}, (TensorType((9, 6), "last"),)),
        Example({"size": [20]}, (_TOKENS,)),
        Example({"size": [2, 5, 2]}, (_TOKENS,)),
    )


class ChannelsLast(Rearranged):
    """Maps with their channels moved to the end, where linear layers and layer norms have them."""

    op = "channelslast"
    title = "ChannelsLast"
    examples = (Example({}, (_MAP,)), Example({}, (_LINE,)), Example({}, (_CUBE,)))

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        x = maps(self, inputs[0])
        return (TensorType((*x.spatial, x.channels), "last"),)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        return Lowering(None, (move(Input(), 1, -1),))


class ChannelsFirst(Rearranged):
    """A value with its channels moved to the front, where convolutions and pools have them."""

    op = "channelsfirst"
    title = "ChannelsFirst"
    examples = (Example({}, (_LAST,)), Example({}, (_TOKENS,)))

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        (x,) = inputs
        if x.layout == "first":
            rule = WrongRank if x.rank == 1 else WrongLayout
            raise OpError(rule, f"channelsfirst: the channels of {x} are first already", inputs=(0,))
        return (TensorType((x.channels, *x.spatial)),)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        return Lowering(None, (move(Input(), -1, 1),))


def _unfit(shape: tuple[int, ...], elements: int) -> str:
    """Why ``shape`` does not hold so many ``elements``."""
    given = [size for size in shape if size != -1]
    if min(given, default=1) < 1:
        return "a size is positive, or -1 where it is to be computed"
    if len(shape) - len(given) > 1:
        return "only one size may be -1: it is computed from the others"
    product = " * ".join(map(str, given))
    stated = f"{product} = {prod(given)}" if len(given) > 1 else product
    if len(given) < len(shape):
        return f"{elements} is not a multiple of {stated}"
    return f"{stated} is not {elements}; one size may be -1 and is then computed"


def _channels_stay(x: TensorType) -> str:
    stated = f"axis {x.channel_axis} holds its channels, and comes first or last"
    return f"{stated}; `layout`, of an input or of `reshape`, says which of the two they are"
