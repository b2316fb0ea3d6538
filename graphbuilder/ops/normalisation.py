"""Norms. Each acts on the channel axis, wherever the layout has it."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from graphbuilder.ir.lowering import Arg, Expr, Lowering, TorchCall
from graphbuilder.ir.op import Example, Family, Op
from graphbuilder.ir.types import TensorType
from graphbuilder.ir.weights import Initialiser, Weight
from graphbuilder.ops import fields as f
from graphbuilder.ops.torch_calls import on_channels_second

ONES = Initialiser("ones")
ZEROS = Initialiser("zeros")

_VECTOR = TensorType((7,))
_LINE = TensorType((6, 9))
_MAP = TensorType((6, 5, 4))
_CUBE = TensorType((4, 3, 4, 5))
_TOKENS = TensorType((9, 6), "last")
_LAST = TensorType((5, 4, 6), "last")

_PART_BATCH_NORM = '''
class {name}(nn.BatchNorm{axes}d):
    """Batch normalisation that learns no {what}."""

    def __init__(self, num_features, eps=1e-05, momentum=0.1):
        super().__init__(num_features, eps, momentum)
        self.register_parameter("{weight}", None)
'''


def affine(x: TensorType, scale: bool, bias: bool) -> tuple[Weight, ...]:
    """A scale and a shift of every channel, those of them that are learnt."""
    both = (("weight", ONES, scale), ("bias", ZEROS, bias))
    return tuple(Weight(name, (x.channels,), init) for name, init, learnt in both if learnt)


Scale = Annotated[bool, Field(description="Whether a factor is learnt for every channel")]
Momentum = Annotated[f.Number, Field(ge=0, le=1, description="Weight of the newest batch in the running statistics")]


class BatchNorm(Op):
    """Batch normalisation: every channel brought to mean 0 and variance 1 over the batch, then scaled and shifted."""

    op: ClassVar[str] = "batchnorm"
    family: ClassVar[Family] = "normalisation"
    title: ClassVar[str] = "BatchNorm"

    eps: f.Epsilon = 1e-5
    momentum: Momentum = 0.1
    scale: Scale = True
    bias: f.Bias = True

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        return inputs

    def weights(self, inputs: tuple[TensorType, ...]) -> tuple[Weight, ...]:
        (x,) = inputs
        return (
            *affine(x, self.scale, self.bias),
            Weight("running_mean", (x.channels,), ZEROS, trainable=False),
            Weight("running_var", (x.channels,), ONES, trainable=False),
            Weight("num_batches_tracked", (), ZEROS, trainable=False, counted=False),
        )

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        (x,) = inputs
        axes = max(x.rank - 1, 1)
        args = (
            Arg("num_features", x.channels, channels=0),
            Arg("eps", self.eps, 1e-5, field="eps"),
            Arg("momentum", self.momentum, 0.1, field="momentum"),
        )
        if self.scale != self.bias:
            return self._lower_part(axes, args, on_channels_second(x))
        learnt = (Arg("affine", self.scale, True, field="scale"), Arg("track_running_stats", True, True))
        return Lowering(TorchCall(f"nn.BatchNorm{axes}d", (*args, *learnt), positional=1), (on_channels_second(x),))

    def _lower_part(self, axes: int, args: tuple[Arg, ...], result: Expr) -> Lowering:
        kept, what, weight = ("Scale", "shift", "bias") if self.scale else ("Shift", "scale", "weight")
        name = f"{kept}BatchNorm{axes}d"
        helper = _PART_BATCH_NORM.format(name=name, axes=axes, what=what, weight=weight)
        return Lowering(TorchCall(name, args, positional=1), (result,), helper)

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (_MAP,)),
        Example({"eps": 1e-3, "momentum": 0.01}, (_MAP,)),
        Example({}, (_VECTOR,)),
        Example({}, (_LINE,)),
        Example({}, (_CUBE,)),
        Example({}, (_TOKENS,)),
        Example({}, (_LAST,)),
        Example({"scale": False}, (_MAP,)),
        Example({"bias": False}, (_LINE,)),
        Example({"scale": False, "bias": False}, (_MAP,)),
    )
