"""A learnt tensor that is a value of its own."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graphbuilder.ir.lowering import Arg, Lowering, TorchCall
from graphbuilder.ir.op import Example, Op
from graphbuilder.ir.types import TensorType
from graphbuilder.ir.weights import Initialiser, Weight
from graphbuilder.ops import fields as f
from graphbuilder.ops.padding import times

_LEARNT = '''
class Parameter(nn.Module):
    """A learnt tensor, the same for every sample of the batch of ``x``."""

    def __init__(self, shape):
        super().__init__()
        self.weight = nn.Parameter(nn.init.trunc_normal_(torch.empty(shape), std=0.02))

    def forward(self, x):
        return self.weight.expand(x.shape[0], *self.weight.shape)
'''


class Parameter(Op):
    """A learnt tensor of any shape, the same for every sample: queries, a position for every place of maps, a token.

    It reads a value only to know how many samples there are. It starts near zero (a truncated normal, standard
    deviation 0.02) unless ``init`` says otherwise.
    """

    op = "parameter"
    family = "learned"
    title = "Parameter"

    shape: Annotated[f.Positives, Field(description="Its shape without the batch")]
    layout: Annotated[f.Channels, Field(description="Where its channels stand")] = "channels_first"

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        return (TensorType(self.shape, f.LAYOUTS[self.layout] if len(self.shape) > 1 else "first"),)

    def weights(self, inputs: tuple[TensorType, ...]) -> tuple[Weight, ...]:
        return (Weight("weight", self.shape, Initialiser("truncated_normal", std=0.02)),)

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[None, ...]:
        return (None,)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        args = (Arg("shape", self.shape, field="shape"),)
        return Lowering(TorchCall("Parameter", args, positional=1), helper=_LEARNT)

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return times(self.shape)

    examples = (
        Example({"shape": [4, 6], "layout": "channels_last"}, (TensorType((9, 6), "last"),)),
        Example({"shape": [3, 5, 4]}, (TensorType((3, 5, 4)),)),
        Example({"shape": [7]}, (TensorType((2,)),)),
    )
