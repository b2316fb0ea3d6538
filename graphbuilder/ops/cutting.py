"""Ops that take a part of a value, or cut it into parts. Axes are counted without the batch, negative ones from the
end."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graphbuilder.diagnostics.catalogue.shapes import Contradiction, NoSuchAxis, NothingLeft, WrongLayout, WrongRank
from graphbuilder.ir.lowering import Input, Item, Lowering
from graphbuilder.ir.op import Example, Op, OpError
from graphbuilder.ir.reach import OWN, Reach, Span
from graphbuilder.ir.types import TensorType
from graphbuilder.ops import fields as f
from graphbuilder.ops.guards import axis_of, divides, one_of, places
from graphbuilder.ops.padding import Side, per_axis, sides_of, times
from graphbuilder.ops.torch_calls import cropped, method

_MAP = TensorType((6, 9, 8))
_LINE = TensorType((6, 9))
_TOKENS = TensorType((9, 6), "last")

# Every part has a name, a type and readers of its own.
_MOST_PARTS = 1024
_Count = Annotated[int, Field(gt=0, le=_MOST_PARTS), f.said(f"a positive integer up to {_MOST_PARTS}")]
_PartSizes = Annotated[
    tuple[f.Scalar, ...],
    Field(min_length=1, max_length=_MOST_PARTS),
    f.said(f"a list of at most {_MOST_PARTS} positive integers"),
]

_AXIS = "the batch not counted; negative ones count from the end"


class Split(Op):
    """Cuts a value along one axis; the parts are named "0", "1", ... and read as ``split.0``."""

    op = "split"
    family = "shape"
    title = "Split"

    count: Annotated[_Count | None, Field(description="Into how many equal parts")] = None
    sizes: Annotated[_PartSizes | None, Field(description="The size of each part, in place of `count`")] = None
    axis: Annotated[f.Axis | None, Field(description=f"The axis to cut, {_AXIS}; the channels unless given")] = None

    def results(self) -> tuple[str, ...]:
        return tuple(map(str, range(self.count or len(self.sizes or ()))))

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        (x,) = inputs
        one_of(self, count=self.count, sizes=self.sizes)
        axis = self._axis(x)
        return tuple(resized(x, axis, size) for size in self._parts(x.shape[axis]))

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        """Its own place, counted from where its part begins."""
        return (OWN,)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        dim = self._axis(inputs[0]) + 1
        if self.count:
            parts = method(Input(), "chunk", chunks=self.count, dim=dim)
        else:
            parts = method(Input(), "split", split_size=self.sizes, dim=dim)
        return Lowering(None, tuple(Item(parts, name) for name in self.results()))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return f"in {self.count}" if self.count else ", ".join(map(str, self.sizes or ()))

    def _axis(self, x: TensorType) -> int:
        return x.channel_axis if self.axis is None else axis_of(x, self.axis)

    def _parts(self, size: int) -> tuple[int, ...]:
        if self.count:
            divides(self, self.count, size, "count", "elements of the axis")
            return (size // self.count,) * self.count
        sizes = self.sizes or ()
        if sum(sizes) != size:
            raise OpError(Contradiction, f"split: {' + '.join(map(str, sizes))} is not {size}", field="sizes")
        return sizes

    examples = (
        Example({"count": 3}, (_MAP,)),
        Example({"sizes": [1, 2, 3]}, (_MAP,)),
        Example({"count": 2}, (_TOKENS,)),
        Example({"sizes": [1, 8], "axis": 0}, (_TOKENS,)),
        Example({"count": 4, "axis": -1}, (_MAP,)),
    )


class Slice(Op):
    """A part of one axis, from ``start`` up to ``stop``, as Python slices a list."""

    op = "slice"
    family = "shape"
    title = "Slice"

    axis: Annotated[f.Axis | None, Field(description=f"The axis to cut, {_AXIS}; the channels unless given")] = None
    start: Annotated[f.Integer | None, Field(description="The first element; the very first unless given")] = None
    stop: Annotated[
        f.Integer | None, Field(description="The element before which to stop; to the end unless given")
    ] = None
    step: Annotated[f.Positive, Field(description="The distance between the elements taken")] = 1

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        (x,) = inputs
        axis = self._axis(x)
        left = len(range(x.shape[axis])[self.start : self.stop : self.step])
        if left == 0:
            message = f"slice: {self.detail()} leaves nothing of {x.shape[axis]} elements"
            raise OpError(
                NothingLeft, message, help=f"elements are 0 to {x.shape[axis] - 1}, and `stop` lies behind `start`"
            )
        return (resized(x, axis, left),)

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        (x,) = inputs
        axis = self._axis(x)
        if axis == x.channel_axis:
            return (OWN,)
        taken = range(x.shape[axis])[self.start : self.stop : self.step]
        spatial = [each for each in range(x.rank) if each != x.channel_axis]
        span = Span(self.step, taken.start, taken.start)
        return (Reach(tuple(span if each == axis else Span() for each in spatial)),)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        return Lowering(None, (Item(Input(), ":, " * (self._axis(inputs[0]) + 1) + self.detail()),))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        start, stop = ("" if end is None else end for end in (self.start, self.stop))
        return f"{start}:{stop}" if self.step == 1 else f"{start}:{stop}:{self.step}"

    def _axis(self, x: TensorType) -> int:
        return x.channel_axis if self.axis is None else axis_of(x, self.axis)

    examples = (
        Example({"stop": 4}, (_MAP,)),
        Example({"axis": 1, "start": -3, "step": 2}, (_MAP,)),
        Example({"axis": 0, "start": 1}, (_TOKENS,)),
        Example({"start": 2, "stop": -1}, (TensorType((7,)),)),
    )


class Select(Op):
    """One element of an axis; the axis is gone. ``axis = 0, index = 0`` of tokens is the class token, a vector."""

    op = "select"
    family = "shape"
    title = "Select"

    axis: Annotated[f.Axis, Field(description=f"The axis, {_AXIS}; not that of the channels")]
    index: Annotated[f.Integer, Field(description="Which element; negative ones count from the end")]

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        (x,) = inputs
        axis = axis_of(x, self.axis)
        if axis == x.channel_axis:
            raise OpError(
                WrongLayout, f"select would take the channels away from {x}", field="axis", help="`slice` keeps them"
            )
        if not -x.shape[axis] <= self.index < x.shape[axis]:
            message = f"select: axis {self.axis} of {x} has no element {self.index}"
            raise OpError(NoSuchAxis, message, field="index", help="elements count from 0, and -1 is the last")
        kept = x.shape[:axis] + x.shape[axis + 1 :]
        return (TensorType(kept, x.layout if len(kept) > 1 else "first"),)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        axis = axis_of(inputs[0], self.axis)
        return Lowering(None, (Item(Input(), ":, " * (axis + 1) + str(self.index)),))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return str(self.index)

    examples = (
        Example({"axis": 0, "index": 0}, (_TOKENS,)),
        Example({"axis": -1, "index": -2}, (_MAP,)),
        Example({"axis": 1, "index": 3}, (_LINE,)),
    )


class Crop(Op):
    """Takes the edges of maps or tokens away: so much a side, or so that the middle of a given size is left.

    Where the difference is odd, one more is taken behind.
    """

    op = "crop"
    family = "shape"
    title = "Crop"
    ports = ("x", "like")
    optional = 1

    sides: Annotated[
        f.Sides | None, Field(description="What is taken: an integer, one an axis, or [before, after] an axis")
    ] = None
    size: Annotated[f.Sizes | None, Field(description="What is left: an integer, or one an axis")] = None

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        x = places(self, inputs[0])
        one_of(self, sides=self.sides, size=self.size, like=inputs[1] if len(inputs) > 1 else None)
        left = tuple(size - sum(side) for size, side in zip(x.spatial, self._sides(inputs), strict=True))
        if min(left) < 1:
            help_ = "`size` says what is to be left, `sides` what is taken away"
            raise OpError(NothingLeft, f"crop: nothing is left of {x}", field="sides", help=help_)
        return (x.with_spatial(*left),)

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach | None, ...]:
        spans = (Span(1, before, before) for before, _ in self._sides(inputs))
        return Reach(tuple(spans)), *(None,) * (len(inputs) - 1)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        behind = ((0, 0),) if inputs[0].layout == "last" else ()
        return Lowering(None, (cropped(Input(), (*self._sides(inputs), *behind)),))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return times((self.size,) if isinstance(self.size, int) else self.size) if self.size else ""

    def _sides(self, inputs: tuple[TensorType, ...]) -> tuple[Side, ...]:
        spatial = inputs[0].spatial
        if self.sides is not None:
            return sides_of(self.sides, len(spatial), "sides")
        wanted = per_axis(self.size, len(spatial), "size") if self.size else inputs[1].spatial
        if len(wanted) != len(spatial):
            raise OpError(WrongRank, f"cannot crop {inputs[0]} like {inputs[1]}", inputs=(0, 1))
        if any(want > have for want, have in zip(wanted, spatial, strict=True)):
            message = f"cannot crop {times(spatial)} to {times(wanted)}, which is larger"
            raise OpError(NothingLeft, message, help="`pad` and `resize` make maps larger")
        over = [have - want for want, have in zip(wanted, spatial, strict=True)]
        return tuple((much // 2, much - much // 2) for much in over)

    examples = (
        Example({"sides": 2}, (_MAP,)),
        Example({"sides": [0, 1]}, (_MAP,)),
        Example({"sides": [[0, 3], [2, 1]]}, (_MAP,)),
        Example({"size": 4}, (_MAP,)),
        Example({"size": [9, 3]}, (_MAP,)),
        Example({}, (_MAP, TensorType((2, 4, 7)))),
        Example({"sides": [[1, 0]]}, (_LINE,)),
        Example({"sides": [[1, 0], [0, 2]]}, (TensorType((9, 8, 4), "last"),)),
        Example({"sides": 2}, (_TOKENS,)),
    )


def resized(x: TensorType, axis: int, size: int) -> TensorType:
    """``x`` with another size of one axis."""
    return TensorType((*x.shape[:axis], size, *x.shape[axis + 1 :]), x.layout)
