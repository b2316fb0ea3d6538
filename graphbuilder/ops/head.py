"""What stands at the end of a network: the linear layer."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graphbuilder.ir.lowering import Arg, Lowering, TorchCall
from graphbuilder.ir.op import Example, Op
from graphbuilder.ir.reach import Reach, along_axis
from graphbuilder.ir.types import TensorType
from graphbuilder.ir.weights import Weight
from graphbuilder.ops import fields as f
from graphbuilder.ops.convolution import kernel_weights
from graphbuilder.ops.cutting import resized
from graphbuilder.ops.guards import axis_of
from graphbuilder.ops.torch_calls import axis_to_last


class Linear(Op):
    """Fully connected layer over the channels, the same at every place of a map or list of tokens.

    Along another ``axis`` it mixes what stands there, the same for every channel: an MLP-Mixer's tokens.

    A multiply-accumulate is counted for every weight at every place; the bias is not counted.
    """

    op = "linear"
    family = "head"
    title = "Linear"

    out: f.Out
    bias: f.Bias = True
    axis: Annotated[
        f.Axis | None, Field(description="The axis that is mixed, the batch not counted; the channels unless given")
    ] = None

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        return (resized(inputs[0], self._axis(inputs[0]), self.out),)

    def weights(self, inputs: tuple[TensorType, ...]) -> tuple[Weight, ...]:
        (x,) = inputs
        return kernel_weights((self.out, x.shape[self._axis(x)]), self.out, self.bias)

    def macs(self, inputs: tuple[TensorType, ...]) -> int:
        return inputs[0].elements * self.out

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        (x,) = inputs
        return (along_axis(x, self._axis(x)),)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        (x,) = inputs
        axis = self._axis(x)
        args = (
            Arg("in_features", x.shape[axis], channels=0 if axis == x.channel_axis else None),
            Arg("out_features", self.out, field="out"),
            Arg("bias", self.bias, True, field="bias"),
        )
        return Lowering(TorchCall("nn.Linear", args, positional=2), (axis_to_last(x, axis),))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return str(self.out)

    def _axis(self, x: TensorType) -> int:
        return x.channel_axis if self.axis is None else axis_of(x, self.axis)

    examples = (
        Example({"out": 10}, (TensorType((12,)),)),
        Example({"out": 10, "bias": False}, (TensorType((12,)),)),
        Example({"out": 10}, (TensorType((9, 12), "last"),)),
        Example({"out": 10}, (TensorType((12, 5, 4)),)),
        Example({"out": 10, "axis": 0}, (TensorType((9, 12), "last"),)),
        Example({"out": 10, "axis": -1, "bias": False}, (TensorType((12, 5, 4)),)),
    )
