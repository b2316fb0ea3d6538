"""Convolutions: plain, grouped, depthwise, transposed; over one, two or three spatial axes, by the rank of the
input."""

from __future__ import annotations

from math import prod
from typing import Annotated, Literal

from pydantic import Field

from graphbuilder.diagnostics.catalogue.shapes import Contradiction, NothingLeft
from graphbuilder.ir.lowering import Arg, Input, Lowering, Module, TorchCall
from graphbuilder.ir.op import Example, Op, OpError
from graphbuilder.ir.reach import Reach, Span
from graphbuilder.ir.types import TensorType
from graphbuilder.ir.weights import Initialiser, Weight
from graphbuilder.ops import fields as f
from graphbuilder.ops.guards import bearable, divides, maps, mode_fits, windowed
from graphbuilder.ops.padding import Side, Window, half, per_axis, sides_of, window
from graphbuilder.ops.torch_calls import cropped, padded, padding_arg, shorter

PaddingMode = Annotated[
    Literal["zeros", "reflect", "replicate", "circular"],
    Field(description="What the padding holds: zeros, a reflection, the edge itself, or the other end"),
]

TORCH_KERNEL = Initialiser("kaiming_uniform", gain=3**-0.5)  # torch writes it as a leaky slope of sqrt(5)

_LINE = TensorType((8, 17))
_MAP = TensorType((8, 15, 18))
_EVEN = TensorType((16, 12, 12))
_CUBE = TensorType((4, 6, 7, 8))


def kernel_weights(shape: tuple[int, ...], out: int, bias: bool) -> tuple[Weight, ...]:
    """A kernel and a bias as torch draws them; fans are torch's, from the kernel's shape in its order."""
    field = prod(shape[2:])
    fan = (shape[1] * field, shape[0] * field)
    kernel = Weight("weight", shape, TORCH_KERNEL, fan=fan)
    if not bias:
        return (kernel,)
    return kernel, Weight("bias", (out,), Initialiser("uniform", bound=fan[0] ** -0.5), fan=fan)


