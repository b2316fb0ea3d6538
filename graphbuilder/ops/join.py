"""Ops that make one value of several."""

from __future__ import annotations

from collections import Counter
from functools import reduce
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from graphbuilder.diagnostics.catalogue.shapes import CannotCombine, CannotConcatenate
from graphbuilder.ir.lowering import Arg, Expr, Function, Infix, Input, Inputs, Lowering, TorchCall
from graphbuilder.ir.op import Example, Op, OpError
from graphbuilder.ir.types import TensorType
from graphbuilder.ops import fields as f
from graphbuilder.ops.guards import axis_of
from graphbuilder.ops.torch_calls import method

_MAP = TensorType((6, 5, 4))
_TOKENS = TensorType((9, 6), "last")
_PAIR = Example({}, (_MAP, _MAP))
_THREE = Example({}, (_TOKENS, _TOKENS, _TOKENS))


class Combination(Op):
    """What the ops share that combine equal shapes element by element.

    Class attributes:
        verb: how an error says it: "cannot add".
    """

    family = "join"
    ports = ()
    variadic = True
    examples = (_PAIR, _THREE)
    verb: ClassVar[str]

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        return (agreed(self.verb, inputs),)


class Infixed(Combination):
    """A combination that Python writes with an operator."""

    operator: ClassVar[Literal["+", "-", "*", "/"]]

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        return Lowering(None, (Infix(self.operator, _all(inputs)),))


class Summed(Infixed):
    """A sum: of one shape, unless it is said that a part may have size 1 where the largest has more."""

    examples = (
        _PAIR,
        _THREE,
        Example({"stretch": True}, (_MAP, TensorType((6, 1, 1)))),
        Example({"stretch": True}, (TensorType((1, 5, 4)), _MAP)),
        Example({"stretch": True}, (_TOKENS, TensorType((1, 6), "last"))),
    )

    stretch: Annotated[
        bool,
        Field(description="Whether a value may have size 1 where the largest has more: one number a channel (Cx1x1)"),
    ] = False

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        return (_stretched(self.verb, inputs) if self.stretch else agreed(self.verb, inputs),)


class Add(Summed):
    """Sum of values of one shape; with ``stretch``, of a learnt number a channel (`parameter`) and maps, say."""

    op = "add"
    title = "+"
    verb = "add"
    operator = "+"


class Sub(Summed):
    """The first value minus all others, of one shape, or with ``stretch`` of sizes 1 where the largest has more."""

    op = "sub"
    title = "–"
    verb = "subtract"
    operator = "-"


class Gated(Infixed):
    """A combination whose parts may also have size 1 where the largest has more: one number a channel (Cx1x1), a place
    (1xHxW), a column of a channel (Cx1xW)."""

    examples = (
        _PAIR,
        _THREE,
        Example({}, (_MAP, TensorType((6, 1, 1)))),
        Example({}, (TensorType((6, 1, 1)), _MAP)),
        Example({}, (_MAP, TensorType((1, 5, 4)))),
        Example({}, (_MAP, TensorType((6, 1, 4)), TensorType((6, 5, 1)))),
        Example({}, (_TOKENS, TensorType((1, 6), "last"))),
        Example({}, (_TOKENS, TensorType((9, 1), "last"))),
    )

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        return (_stretched(self.verb, inputs),)


class Mul(Gated):
    """Product of values of one shape; a factor may also have size 1 on some axes: one number a channel (Cx1x1), a place
    (1xHxW), a column of a channel (Cx1xW).

    Its products are not counted as multiply-accumulates.
    """

    op = "mul"
    title = "×"
    verb = "multiply"
    operator = "*"


class Div(Gated):
    """The first value divided by all others, of one shape; one may also have size 1 on some axes: one number a channel
    (Cx1x1), a place (1xHxW), a column of a channel (Cx1xW)."""

    op = "div"
    title = "÷"
    verb = "divide"
    operator = "/"


class Max(Combination):
    """The largest of values of one shape, element by element."""

    op = "max"
    title = "Max"
    verb = "take the maximum of"

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        return Lowering(None, (_chained("torch.maximum", inputs),))


class Min(Combination):
    """The smallest of values of one shape, element by element."""

    op = "min"
    title = "Min"
    verb = "take the minimum of"

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        return Lowering(None, (_chained("torch.minimum", inputs),))


class Mean(Combination):
    """The mean of values of one shape, element by element."""

    op = "mean"
    title = "Mean"
    verb = "average"

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        return Lowering(None, (method(Infix("+", _all(inputs)), "div", other=len(inputs)),))


