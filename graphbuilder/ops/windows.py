"""Ops that move places of maps about: round the edges, into windows and back, and into channels.

A window of a map is a list of tokens; the windows of a map stand side by side on an axis before them. Either layout is
read, channels last given.
"""

from __future__ import annotations

from math import prod
from typing import Annotated

from pydantic import Field

from graphbuilder.diagnostics.catalogue.shapes import CannotReshape, WrongLayout, WrongRank
from graphbuilder.ir.lowering import Expr, Input, Lowering
from graphbuilder.ir.op import Example, Op, OpError
from graphbuilder.ir.reach import NOWHERE, Cut, Reach, Span
from graphbuilder.ir.types import TensorType
from graphbuilder.ops import fields as f
from graphbuilder.ops.guards import axis_of, divides, laid_last, places
from graphbuilder.ops.padding import per_axis, times
from graphbuilder.ops.torch_calls import method, padded

_MAP = TensorType((3, 8, 6))
_LINE = TensorType((3, 8))
_LAST = TensorType((8, 6, 3), "last")
_TOKENS = TensorType((9, 6), "last")

Shift = Annotated[f.Shifts, Field(description="By how many places, forward: an integer, or one an axis")]
Grid = Annotated[
    bool,
    Field(description="Whether a window holds places spread evenly over the whole map, in place of neighbours"),
]


class Roll(Op):
    """A cyclic shift: what leaves maps at one edge comes back at the other."""

    op = "roll"
    family = "shape"
    title = "Roll"

    shift: Shift

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        x = places(self, inputs[0])
        per_axis(self.shift, len(x.spatial), "shift")
        return (x,)

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        """As if nothing came round."""
        shifts = per_axis(self.shift, len(inputs[0].spatial), "shift")
        return (Reach(tuple(Span(1, -shift, -shift) for shift in shifts)),)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        (x,) = inputs
        shifts = per_axis(self.shift, len(x.spatial), "shift")
        first = 2 if x.layout == "first" else 1
        dims = tuple(range(first, first + len(shifts)))
        return Lowering(None, (method(Input(), "roll", shifts=shifts, dims=dims),))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return ", ".join(map(str, self.shift)) if isinstance(self.shift, tuple) else str(self.shift)

    examples = (
        Example({"shift": 2}, (_MAP,)),
        Example({"shift": [-1, 3]}, (_LAST,)),
        Example({"shift": -3}, (_LINE,)),
        Example({"shift": 1}, (_TOKENS,)),
    )


class Flip(Op):
    """An axis the other way round: rows from the last to the first, or columns, or channels."""

    op = "flip"
    family = "shape"
    title = "Flip"

    axis: Annotated[f.Axis, Field(description="The axis to turn round, the batch not counted")]

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        axis_of(inputs[0], self.axis)
        return inputs

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        (x,) = inputs
        return (NOWHERE if axis_of(x, self.axis) != x.channel_axis else Reach(),)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        return Lowering(None, (method(Input(), "flip", dims=(axis_of(inputs[0], self.axis) + 1,)),))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return str(self.axis)

    examples = (
        Example({"axis": -1}, (_MAP,)),
        Example({"axis": 0}, (_MAP,)),
        Example({"axis": 0}, (_TOKENS,)),
    )


