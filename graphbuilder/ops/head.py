"""What stands at the end of a network: the linear layer."""

from __future__ import annotations

from graphbuilder.ir.lowering import Arg, Lowering, TorchCall
from graphbuilder.ir.op import Example, Op
from graphbuilder.ir.types import TensorType
from graphbuilder.ir.weights import Weight
from graphbuilder.ops import fields as f
from graphbuilder.ops.convolution import kernel_weights
from graphbuilder.ops.torch_calls import move_to_last


class Linear(Op):
    """Fully connected layer over the channels, the same at every place of a map or list of tokens.

    A multiply-accumulate is counted for every weight at every place; the bias is not counted.
    """

    op = "linear"
    family = "head"
    title = "Linear"

    out: f.Out
    bias: f.Bias = True

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        return (inputs[0].with_channels(self.out),)

    def weights(self, inputs: tuple[TensorType, ...]) -> tuple[Weight, ...]:
        return kernel_weights((self.out, inputs[0].channels), self.out, self.bias)

    def macs(self, inputs: tuple[TensorType, ...]) -> int:
        return inputs[0].elements * self.out

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        (x,) = inputs
        args = (
            Arg("in_features", x.channels, channels=0),
            Arg("out_features", self.out, field="out"),
            Arg("bias", self.bias, True, field="bias"),
        )
        return Lowering(TorchCall("nn.Linear", args, positional=2), (move_to_last(x),))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return str(self.out)

    examples = (
        Example({"out": 10}, (TensorType((12,)),)),
        Example({"out": 10, "bias": False}, (TensorType((12,)),)),
        Example({"out": 10}, (TensorType((9, 12), "last"),)),
        Example({"out": 10}, (TensorType((12, 5, 4)),)),
    )