class Concat(Op):
    """Values one behind the other along the channels, or along another axis."""

    op = "concat"
    family = "join"
    title = "Concat"
    ports = ()
    variadic = True

    axis: Annotated[
        f.Axis | None,
        Field(description="The axis along which to join, the batch not counted; the channels unless given"),
    ] = None

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        first, axis = inputs[0], self._axis(inputs[0])
        odd = _odd_one([_without(x, axis) for x in inputs])
        if odd:
            raise _disagreement(CannotConcatenate, "concatenate", inputs, odd, axis)
        shape = list(first.shape)
        shape[axis] = sum(x.shape[axis] for x in inputs)
        return (TensorType(tuple(shape), first.layout),)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        call = TorchCall("torch.cat", (Arg("dim", self._axis(inputs[0]) + 1, 0),), positional=1)
        return Lowering(None, (Function(call, (Inputs(),)),))

    def _axis(self, x: TensorType) -> int:
        return x.channel_axis if self.axis is None else axis_of(x, self.axis)

    examples = (
        Example({}, (_MAP, TensorType((2, 5, 4)))),
        Example({}, (_TOKENS, _TOKENS, TensorType((9, 1), "last"))),
        Example({}, (TensorType((3,)), TensorType((4,)))),
        Example({"axis": 0}, (_TOKENS, TensorType((1, 6), "last"))),
        Example({"axis": -1}, (_MAP, TensorType((6, 5, 1)))),
    )


def _stretched(verb: str, inputs: tuple[TensorType, ...]) -> TensorType:
    """The type of the largest of ``inputs``, where all others are that but for axes of size 1.

    Raises:
        OpError: one is not; it names two that disagree.
    """
    whole = max(inputs, key=lambda x: x.elements)
    return agreed(verb, inputs, whole=whole, also=tuple(x for x in inputs if _stretches(x, whole)))


def _stretches(x: TensorType, whole: TensorType) -> bool:
    """Whether ``x`` is ``whole`` but for axes of size 1."""
    if (x.rank, x.layout) != (whole.rank, whole.layout):
        return False
    return all(own in (1, size) for own, size in zip(x.shape, whole.shape, strict=True))


def agreed(
    verb: str, inputs: tuple[TensorType, ...], *, whole: TensorType | None = None, also: tuple[TensorType, ...] = ()
) -> TensorType:
    """The one type of all ``inputs``, or of all but those of a type in ``also``.

    Raises:
        OpError: they disagree; it names the two that do.
    """
    odd = _odd_one([whole if x in also else x for x in inputs])
    if odd:
        raise _disagreement(CannotCombine, verb, inputs, odd)
    return whole or inputs[0]


def _odd_one(things: list[object]) -> tuple[int, int] | None:
    """The first two numbers of things that differ: one of the majority and one that is not."""
    usual = Counter(things).most_common(1)[0][0]
    odd = next((number for number, thing in enumerate(things) if thing != usual), None)
    if odd is None:
        return None
    one, other = sorted((things.index(usual), odd))
    return one, other


def _disagreement(
    rule: type[CannotCombine | CannotConcatenate],
    verb: str,
    inputs: tuple[TensorType, ...],
    odd: tuple[int, int],
    joined: int | None = None,
) -> OpError:
    one, other = inputs[odd[0]], inputs[odd[1]]
    layouts = (
        " (channels first) and {} (channels last)"
        if one.layout == "first"
        else " (channels last) and {} (channels first)"
    )
    apart = layouts.format(other) if one.layout != other.layout and one.rank == other.rank else f" and {other}"
    return OpError(rule, f"cannot {verb} {one}{apart}", inputs=odd, help=_apart(one, other, joined))


def _apart(one: TensorType, other: TensorType, joined: int | None) -> str:
    """What to compare; ``joined`` is the axis that may differ."""
    if one.rank != other.rank:
        return _ranks_apart(one, other)
    if one.layout != other.layout:
        return _turned_apart(one, other)
    apart = [axis for axis in range(one.rank) if axis != joined and one.shape[axis] != other.shape[axis]]
    stated = ", ".join(f"axis {axis} is {one.shape[axis]} and {other.shape[axis]}" for axis in apart)
    if apart == [one.channel_axis]:
        return stated
    if joined is None and (_stretches(one, other) or _stretches(other, one)):
        return f"{stated}; `resize` stretches maps, and `add` and `sub` take a size of 1 for any with `stretch = true`"
    if sorted(one.shape) == sorted(other.shape):
        return f"{stated}: the same sizes in another order, which `permute` changes"
    return f"{stated}; strides and paddings make sizes"


def _ranks_apart(one: TensorType, other: TensorType) -> str:
    stated = f"one has {one.rank} axes and the other {other.rank}"
    if {one.shape, other.shape} & {(one.channels,), (other.channels,)} and one.channels == other.channels:
        return f"{stated}; `keep = true` of what makes the vector keeps its axes, and `reshape` gives it others"
    return f"{stated}; `flatten`, `reshape`, `tokens` and `maps` change that"


def _turned_apart(one: TensorType, other: TensorType) -> str:
    last, first = (one, other) if one.layout == "last" else (other, one)
    turned = TensorType((last.channels, *last.spatial))
    if turned == first:
        return "`channelsfirst` and `channelslast` turn one into the other"
    return f"with its channels first, {last} is {turned}: not {first} either"


def _without(x: TensorType, axis: int) -> object:
    return (x.shape[:axis], x.shape[axis + 1 :], x.layout, x.rank)


def _all(inputs: tuple[TensorType, ...]) -> tuple[Input, ...]:
    return tuple(map(Input, range(len(inputs))))


def _chained(target: str, inputs: tuple[TensorType, ...]) -> Expr:
    def pair(one: Expr, other: Expr) -> Expr:
        return Function(TorchCall(target), (one, other))

    return reduce(pair, _all(inputs))