class Conv(Op):
    """Convolution over the spatial axes, one, two or three of them by the rank of the input.

    A multiply-accumulate is counted for every element of the kernel at every place of the result; the bias is not
    counted.
    """

    op = "conv"
    family = "convolution"
    title = "Conv"

    out: f.Out
    kernel: f.Kernel
    stride: f.Stride = 1
    padding: f.Padding = "valid"
    dilation: f.Dilation = 1
    groups: f.Groups = 1
    bias: f.Bias = True
    padding_mode: PaddingMode = "zeros"

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        x = maps(self, inputs[0])
        divides(self, self.groups, x.channels, "groups", others=(self.out,))
        divides(self, self.groups, self.out, "groups", "output channels", others=(x.channels,))
        over = self._window(x)
        bearable(self, x, over.held)
        mode_fits(self, self.padding_mode, over.spatial, over.sides, "padding")
        return (x.of(self.out, over.counts()),)

    def weights(self, inputs: tuple[TensorType, ...]) -> tuple[Weight, ...]:
        (x,) = inputs
        kernel = per_axis(self.kernel, x.rank - 1, "kernel")
        return kernel_weights((self.out, x.channels // self.groups, *kernel), self.out, self.bias)

    def macs(self, inputs: tuple[TensorType, ...]) -> int:
        (x,) = inputs
        over = self._window(x)
        return self.out * prod(over.counts()) * (x.channels // self.groups) * prod(over.kernel)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        (x,) = inputs
        head = (
            Arg("in_channels", x.channels, channels=0),
            Arg("out_channels", self.out, field="out"),
            Arg("kernel_size", self.kernel, field="kernel"),
        )
        groups = Arg("groups", self.groups, 1, field="groups")
        return lower_convolution(self, head, self._window(x), groups)

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        return (self._window(inputs[0]).reads(),)

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        groups = f" g{self.groups}" if self.groups > 1 else ""
        return f"{self.out}, {windowed(self.kernel, self.stride, inputs, self.dilation, self.padding)}{groups}"

    def _window(self, x: TensorType) -> Window:
        return window(x.spatial, self.kernel, self.stride, self.padding, self.dilation)

    examples = (
        Example({"out": 6, "kernel": 3}, (_MAP,)),
        Example({"out": 6, "kernel": 3, "stride": 2, "padding": "same"}, (_EVEN,)),
        Example({"out": 6, "kernel": 3, "stride": 2, "padding": "same"}, (_MAP,)),
        Example({"out": 6, "kernel": 4, "padding": "same", "bias": False}, (_MAP,)),
        Example({"out": 6, "kernel": [1, 7], "padding": "half"}, (_MAP,)),
        Example({"out": 6, "kernel": 3, "stride": [2, 1], "padding": "half", "dilation": 2}, (_MAP,)),
        Example({"out": 6, "kernel": 5, "padding": 2}, (_MAP,)),
        Example({"out": 6, "kernel": [3, 5], "padding": [1, 2]}, (_MAP,)),
        Example({"out": 6, "kernel": 3, "padding": [[0, 1], [2, 0]], "stride": 2}, (_MAP,)),
        Example({"out": 32, "kernel": 3, "groups": 4, "padding": 1, "bias": False}, (_EVEN,)),
        Example({"out": 6, "kernel": 3}, (_LINE,)),
        Example({"out": 6, "kernel": 2, "dilation": 4, "padding": [[4, 0]]}, (_LINE,)),
        Example({"out": 6, "kernel": 4, "stride": 3, "padding": "same"}, (_LINE,)),
        Example({"out": 6, "kernel": 3, "padding": "same", "stride": 2}, (_CUBE,)),
        Example({"out": 6, "kernel": 3, "padding": 1, "padding_mode": "reflect"}, (_MAP,)),
        Example({"out": 6, "kernel": 4, "padding": "same", "padding_mode": "circular"}, (_MAP,)),
    )


class DepthwiseConv(Op):
    """Depthwise convolution: every channel is convolved by itself, into ``multiplier`` channels."""

    op = "dwconv"
    family = "separable"
    title = "DWConv"

    kernel: f.Kernel
    multiplier: Annotated[f.Positive, Field(description="Channels made of each channel")] = 1
    stride: f.Stride = 1
    padding: f.Padding = "valid"
    dilation: f.Dilation = 1
    bias: f.Bias = True
    padding_mode: PaddingMode = "zeros"

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        x = maps(self, inputs[0])
        over = self._window(x)
        bearable(self, x, over.held)
        mode_fits(self, self.padding_mode, over.spatial, over.sides, "padding")
        return (x.of(x.channels * self.multiplier, over.counts()),)

    def weights(self, inputs: tuple[TensorType, ...]) -> tuple[Weight, ...]:
        (x,) = inputs
        out = x.channels * self.multiplier
        return kernel_weights((out, 1, *per_axis(self.kernel, x.rank - 1, "kernel")), out, self.bias)

    def macs(self, inputs: tuple[TensorType, ...]) -> int:
        (out,) = self.infer(inputs)
        return out.elements * prod(self.weights(inputs)[0].shape[1:])

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        (x,) = inputs
        head = (
            Arg("in_channels", x.channels, channels=0),
            Arg("out_channels", x.channels * self.multiplier, channels=0 if self.multiplier == 1 else None),
            Arg("kernel_size", self.kernel, field="kernel"),
        )
        groups = Arg("groups", x.channels, 1, channels=0)
        return lower_convolution(self, head, self._window(x), groups)

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        return (self._window(inputs[0]).reads(),)

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        multiplier = f" x{self.multiplier}" if self.multiplier > 1 else ""
        return windowed(self.kernel, self.stride, inputs, self.dilation, self.padding) + multiplier

    def _window(self, x: TensorType) -> Window:
        return window(x.spatial, self.kernel, self.stride, self.padding, self.dilation)

    examples = (
        Example({"kernel": 3}, (_MAP,)),
        Example({"kernel": 3, "padding": "same", "bias": False}, (_EVEN,)),
        Example({"kernel": 3, "padding": "same", "stride": 2}, (_EVEN,)),
        Example({"kernel": 5, "padding": "half", "multiplier": 2, "dilation": 2}, (_MAP,)),
        Example({"kernel": 3, "padding": [[0, 1], [0, 1]], "stride": 2}, (_EVEN,)),
        Example({"kernel": 4, "padding": 2}, (_LINE,)),
        Example({"kernel": 3, "padding": "same"}, (_CUBE,)),
        Example({"kernel": 3, "padding": "half", "padding_mode": "replicate"}, (_LINE,)),
    )


class ConvTranspose(Op):
    """Transposed convolution: every element of the input is spread over a window of the result.

    ``padding`` is taken off the result. "same" gives size * stride, as TensorFlow does. A multiply-accumulate is
    counted for every element of the kernel at every place of the input.
    """

    op = "convtranspose"
    family = "convolution"
    title = "ConvT"

    out: f.Out
    kernel: f.Kernel
    stride: f.Stride = 1
    padding: f.Padding = "valid"
    output_padding: Annotated[f.NaturalSizes, Field(description="Extra size behind each axis of the result")] = 0
    dilation: f.Dilation = 1
    groups: f.Groups = 1
    bias: f.Bias = True

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        x = maps(self, inputs[0])
        divides(self, self.groups, x.channels, "groups", others=(self.out,))
        divides(self, self.groups, self.out, "groups", "output channels", others=(x.channels,))
        crops, extra = self._crops(x)
        bearable(self, x.with_channels(self.out), self._full(x), "kernel")
        sizes = tuple(
            full - before - after + more
            for full, (before, after), more in zip(self._full(x), crops, extra, strict=True)
        )
        if min(sizes) < 1:
            message = f"convtranspose: the padding takes all of {x}"
            raise OpError(NothingLeft, message, field="padding", settings=(("padding", 0),))
        return (x.of(self.out, sizes),)

    def weights(self, inputs: tuple[TensorType, ...]) -> tuple[Weight, ...]:
        (x,) = inputs
        kernel = per_axis(self.kernel, x.rank - 1, "kernel")
        return kernel_weights((x.channels, self.out // self.groups, *kernel), self.out, self.bias)

    def macs(self, inputs: tuple[TensorType, ...]) -> int:
        return inputs[0].elements * prod(self.weights(inputs)[0].shape[1:])

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        from fractions import Fraction

        (x,) = inputs
        bare, (crops, _) = self._bare(x), self._crops(x)
        axes = zip(bare.stride, bare.reach, crops, strict=True)
        spans = (
            Span(Fraction(1, stride), Fraction(before - reach + 1, stride), Fraction(before, stride))
            for stride, reach, (before, _) in axes
        )
        return (Reach(tuple(spans)),)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        (x,) = inputs
        crops, extra = self._crops(x)
        used = tuple(map(min, crops))
        args = (
            Arg("in_channels", x.channels, channels=0),
            Arg("out_channels", self.out, field="out"),
            Arg("kernel_size", self.kernel, field="kernel"),
            Arg("stride", self.stride, 1, field="stride"),
            padding_arg(self.padding, used),
            Arg(
                "output_padding",
                shorter(extra),
                0,
                field="output_padding" if shorter(extra) == self.output_padding else None,
            ),
            Arg("groups", self.groups, 1, field="groups"),
            Arg("bias", self.bias, True, field="bias"),
            Arg("dilation", self.dilation, 1, field="dilation"),
            Arg("padding_mode", "zeros", "zeros"),
        )
        module = TorchCall(f"nn.ConvTranspose{x.rank - 1}d", args, positional=3)
        left = tuple((before - pad, after - pad) for (before, after), pad in zip(crops, used, strict=True))
        return Lowering(module, (cropped(Module(), left),))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        groups = f" g{self.groups}" if self.groups > 1 else ""
        return f"{self.out}, {windowed(self.kernel, self.stride, inputs, self.dilation, self.padding)}{groups}"

    def strides(self, inputs: tuple[TensorType, ...]) -> tuple[int, ...]:
        """It enlarges; nothing in a shortcut follows that."""
        return (1,) * len(inputs[0].spatial)

    def _bare(self, x: TensorType) -> Window:
        axes = x.rank - 1
        kernel, stride = per_axis(self.kernel, axes, "kernel"), per_axis(self.stride, axes, "stride")
        return Window(x.spatial, kernel, stride, per_axis(self.dilation, axes, "dilation"), ((0, 0),) * axes)

    def _full(self, x: TensorType) -> tuple[int, ...]:
        bare = self._bare(x)
        axes = zip(bare.spatial, bare.stride, bare.reach, strict=True)
        return tuple((size - 1) * stride + reach for size, stride, reach in axes)

    def _crops(self, x: TensorType) -> tuple[tuple[Side, ...], tuple[int, ...]]:
        """What is taken off each side of the full result, and what is added behind."""
        bare = self._bare(x)
        extra = per_axis(self.output_padding, x.rank - 1, "output_padding")
        if self.padding == "valid":
            return bare.sides, self._checked(extra, bare)
        if self.padding == "half":
            return half(bare.reach), self._checked(extra, bare)
        if self.padding == "same":
            return self._same(bare, extra)
        assert not isinstance(self.padding, str)
        return sides_of(self.padding, x.rank - 1, "padding"), self._checked(extra, bare)

    def _checked(self, extra: tuple[int, ...], bare: Window) -> tuple[int, ...]:
        limits = zip(extra, bare.stride, bare.dilation, strict=True)
        if all(more < max(stride, dilation) for more, stride, dilation in limits):
            return extra
        raise OpError(
            Contradiction, "output_padding must be smaller than the stride or the dilation", field="output_padding"
        )

    def _same(self, bare: Window, extra: tuple[int, ...]) -> tuple[tuple[Side, ...], tuple[int, ...]]:
        if any(extra):
            raise OpError(
                Contradiction,
                'padding = "same" leaves nothing to output_padding: it gives size * stride',
                field="output_padding",
            )
        over = [reach - stride for reach, stride in zip(bare.reach, bare.stride, strict=True)]
        crops = tuple((max(much, 0) // 2, max(much, 0) - max(much, 0) // 2) for much in over)
        return crops, tuple(max(-much, 0) for much in over)

    examples = (
        Example({"out": 6, "kernel": 2, "stride": 2}, (_MAP,)),
        Example({"out": 6, "kernel": 4, "stride": 2, "padding": 1, "bias": False}, (_EVEN,)),
        Example({"out": 6, "kernel": 3, "stride": 2, "padding": "same"}, (_EVEN,)),
        Example({"out": 6, "kernel": 1, "stride": 2, "padding": "same"}, (_EVEN,)),
        Example({"out": 6, "kernel": 3, "stride": 2, "padding": 1, "output_padding": 1}, (_EVEN,)),
        Example({"out": 6, "kernel": [3, 5], "padding": "half", "dilation": 2}, (_MAP,)),
        Example({"out": 4, "kernel": 3, "groups": 4, "padding": [[0, 1], [1, 2]], "stride": 3}, (_EVEN,)),
        Example({"out": 6, "kernel": 5, "stride": 4, "padding": "same"}, (_LINE,)),
        Example({"out": 6, "kernel": 3, "stride": 2, "padding": [1, 0, 1]}, (_CUBE,)),
    )


def lower_convolution(op: Conv | DepthwiseConv, head: tuple[Arg, ...], over: Window, groups: Arg) -> Lowering:
    """``nn.Conv*d`` where both sides of every axis are padded alike, else an explicit pad before it."""
    symmetric = over.symmetric
    args = (
        *head,
        Arg("stride", op.stride, 1, field="stride"),
        Arg("padding", 0, 0) if symmetric is None else padding_arg(op.padding, symmetric),
        Arg("dilation", op.dilation, 1, field="dilation"),
        groups,
        Arg("bias", op.bias, True, field="bias"),
        Arg("padding_mode", "zeros", "zeros")
        if symmetric is None
        else Arg("padding_mode", op.padding_mode, "zeros", field="padding_mode"),
    )
    module = TorchCall(f"nn.Conv{len(over.spatial)}d", args, positional=3)
    if symmetric is not None:
        return Lowering(module)
    mode = "constant" if op.padding_mode == "zeros" else op.padding_mode
    return Lowering(module, (Module((padded(Input(), over.sides, mode=mode),)),))
