"""Norms that divide by a magnitude and take no mean away."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graphbuilder.diagnostics.catalogue.shapes import WrongRank
from graphbuilder.ir.lowering import Arg, Function, Input, Lowering, TorchCall
from graphbuilder.ir.op import Example, Op, OpError
from graphbuilder.ir.reach import Reach
from graphbuilder.ir.types import TensorType
from graphbuilder.ir.weights import Weight
from graphbuilder.ops import fields as f
from graphbuilder.ops.normalisation import ONES, ZEROS, Learn
from graphbuilder.ops.torch_calls import move_to_last

_MAP = TensorType((6, 5, 4))
_TOKENS = TensorType((9, 6), "last")
_LAST = TensorType((5, 4, 6), "last")
_VECTOR = TensorType((6,))

_RESPONSE = '''
class GlobalResponseNorm(nn.Module):
    """Every channel weighed by its magnitude over all places, against that of all."""

    def __init__(self, channels, eps=1e-6, axes=0):
        super().__init__()
        self.eps = eps
        self.axes = axes
        self.weight = nn.Parameter(torch.zeros(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        channels = 1 if self.axes else -1
        places = tuple(range(2, x.ndim)) if self.axes else tuple(range(1, x.ndim - 1))
        weight = self.weight.unflatten(0, (-1,) + (1,) * self.axes)
        bias = self.bias.unflatten(0, (-1,) + (1,) * self.axes)
        size = x.norm(2, places, keepdim=True)
        return x + bias + weight * (x * (size / (size.mean(channels, keepdim=True) + self.eps)))
'''


class RMSNorm(Op):
    """Division by the root of the mean square of the channels, at every place by itself, and a learnt factor.

    Zhang and Sennrich 2019, "Root Mean Square Layer Normalization".
    """

    op = "rmsnorm"
    family = "normalisation"
    title = "RMSNorm"

    eps: Annotated[f.PositiveNumber, Field(description="Added to the mean square before its root is taken")] = 1e-6
    scale: Learn = True

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        return inputs

    def weights(self, inputs: tuple[TensorType, ...]) -> tuple[Weight, ...]:
        return (Weight("weight", (inputs[0].channels,), ONES),) if self.scale else ()

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        (x,) = inputs
        args = (
            Arg("normalized_shape", x.channels, channels=0),
            Arg("eps", self.eps, None, field="eps"),
            Arg("elementwise_affine", self.scale, True, field="scale"),
        )
        return Lowering(TorchCall("nn.RMSNorm", args, positional=1), (move_to_last(x),))

    examples = (
        Example({}, (_TOKENS,)),
        Example({"eps": 1e-5}, (_MAP,)),
        Example({"scale": False}, (_VECTOR,)),
    )


class L2Norm(Op):
    """The channels divided by their Euclidean length, at every place by itself."""

    op = "l2norm"
    family = "normalisation"
    title = "L2Norm"
    examples = (Example({}, (_TOKENS,)), Example({"eps": 1e-3}, (_MAP,)), Example({}, (_VECTOR,)))

    eps: Annotated[f.PositiveNumber, Field(description="The least length that is divided by")] = 1e-12

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        return inputs

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        args = (
            Arg("p", 2.0, 2.0),
            Arg("dim", inputs[0].channel_axis + 1, 1),
            Arg("eps", self.eps, 1e-12, field="eps"),
        )
        return Lowering(None, (Function(TorchCall("F.normalize", args), (Input(),)),))


class GlobalResponseNorm(Op):
    """Every channel weighed by its length over all places against the mean length of the channels, as a residual.

    Woo et al. 2023, "ConvNeXt V2". The learnt factor and bias start at zero, so that it starts as the identity.
    """

    op = "globalresponsenorm"
    family = "normalisation"
    title = "GlobalResponseNorm"
    examples = (Example({}, (_MAP,)), Example({"eps": 1e-3}, (_LAST,)), Example({}, (_TOKENS,)))

    eps: Annotated[f.PositiveNumber, Field(description="Added to the mean length before dividing by it")] = 1e-6

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        (x,) = inputs
        if x.rank == 1:
            raise OpError(WrongRank, f"globalresponsenorm reads maps or tokens, and {x} is a vector", inputs=(0,))
        return (x,)

    def weights(self, inputs: tuple[TensorType, ...]) -> tuple[Weight, ...]:
        channels = inputs[0].channels
        return Weight("weight", (channels,), ZEROS), Weight("bias", (channels,), ZEROS)

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        return (Reach(whole=True),)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        (x,) = inputs
        args = (
            Arg("channels", x.channels, channels=0),
            Arg("eps", self.eps, 1e-6, field="eps"),
            Arg("axes", len(x.spatial) if x.layout == "first" else 0, 0),
        )
        return Lowering(TorchCall("GlobalResponseNorm", args, positional=1), helper=_RESPONSE)
