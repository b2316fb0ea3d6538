"""Norms. Each acts on the channel axis, wherever the layout has it, and may learn a factor and a bias for every
channel."""

from __future__ import annotations

from math import prod
from typing import Annotated

from pydantic import Field

from graphbuilder.diagnostics.catalogue.shapes import Contradiction, NothingLeft
from graphbuilder.ir.lowering import Arg, Expr, Input, Lowering, Module, TorchCall
from graphbuilder.ir.op import Example, Op, OpError
from graphbuilder.ir.reach import Reach
from graphbuilder.ir.types import TensorType
from graphbuilder.ir.weights import Initialiser, Weight
from graphbuilder.ops import fields as f
from graphbuilder.ops.guards import bearable, divides, maps
from graphbuilder.ops.torch_calls import method, move_to_last, move_to_second

ONES = Initialiser("ones")
ZEROS = Initialiser("zeros")

_VECTOR = TensorType((8,))
_LINE = TensorType((6, 9))
_MAP = TensorType((6, 5, 4))
_CUBE = TensorType((4, 3, 4, 5))
_TOKENS = TensorType((9, 6), "last")
_LAST = TensorType((5, 4, 6), "last")

_PART = '''
class {name}({base}):
    """A norm that learns no {what}."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.register_parameter("{weight}", None)
'''

# Torch 2.13 cannot go back through a group norm that has a bias and no factor.
_FACTOR_OF_ONES = """
    def forward(self, x):
        ones = self.bias.new_ones(self.num_channels)
        return nn.functional.group_norm(x, self.num_groups, ones, self.bias, self.eps)
"""

_SCALE = '''
class Scale(nn.Module):
    """A learnt factor for every channel of maps with ``axes`` spatial axes, or of tokens or vectors where there are
    none."""

    def __init__(self, channels, value=1.0, axes=0):
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels,) + (1,) * axes, value))

    def forward(self, x):
        return x * self.weight
'''

_AFFINE = '''
class Affine(nn.Module):
    """A learnt factor and bias for every channel of maps with ``axes`` spatial axes, of tokens or
    of vectors where there are none."""

    def __init__(self, channels, value=1.0, axes=0):
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels,) + (1,) * axes, value))
        self.bias = nn.Parameter(torch.zeros((channels,) + (1,) * axes))

    def forward(self, x):
        return x * self.weight + self.bias
'''

Learn = Annotated[bool, Field(description="Whether a factor is learnt for every channel")]
Momentum = Annotated[f.Number, Field(ge=0, le=1, description="Weight of the newest batch in the running statistics")]


class Norm(Op):
    """What the norms share that learn a factor and a bias."""

    family = "normalisation"

    eps: f.Epsilon = 1e-5
    scale: Learn = True
    bias: f.Bias = True

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        return inputs

    def weights(self, inputs: tuple[TensorType, ...]) -> tuple[Weight, ...]:
        (x,) = inputs
        both = (("weight", ONES, self.scale), ("bias", ZEROS, self.bias))
        return tuple(Weight(name, (x.channels,), init) for name, init, learnt in both if learnt)

    def _lower(self, call: TorchCall, learnt: Arg, result: Expr) -> Lowering:
        """``call`` with ``learnt`` (torch's switch for both), or a class of ours where only one of the two is
        learnt."""
        if self.scale == self.bias:
            return Lowering(call._replace(args=(*call.args, learnt)), (result,))
        kept, what, weight = ("Scale", "bias", "bias") if self.scale else ("Shift", "factor", "weight")
        name = kept + call.target.removeprefix("nn.")
        helper = _PART.format(name=name, base=call.target, what=what, weight=weight)
        return Lowering(
            TorchCall(name, (*call.args, learnt._replace(value=True, field=None)), call.positional), (result,), helper
        )

    def _eps(self) -> Arg:
        return Arg("eps", self.eps, 1e-5, field="eps")


