"""Ops that change the sizes of maps: padding, resizing, channels into pixels."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from graphbuilder.diagnostics.catalogue.shapes import Contradiction, NothingLeft, WrongRank
from graphbuilder.ir.lowering import Arg, Input, Lowering, TorchCall
from graphbuilder.ir.op import Example, Op, OpError
from graphbuilder.ir.reach import Reach, Span
from graphbuilder.ir.types import TensorType
from graphbuilder.ops import fields as f
from graphbuilder.ops.guards import divides, maps, mode_fits, one_of, places
from graphbuilder.ops.padding import binned, grown, per_axis, sides_of, times, wrong_count
from graphbuilder.ops.torch_calls import move, padded

_MAP = TensorType((4, 9, 8))
_LINE = TensorType((4, 9))
_CUBE = TensorType((2, 3, 4, 5))
_LAST = TensorType((9, 8, 4), "last")

_BY_RANK = {"bilinear": ("linear", "bilinear", "trilinear")}


class Pad(Op):
    """Adds to the edges of maps or tokens: a constant, a reflection, the edge itself, or the other end."""

    op = "pad"
    family = "shape"
    title = "Pad"

    sides: Annotated[f.Sides, Field(description="What is added: an integer, one an axis, or [before, after] an axis")]
    mode: Annotated[
        Literal["constant", "reflect", "replicate", "circular"], Field(description="What the new places hold")
    ] = "constant"
    value: Annotated[f.Number, Field(description="The constant")] = 0.0

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        x = places(self, inputs[0])
        sides = sides_of(self.sides, x.rank - 1, "sides")
        if self.value and self.mode != "constant":
            raise OpError(Contradiction, f'pad: value means nothing for "{self.mode}"', field="value")
        mode_fits(self, self.mode, x.spatial, sides, "sides")
        return (x.with_spatial(*grown(x.spatial, sides)),)

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        """As if the new places held nothing of the map: a reflection would stay within the same windows."""
        spans = (Span(1, -before, -before) for before, _ in sides_of(self.sides, inputs[0].rank - 1, "sides"))
        return (Reach(tuple(spans)),)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        sides = sides_of(self.sides, inputs[0].rank - 1, "sides")
        if inputs[0].layout == "first":
            return Lowering(None, (padded(Input(), sides, self.value or None, self.mode),))
        if self.mode == "constant":
            return Lowering(None, (padded(Input(), (*sides, (0, 0)), self.value or None),))
        return Lowering(None, (move(padded(move(Input(), -1, 1), sides, None, self.mode), 1, -1),))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        if isinstance(self.sides, int):
            return str(self.sides)
        return ", ".join(str(side) if isinstance(side, int) else "+".join(map(str, side)) for side in self.sides)

    examples = (
        Example({"sides": 2}, (_MAP,)),
        Example({"sides": [0, 1], "value": 1.5}, (_MAP,)),
        Example({"sides": [[0, 3], [2, 1]], "mode": "reflect"}, (_MAP,)),
        Example({"sides": 1, "mode": "replicate"}, (_LINE,)),
        Example({"sides": [[2, 0]], "mode": "circular"}, (_LINE,)),
        Example({"sides": 1, "mode": "replicate"}, (_CUBE,)),
        Example({"sides": [[0, 1], [2, 0]]}, (_LAST,)),
        Example({"sides": [1, 2], "mode": "reflect"}, (_LAST,)),
    )


class Resize(Op):
    """Maps at another size: by a factor, to a size, or to the size of another value (port ``like``)."""

    op = "resize"
    family = "shape"
    title = "Resize"
    ports = ("x", "like")
    optional = 1

    factor: Annotated[f.Factors | None, Field(description="Factor of every size: a number, or one an axis")] = None
    size: Annotated[f.Sizes | None, Field(description="The new size: an integer, or one an axis")] = None
    mode: Annotated[
        Literal["nearest", "nearest-exact", "bilinear", "bicubic", "area"],
        Field(
            description='How values between are found; "nearest" is torch\'s, which rounds down, "nearest-exact" takes '
            "what lies nearest to the middle of the new place, as TensorFlow and Keras do; bilinear is linear over one "
            "axis and trilinear over three"
        ),
    ] = "nearest"
    align_corners: Annotated[
        bool, Field(description="Whether the middles of the corners stay in place (bilinear and bicubic)")
    ] = False

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        x = maps(self, inputs[0], axes=(2,) if self.mode == "bicubic" else (1, 2, 3))
        one_of(self, factor=self.factor, size=self.size, like=inputs[1] if len(inputs) > 1 else None)
        if self.align_corners and self.mode not in ("bilinear", "bicubic"):
            raise OpError(
                Contradiction, f'resize: align_corners means nothing for "{self.mode}"', field="align_corners"
            )
        sizes = self._sizes(inputs)
        if min(sizes) < 1:
            help_ = "sizes are the input's times the factor, rounded down"
            raise OpError(NothingLeft, f"resize: nothing is left of {x}", field="factor", help=help_)
        return (x.with_spatial(*sizes),)

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach | None, ...]:
        given, made = inputs[0].spatial, self._sizes(inputs)
        if self.mode == "area":
            reach = binned(given, made)
        else:
            factors = (None,) * len(given) if self.factor is None else self._factors(len(given))
            reach = Reach(tuple(map(self._span, given, made, factors)))
        return reach, *(None,) * (len(inputs) - 1)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        axes = inputs[0].rank - 1
        mode = _BY_RANK.get(self.mode, (self.mode,) * 3)[axes - 1]
        smooth = self.mode in ("bilinear", "bicubic")
        args = (
            Arg("size", self._size(inputs), None, field="size" if self.size else None),
            Arg("scale_factor", self.factor, None, field="factor"),
            Arg("mode", mode, "nearest", field="mode" if mode == self.mode else None),
            Arg(
                "align_corners", self.align_corners if smooth else None, None, field="align_corners" if smooth else None
            ),
            Arg("recompute_scale_factor", None, None),
        )
        return Lowering(TorchCall("nn.Upsample", args))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        if self.size:
            return times((self.size,) * 2 if isinstance(self.size, int) else self.size)
        return f"×{self.factor}" if isinstance(self.factor, int | float) else ""

    def _span(self, given: int, made: int, factor: float | None) -> Span:
        """What a place reads along an axis: around ``stride * i + shift``, rounded down, as many as the mode takes."""
        from fractions import Fraction

        # torch steps by the factor as it is written, also where the sizes do not come to it.
        stride, shift = 1 / Fraction(str(factor)) if factor else Fraction(given, made), Fraction(0)
        if self.align_corners:
            stride = Fraction(given - 1, max(made - 1, 1))
        elif self.mode != "nearest":
            shift = stride / 2 if self.mode == "nearest-exact" else (stride - 1) / 2
        rounded = max((stride * i + shift) % 1 for i in range(min(made, stride.denominator)))
        if self.mode in ("nearest", "nearest-exact"):
            return Span(stride, shift - rounded, shift)
        around = rounded + (1 if self.mode == "bicubic" and rounded else 0)
        return Span(stride, shift - around, shift + around)

    def _size(self, inputs: tuple[TensorType, ...]) -> int | tuple[int, ...] | None:
        return self.size or (inputs[1].spatial if self.factor is None else None)

    def _sizes(self, inputs: tuple[TensorType, ...]) -> tuple[int, ...]:
        spatial = inputs[0].spatial
        size = self._size(inputs)
        if size is None:
            return tuple(map(_scaled, spatial, self._factors(len(spatial))))
        if not self.size and len(inputs[1].spatial) != len(spatial):
            raise OpError(WrongRank, f"cannot resize {inputs[0]} like {inputs[1]}", inputs=(0, 1))
        return per_axis(size, len(spatial), "size")

    def _factors(self, axes: int) -> tuple[float, ...]:
        factors = self.factor if isinstance(self.factor, tuple) else (self.factor or 1,) * axes
        if len(factors) != axes:
            raise wrong_count(factors, axes, "factor")
        return factors

    examples = (
        Example({"factor": 2}, (_MAP,)),
        Example({"factor": 0.5}, (_MAP,)),
        Example({"factor": [1.5, 2], "mode": "bilinear"}, (_MAP,)),
        Example({"size": 7, "mode": "bilinear", "align_corners": True}, (_MAP,)),
        Example({"size": [20, 3], "mode": "bicubic"}, (_MAP,)),
        Example({"mode": "bilinear"}, (_MAP, TensorType((1, 18, 15)))),
        Example({"mode": "area"}, (_LINE, TensorType((7, 5)))),
        Example({"factor": 3, "mode": "bilinear"}, (_LINE,)),
        Example({"factor": 2, "mode": "bilinear"}, (_CUBE,)),
        Example({"factor": 2, "mode": "nearest-exact"}, (_CUBE,)),
    )


def _scaled(size: int, factor: float) -> int:
    """``size`` times ``factor`` rounded down, as torch does it; a large factor could take a float beyond its range."""
    return size * int(factor) if factor >= 2**53 else int(size * factor)


class PixelShuffle(Op):
    """Channels into pixels: C*r*r x H x W into C x H*r x W*r."""

    op = "pixelshuffle"
    family = "shape"
    title = "PixelShuffle"

    factor: Annotated[f.Positive, Field(description="By how much both sizes grow")]

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        x = maps(self, inputs[0], axes=(2,))
        divides(self, self.factor**2, x.channels, "factor", squared=True)
        return (x.of(x.channels // self.factor**2, tuple(size * self.factor for size in x.spatial)),)

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        return (binned(inputs[0].spatial, self.infer(inputs)[0].spatial),)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        return Lowering(TorchCall("nn.PixelShuffle", (Arg("upscale_factor", self.factor, field="factor"),), 1))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return f"×{self.factor}"

    examples = (
        Example({"factor": 2}, (_MAP,)),
        Example({"factor": 3}, (TensorType((18, 2, 5)),)),
    )


class PixelUnshuffle(Op):
    """Pixels into channels: C x H*r x W*r into C*r*r x H x W."""

    op = "pixelunshuffle"
    family = "shape"
    title = "PixelUnshuffle"

    factor: Annotated[f.Positive, Field(description="By how much both sizes shrink")]

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        x = maps(self, inputs[0], axes=(2,))
        for size in x.spatial:
            divides(self, self.factor, size, "factor", "places of an axis")
        return (x.of(x.channels * self.factor**2, tuple(size // self.factor for size in x.spatial)),)

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        return (Reach((Span(self.factor, 0, self.factor - 1),) * 2),)

    def strides(self, inputs: tuple[TensorType, ...]) -> tuple[int, ...]:
        return (self.factor, self.factor)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        return Lowering(TorchCall("nn.PixelUnshuffle", (Arg("downscale_factor", self.factor, field="factor"),), 1))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return f"/{self.factor}"

    examples = (
        Example({"factor": 2}, (TensorType((3, 6, 8)),)),
        Example({"factor": 3}, (TensorType((2, 9, 6)),)),
    )


class ChannelShuffle(Op):
    """Channels reordered so that each group's are spread over all groups: (g, n) read as (n, g)."""

    op = "channelshuffle"
    family = "shape"
    title = "ChannelShuffle"

    groups: Annotated[f.Positive, Field(description="How many groups the channels come in")]

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        x = maps(self, inputs[0])
        divides(self, self.groups, x.channels, "groups")
        return (x,)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        return Lowering(TorchCall("nn.ChannelShuffle", (Arg("groups", self.groups, field="groups"),), 1))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return f"g{self.groups}"

    examples = (
        Example({"groups": 2}, (_MAP,)),
        Example({"groups": 3}, (TensorType((6, 9)),)),
    )
