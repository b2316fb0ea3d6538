"""What passes make of several ops. No spec names these: they stand in no catalogue, and only a machine that has the
operator which they call can run them."""

from __future__ import annotations

from typing import Literal, cast

from graphbuilder.ir.lowering import Arg, Input, Lowering, Module, TorchCall
from graphbuilder.ir.op import Op
from graphbuilder.ir.reach import OWN, Reach
from graphbuilder.ir.types import TensorType
from graphbuilder.ir.weights import Weight
from graphbuilder.ops.convolution import Conv, DepthwiseConv
from graphbuilder.ops.join import agreed
from graphbuilder.ops.padding import per_axis, window
from graphbuilder.ops.pooling import MaxPool

Axes = tuple[int, ...]
FusedActivation = Literal["none", "relu", "relu6", "elu", "silu", "hardswish"]

# Its halves are a kind of their own, so that what fills the network's other convolutions leaves them alone.
_FUSED = '''
class FusedHalf(nn.Conv2d):
    """The weights of one half of a fused separable convolution."""


class FusedSepConv(nn.Module):
    """A separable convolution and what stands around it, in one operator of GraphBuilder's.

    after(pointwise(between(depthwise(before(x)))) + residual), or with the halves in the other
    order; padding is above, below, left and right.
    """

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        *,
        stride=(1, 1),
        padding=(0, 0, 0, 0),
        dilation=(1, 1),
        multiplier=1,
        biases=(False, True),
        before="none",
        between="none",
        after="none",
        depthwise_first=True,
    ):
        super().__init__()
        read = in_channels if depthwise_first else out_channels
        made = read * multiplier if depthwise_first else read
        between_halves = made if depthwise_first else in_channels
        depthwise = FusedHalf(read, made, kernel_size, stride, 0, dilation, read, biases[0])
        pointwise = FusedHalf(between_halves, out_channels, 1, bias=biases[1])
        halves = {"depthwise": depthwise, "pointwise": pointwise}
        for name in halves if depthwise_first else reversed(halves):
            self.add_module(name, halves[name])
        self.form = (stride, padding, dilation, before, between, after, depthwise_first)

    def forward(self, x, residual=None):
        depthwise, pointwise = self.depthwise, self.pointwise
        tensors = (depthwise.weight, pointwise.weight, depthwise.bias, pointwise.bias)
        return torch.ops.graphbuilder.sepconv(x, *tensors, residual, *self.form)
'''


class FusedSepConv(Op):
    """A separable convolution over two spatial axes, with activations before, between and behind its halves and the
    sum with a residual ahead of the last: ``after(pointwise(between(depthwise(before(x)))) + residual)``.

    Its weights are called as those of the `sepconv` that it was made of.
    """

    op = "fusedsepconv"
    family = "separable"
    title = "SepConv"
    ports = ("x", "residual")
    optional = 1

    depthwise: DepthwiseConv
    pointwise: Conv
    before: FusedActivation = "none"
    between: FusedActivation = "none"
    after: FusedActivation = "none"
    depthwise_first: bool = True

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        x, *residual = inputs
        for _, half in self._halves():
            (x,) = half.infer((x,))
        return (agreed("add", (x, *residual)),)

    def weights(self, inputs: tuple[TensorType, ...]) -> tuple[Weight, ...]:
        found: list[Weight] = []
        x = inputs[0]
        for name, half in self._halves():
            found += (each._replace(name=f"{name}.{each.name}") for each in half.weights((x,)))
            (x,) = half.infer((x,))
        return tuple(found)

    def macs(self, inputs: tuple[TensorType, ...]) -> int:
        total, x = 0, inputs[0]
        for _, half in self._halves():
            total += half.macs((x,))
            (x,) = half.infer((x,))
        return total

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        return (*self.depthwise.reads(inputs[:1]), *(OWN for _ in inputs[1:]))

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        x = inputs[0]
        half = self.depthwise
        over = window(x.spatial, half.kernel, half.stride, half.padding, half.dilation)
        (above, below), (left, right) = over.sides
        args = (
            Arg("in_channels", x.channels, channels=0),
            Arg("out_channels", self.infer(inputs)[0].channels, field="out"),
            Arg("kernel_size", per_axis(half.kernel, 2, "kernel")),
            Arg("stride", over.stride, (1, 1)),
            Arg("padding", (above, below, left, right), (0, 0, 0, 0)),
            Arg("dilation", over.dilation, (1, 1)),
            Arg("multiplier", half.multiplier, 1),
            Arg("biases", (half.bias, self.pointwise.bias), (False, True)),
            Arg("before", self.before, "none"),
            Arg("between", self.between, "none"),
            Arg("after", self.after, "none"),
            Arg("depthwise_first", self.depthwise_first, True),
        )
        values = tuple(map(Input, range(len(inputs))))
        return Lowering(TorchCall("FusedSepConv", args, positional=3), (Module(values),), _FUSED)

    def _halves(self) -> tuple[tuple[str, DepthwiseConv | Conv], ...]:
        halves = (("depthwise", self.depthwise), ("pointwise", self.pointwise))
        return halves if self.depthwise_first else halves[::-1]