class BatchNorm(Norm):
    """Batch normalisation: every channel brought to mean 0 and variance 1 over the batch, then scaled and shifted."""

    op = "batchnorm"
    title = "BatchNorm"

    momentum: Momentum = 0.1

    def weights(self, inputs: tuple[TensorType, ...]) -> tuple[Weight, ...]:
        channels = inputs[0].channels
        return (
            *super().weights(inputs),
            Weight("running_mean", (channels,), ZEROS, trainable=False),
            Weight("running_var", (channels,), ONES, trainable=False),
            Weight("num_batches_tracked", (), ZEROS, trainable=False, counted=False),
        )

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        (x,) = inputs
        args = (
            Arg("num_features", x.channels, channels=0),
            self._eps(),
            Arg("momentum", self.momentum, 0.1, field="momentum"),
            Arg("track_running_stats", True, True),
        )
        call = TorchCall(f"nn.BatchNorm{max(x.rank - 1, 1)}d", args, positional=1)
        return self._lower(call, Arg("affine", self.scale, True, field="scale"), move_to_second(x))

    examples = (
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


class LayerNorm(Norm):
    """Layer normalisation over the channels, at every place of a map or list of tokens by itself."""

    op = "layernorm"
    title = "LayerNorm"

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        (x,) = inputs
        call = TorchCall("nn.LayerNorm", (Arg("normalized_shape", x.channels, channels=0), self._eps()), positional=1)
        return self._lower(call, Arg("elementwise_affine", self.scale, True, field="scale"), move_to_last(x))

    examples = (
        Example({}, (_TOKENS,)),
        Example({"eps": 1e-6}, (_MAP,)),
        Example({}, (_VECTOR,)),
        Example({}, (_LAST,)),
        Example({"bias": False}, (_TOKENS,)),
        Example({"scale": False}, (_MAP,)),
        Example({"scale": False, "bias": False}, (_TOKENS,)),
    )


class GroupNorm(Norm):
    """Group normalisation: groups of channels brought to mean 0 and variance 1 over all places of a sample."""

    op = "groupnorm"
    title = "GroupNorm"

    groups: Annotated[f.Positive, Field(description="Parts that the channels are cut into")]

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        divides(self, self.groups, inputs[0].channels, "groups")
        return inputs

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        return (Reach(whole=True),)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        (x,) = inputs
        args = (
            Arg("num_groups", self.groups, field="groups"),
            Arg("num_channels", x.channels, channels=0),
            self._eps(),
        )
        call = TorchCall("nn.GroupNorm", args, positional=2)
        lowering = self._lower(call, Arg("affine", self.scale, True, field="scale"), move_to_second(x))
        shifts = self.bias and not self.scale
        return lowering._replace(helper=f"{lowering.helper}{_FACTOR_OF_ONES}") if shifts else lowering

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return f"g{self.groups}"

    examples = (
        Example({"groups": 3}, (_MAP,)),
        Example({"groups": 2, "bias": False}, (_LINE,)),
        Example({"groups": 2, "scale": False}, (_TOKENS,)),
        Example({"groups": 1, "scale": False, "bias": False}, (_CUBE,)),
        Example({"groups": 4}, (_VECTOR,)),
    )


class InstanceNorm(Norm):
    """Instance normalisation: every channel of a sample brought to mean 0 and variance 1 over its places.

    As in torch, nothing is learnt unless asked for.
    """

    op = "instancenorm"
    title = "InstanceNorm"

    scale: Learn = False
    bias: f.Bias = False

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        (x,) = inputs
        if x.layout == "first":
            maps(self, x)
        if prod(x.spatial) == 1:
            message = f"instancenorm: {x} has one place, whose deviation is none"
            raise OpError(NothingLeft, message, inputs=(0,), help="leave it out, or take another norm")
        return inputs

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        return (Reach(whole=True),)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        (x,) = inputs
        args = (
            Arg("num_features", x.channels, channels=0),
            self._eps(),
            Arg("momentum", 0.1, 0.1),
            Arg("track_running_stats", False, False),
        )
        call = TorchCall(f"nn.InstanceNorm{x.rank - 1}d", args, positional=1)
        return self._lower(call, Arg("affine", self.scale, False, field="scale"), move_to_second(x))

    examples = (
        Example({}, (_MAP,)),
        Example({"scale": True, "bias": True}, (_MAP,)),
        Example({"scale": True}, (_LINE,)),
        Example({"bias": True}, (_TOKENS,)),
        Example({"scale": True, "bias": True}, (_CUBE,)),
    )


class LocalResponseNorm(Op):
    """Local response normalisation: every element divided by what its neighbours over the channels come to.

    The divisor is (k + alpha * mean of squares over ``size`` channels) ** beta.
    """

    op = "localresponsenorm"
    family = "normalisation"
    title = "LocalResponseNorm"

    size: Annotated[f.Positive, Field(description="Number of neighbouring channels")]
    alpha: Annotated[f.Number, Field(description="Factor of the mean of squares")] = 1e-4
    beta: Annotated[f.Number, Field(description="Exponent of the divisor")] = 0.75
    k: Annotated[f.PositiveNumber, Field(description="Constant in the divisor, which keeps it from 0")] = 1.0

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        x = maps(self, inputs[0])
        bearable(self, x, (self.size, *x.spatial), "size")
        return (x,)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        args = (
            Arg("size", self.size, field="size"),
            Arg("alpha", self.alpha, 1e-4, field="alpha"),
            Arg("beta", self.beta, 0.75, field="beta"),
            Arg("k", self.k, 1.0, field="k"),
        )
        # Torch views three-dimensional maps in another shape, whatever order they have in memory.
        x = method(Input(), "contiguous") if len(inputs[0].spatial) == 3 else Input()
        return Lowering(TorchCall("nn.LocalResponseNorm", args, positional=1), (Module((x,)),))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return str(self.size)

    examples = (
        Example({"size": 5}, (_MAP,)),
        Example({"size": 2, "alpha": 0.1, "k": 2}, (_LINE,)),
        Example({"size": 2}, (_CUBE,)),
    )


class Scale(Op):
    """A learnt factor for every channel: layer scale, which starts small (``value = 1e-6``).

    ``shared`` learns one number for all channels, ``bias`` adds to the product; with ``learn = false`` the factor is
    the constant ``value``.
    """

    op = "scale"
    family = "normalisation"
    title = "Scale"

    value: Annotated[f.Number, Field(description="Every factor before training")] = 1.0
    learn: Annotated[bool, Field(description="Whether training changes the factor")] = True
    shared: Annotated[bool, Field(description="Whether all channels share one factor, and one bias")] = False
    bias: Annotated[bool, Field(description="Whether a bias is learnt, too")] = False

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        if not self.learn and (self.shared or self.bias):
            field = "bias" if self.bias else "shared"
            raise OpError(Contradiction, f"scale: a constant factor has no `{field}`", field=field)
        return inputs

    def weights(self, inputs: tuple[TensorType, ...]) -> tuple[Weight, ...]:
        (x,) = inputs
        shape = (1 if self.shared else x.channels,) + (1,) * self._axes(x)
        factor = Weight("weight", shape, Initialiser("constant", value=self.value))
        bias = Weight("bias", shape, ZEROS)
        return (*([factor] if self.learn else []), *([bias] if self.bias else []))

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        if not self.learn:
            return Lowering(None, (method(Input(), "mul", other=float(self.value)),))
        (x,) = inputs
        name, helper = ("Affine", _AFFINE) if self.bias else ("Scale", _SCALE)
        args = (
            Arg("channels", 1) if self.shared else Arg("channels", x.channels, channels=0),
            Arg("value", float(self.value), 1.0, field="value"),
            Arg("axes", self._axes(x), 0),
        )
        return Lowering(TorchCall(name, args, positional=1), helper=helper)

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return f"{self.value:g}"

    def _axes(self, x: TensorType) -> int:
        return len(x.spatial) if x.layout == "first" and not self.shared else 0

    examples = (
        Example({}, (_MAP,)),
        Example({"value": 1e-6}, (_TOKENS,)),
        Example({"value": 0.1}, (_VECTOR,)),
        Example({"value": 1}, (_LINE,)),
        Example({"bias": True}, (_MAP,)),
        Example({"shared": True, "bias": True}, (_TOKENS,)),
        Example({"shared": True, "value": 0}, (_MAP,)),
        Example({"value": 0.5, "learn": False}, (_MAP,)),
    )
