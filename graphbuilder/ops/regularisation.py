"""What makes training noisy and leaves evaluation as it is."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graphbuilder.ir.lowering import Arg, Lowering, TorchCall
from graphbuilder.ir.op import Example, Op
from graphbuilder.ir.types import TensorType
from graphbuilder.ops import fields as f
from graphbuilder.ops.guards import maps

_DROP_PATH = '''
class DropPath(nn.Module):
    """Stochastic depth: training drops whole samples with probability ``p``, scaling others up."""

    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        kept = x.new_empty((x.shape[0],) + (1,) * (x.ndim - 1)).bernoulli_(1 - self.p)
        return x * kept.div_(1 - self.p)

    def extra_repr(self):
        return f"p={self.p}"
'''

_MAP = TensorType((3, 5, 4))


class Dropout(Op):
    """Dropout: while training, sets elements to zero with probability ``rate`` and scales the others up.

    With ``channels``, maps lose whole channels: what is next to each other in them says nearly the same. Tompson et al.
    2015, "Efficient Object Localization Using Convolutional Networks".
    """

    op = "dropout"
    family = "regularisation"
    title = "Dropout"

    rate: Annotated[f.Rate, Field(description="Probability of an element to become zero")] = 0.5
    channels: Annotated[bool, Field(description="Whether a channel becomes zero as a whole")] = False

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        if self.channels:
            maps(self, inputs[0])
        return inputs

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        args = (Arg("p", self.rate, 0.5, field="rate"), Arg("inplace", False, False))
        name = f"nn.Dropout{len(inputs[0].spatial)}d" if self.channels else "nn.Dropout"
        return Lowering(TorchCall(name, args, positional=1))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return f"{self.rate:.3g}"

    examples = (
        Example({}, (_MAP,)),
        Example({"rate": 0.2}, (TensorType((7,)),)),
        Example({"channels": True}, (_MAP,)),
        Example({"rate": 0.2, "channels": True}, (TensorType((3, 5)),)),
    )


class DropPath(Op):
    """Stochastic depth: while training, sets whole samples to zero with probability ``rate`` and scales the others
    up."""

    op = "droppath"
    family = "regularisation"
    title = "DropPath"

    rate: Annotated[f.Rate, Field(description="Probability of a sample to be dropped")]

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        return inputs

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        return Lowering(TorchCall("DropPath", (Arg("p", self.rate, field="rate"),), positional=1), helper=_DROP_PATH)

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return f"{self.rate:.3g}"

    examples = (
        Example({"rate": 0.1}, (_MAP,)),
        Example({"rate": 0}, (TensorType((9, 6), "last"),)),
    )