_POOLED = '''
class ShortcutWeights(nn.Conv2d):
    """The weights of the convolution in a pooled sum."""


class PooledSum(nn.Module):
    """A max pool plus a strided 1x1 convolution of another map, in one operator."""

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        *,
        stride=(2, 2),
        padding=(0, 0),
        ceil_mode=False,
        step=(2, 2),
        bias=True,
        name="conv",
    ):
        super().__init__()
        self.add_module(name, ShortcutWeights(in_channels, out_channels, 1, step, bias=bias))
        self.form = (kernel_size, stride, padding, ceil_mode, step)

    def forward(self, x, shortcut):
        (weights,) = self.children()
        return torch.ops.graphbuilder.pooledsum(
            x, shortcut, weights.weight, weights.bias, *self.form
        )
'''


class PooledSum(Op):
    """A max pool over two spatial axes plus a strided 1x1 convolution of another map, which a shortcut was.

    Its weights are called as those of that convolution, ``name`` being its own in the shortcut.
    """

    op = "pooledsum"
    family = "pooling"
    title = "MaxPool +"
    ports = ("x", "shortcut")

    pool: MaxPool
    conv: Conv
    name: str = "conv"

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        x, shortcut = inputs
        return (agreed("add", (*self.pool.infer((x,)), *self.conv.infer((shortcut,)))),)

    def weights(self, inputs: tuple[TensorType, ...]) -> tuple[Weight, ...]:
        return tuple(each._replace(name=f"{self.name}.{each.name}") for each in self.conv.weights(inputs[1:]))

    def macs(self, inputs: tuple[TensorType, ...]) -> int:
        return self.conv.macs(inputs[1:])

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        return (*self.pool.reads(inputs[:1]), *self.conv.reads(inputs[1:]))

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        x, shortcut = inputs
        kernel, stride, padding, ceil_mode = pooled_window(self.pool, x)
        args = (
            Arg("in_channels", shortcut.channels, channels=1),
            Arg("out_channels", x.channels, channels=0),
            Arg("kernel_size", kernel),
            Arg("stride", stride, (2, 2)),
            Arg("padding", padding, (0, 0)),
            Arg("ceil_mode", ceil_mode, False),
            Arg("step", self.conv.strides((shortcut,)), (2, 2)),
            Arg("bias", self.conv.bias, True),
            Arg("name", self.name, "conv"),
        )
        return Lowering(TorchCall("PooledSum", args, positional=3), (Module((Input(0), Input(1))),), _POOLED)


def pooled_window(pool: MaxPool, x: TensorType) -> tuple[Axes, Axes, Axes, bool]:
    """Kernel, stride and padding of a pool over ``x`` by axis, and torch's ceil mode, where a layer can have them."""
    module = pool.lower((x,)).module
    assert module is not None
    values = {arg.name: arg.value for arg in module.args}
    kernel = _by_axis(values["kernel_size"], x)
    stride = kernel if values["stride"] is None else _by_axis(values["stride"], x)
    return kernel, stride, _by_axis(values["padding"], x), bool(values["ceil_mode"])


def _by_axis(value: object, x: TensorType) -> Axes:
    return (value,) * len(x.spatial) if isinstance(value, int) else cast("Axes", value)