class Windows(Op):
    """Cuts maps into windows, each a list of tokens: (windows, places of a window, channels), row by row.

    With ``grid``, a window holds every place of one remainder: ``size`` places along each axis, as far apart as they
    can be (MaxViT's grid attention; MobileViT attends so between patches).
    """

    op = "windows"
    family = "shape"
    title = "Windows"

    size: Annotated[f.Sizes, Field(description="Places of a window: an integer for all axes, or one an axis")]
    grid: Grid = False

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        x = places(self, inputs[0])
        window = window_of(self, x.spatial, self.size, "size")
        return (TensorType((prod(x.spatial) // prod(window), prod(window), x.channels), "last"),)

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        spatial = inputs[0].spatial
        return (Reach(cut=Cut(spatial, per_axis(self.size, len(spatial), "size"), self.grid)),)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        (x,) = inputs
        first = 2 if x.layout == "first" else 1
        window = per_axis(self.size, len(x.spatial), "size")
        cut: Expr = Input()
        for axis in reversed(range(len(window))):
            count = x.spatial[axis] // window[axis]
            sizes = (window[axis], count) if self.grid else (count, window[axis])
            cut = method(cut, "unflatten", dim=first + axis, sizes=sizes)
        outer, inner = _halves(len(window), first, self.grid)
        channels = 1 if x.layout == "first" else 1 + 2 * len(window)
        cut = method(cut, "permute", dims=(0, *outer, *inner, channels))
        return Lowering(None, (_joined(_joined(cut, 1 + len(window), len(window)), 1, len(window)),))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return _shown(self.size, inputs)

    examples = (
        Example({"size": 2}, (_MAP,)),
        Example({"size": [4, 3]}, (_LAST,)),
        Example({"size": 2, "grid": True}, (_MAP,)),
        Example({"size": [4, 2], "grid": True}, (_LAST,)),
        Example({"size": 4}, (_LINE,)),
        Example({"size": 3, "grid": True}, (_TOKENS,)),
    )


class Unwindows(Op):
    """Puts windows back into maps of ``size``, channels last: what ``windows`` has cut, it undoes."""

    op = "unwindows"
    family = "shape"
    title = "Unwindows"

    size: Annotated[f.Sizes, Field(description="The size of the maps: an integer for a square, or one an axis")]
    window: Annotated[f.Sizes, Field(description="Places of a window: an integer for all axes, or one an axis")]
    grid: Grid = False

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        (x,) = inputs
        if x.layout == "first" or x.rank != 3:
            message = f"unwindows reads windows of tokens, as `windows` gives them, and this is {x}"
            raise OpError(WrongLayout if x.rank == 3 else WrongRank, message, inputs=(0,))
        size = _square(self.size)
        window = window_of(self, size, self.window, "window")
        if (prod(size) // prod(window), prod(window)) != x.spatial:
            message = f"{x.shape[0]} windows of {x.shape[1]} are not {times(size)} places in windows of {times(window)}"
            raise OpError(CannotReshape, message, field="size")
        return (TensorType((*size, x.channels), "last"),)

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        size = _square(self.size)
        return (Reach(joined=Cut(size, per_axis(self.window, len(size), "window"), self.grid)),)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        size = _square(self.size)
        window = per_axis(self.window, len(size), "window")
        counts = tuple(whole // part for whole, part in zip(size, window, strict=True))
        axes = len(size)
        cut = Input() if axes == 1 else method(Input(), "unflatten", dim=2, sizes=window)
        cut = cut if axes == 1 else method(cut, "unflatten", dim=1, sizes=counts)
        outer, inner = range(1, 1 + axes), range(1 + axes, 1 + 2 * axes)
        pairs = zip(inner, outer, strict=True) if self.grid else zip(outer, inner, strict=True)
        joined: Expr = method(cut, "permute", dims=(0, *(dim for pair in pairs for dim in pair), 1 + 2 * axes))
        for axis in range(axes):
            joined = _joined(joined, 1 + axis, 2)
        return Lowering(None, (joined,))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return times(_square(self.size))

    examples = (
        Example({"size": [8, 6], "window": 2}, (TensorType((12, 4, 3), "last"),)),
        Example({"size": 6, "window": [2, 3]}, (TensorType((6, 6, 3), "last"),)),
        Example({"size": [8, 6], "window": [4, 2], "grid": True}, (TensorType((6, 8, 3), "last"),)),
        Example({"size": [8], "window": 4}, (TensorType((2, 4, 3), "last"),)),
    )


class PatchMerge(Op):
    """Neighbouring places side by side in the channels: H x W x C into H/f x W/f x f*f*C, channels last.

    Where ``factor`` does not divide a size, zeros are added behind or below. The channels of a place stay together;
    places come column by column, as Swin merges patches. ``pixelunshuffle`` does the like for channels first, where the
    places of a channel stay together.
    """

    op = "patchmerge"
    family = "shape"
    title = "PatchMerge"

    factor: Annotated[f.Positive, Field(description="By how much both sizes shrink")] = 2

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        (x,) = inputs
        laid_last(self, x)
        return (x.of(x.channels * self.factor**2, tuple(-(-size // self.factor) for size in x.spatial)),)

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        return (Reach((Span(self.factor, 0, self.factor - 1),) * 2),)

    def strides(self, inputs: tuple[TensorType, ...]) -> tuple[int, ...]:
        return (self.factor, self.factor)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        behind = tuple((0, -size % self.factor) for size in inputs[0].spatial)
        full = padded(Input(), (*behind, (0, 0))) if any(map(any, behind)) else Input()
        cut = method(full, "unflatten", dim=2, sizes=(-1, self.factor))
        cut = method(cut, "unflatten", dim=1, sizes=(-1, self.factor))
        return Lowering(None, (method(method(cut, "permute", dims=(0, 1, 3, 4, 2, 5)), "flatten", start_dim=3),))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return f"/{self.factor}"

    examples = (
        Example({}, (_LAST,)),
        Example({"factor": 3}, (TensorType((9, 6, 2), "last"),)),
        Example({"factor": 4}, (TensorType((9, 8, 2), "last"),)),
    )


def window_of(op: Op, spatial: tuple[int, ...], size: int | tuple[int, ...], field: str) -> tuple[int, ...]:
    """The window along every axis.

    Raises:
        OpError: it does not divide the map.
    """
    window = per_axis(size, len(spatial), field)
    for part, whole in zip(window, spatial, strict=True):
        divides(op, part, whole, field, "places of an axis")
    return window


def _halves(axes: int, first: int, grid: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Where the numbers of windows and the places in them stand when every axis is cut in two."""
    before, behind = tuple(range(first, first + 2 * axes, 2)), tuple(range(first + 1, first + 2 * axes, 2))
    return (behind, before) if grid else (before, behind)


def _joined(x: Expr, start: int, count: int) -> Expr:
    """``x`` with ``count`` axes from ``start`` in one."""
    return x if count == 1 else method(x, "flatten", start_dim=start, end_dim=start + count - 1)


def _square(size: int | tuple[int, ...]) -> tuple[int, ...]:
    return (size, size) if isinstance(size, int) else size


def _shown(size: int | tuple[int, ...], inputs: tuple[TensorType, ...]) -> str:
    axes = len(inputs[0].spatial) if inputs else 2
    return times((size,) * axes if isinstance(size, int) else size)
