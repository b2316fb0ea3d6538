"""Activations: one declaration each, usable by its own name or as a ``kind`` of ``activation``."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field

from graphbuilder.diagnostics.catalogue.shapes import Contradiction
from graphbuilder.ir.lowering import Arg, Input, Lowering, Method, Module, TorchCall
from graphbuilder.ir.op import Example, Op, OpError
from graphbuilder.ir.reach import Reach, along_axis
from graphbuilder.ir.types import TensorType
from graphbuilder.ir.weights import Initialiser, Weight
from graphbuilder.ops import fields as f
from graphbuilder.ops.guards import axis_of
from graphbuilder.ops.torch_calls import method, move_to_second

Kind = Literal[
    "relu",
    "relu6",
    "leakyrelu",
    "prelu",
    "elu",
    "selu",
    "gelu",
    "silu",
    "sigmoid",
    "hardsigmoid",
    "hardswish",
    "tanh",
    "softmax",
    "softplus",
    "mish",
]
KindOrNone = Literal["none", Kind]
KINDS: tuple[str, ...] = get_args(Kind)

_MAP = Example({}, (TensorType((6, 5, 4)),))
_VECTOR = Example({}, (TensorType((7,)),))
_TOKENS = Example({}, (TensorType((9, 6), "last"),))


class Elementwise(Op):
    """What the activations share: a torch module whose arguments are the op's fields.

    Class attributes:
        torch: the module, and for each field torch's keyword.
        can_overwrite: whether the module knows ``inplace``. It stays false here: only a pass can know who else reads
        the input.
    """

    family = "activation"
    torch: ClassVar[str]
    keywords: ClassVar[tuple[tuple[str, str], ...]] = ()
    can_overwrite: ClassVar[bool] = False
    examples = (_MAP, _VECTOR, _TOKENS)

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        return inputs

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        defaults = type(self).model_fields
        args = tuple(
            Arg(keyword, getattr(self, field), defaults[field].default, field=field) for field, keyword in self.keywords
        )
        overwrite = (Arg("inplace", False, False),) if self.can_overwrite else ()
        return Lowering(TorchCall(self.torch, (*args, *overwrite)))


class ReLU(Elementwise):
    """Rectifier: max(x, 0)."""

    op = "relu"
    title = "ReLU"
    torch = "nn.ReLU"
    can_overwrite = True


class ReLU6(Elementwise):
    """Rectifier that stops at six: min(max(x, 0), 6)."""

    op = "relu6"
    title = "ReLU6"
    torch = "nn.ReLU6"
    can_overwrite = True


class LeakyReLU(Elementwise):
    """Rectifier with a small slope below zero."""

    op = "leakyrelu"
    title = "LeakyReLU"
    torch = "nn.LeakyReLU"
    keywords = (("slope", "negative_slope"),)
    can_overwrite = True
    examples = (_MAP, Example({"slope": 0.2}, (TensorType((3, 8)),)))

    slope: Annotated[f.Number, Field(description="Slope below zero")] = 0.01


class PReLU(Elementwise):
    """Rectifier with a learnt slope below zero: one for all channels, or one each."""

    op = "prelu"
    title = "PReLU"
    torch = "nn.PReLU"
    examples = (
        *Elementwise.examples,
        Example({"shared": False}, (TensorType((6, 5, 4)),)),
        Example({"shared": False, "slope": 0.1}, (TensorType((9, 6), "last"),)),
    )

    shared: Annotated[bool, Field(description="Whether all channels share one slope")] = True
    slope: Annotated[f.Number, Field(description="Slope below zero before training")] = 0.25

    def weights(self, inputs: tuple[TensorType, ...]) -> tuple[Weight, ...]:
        count = 1 if self.shared else inputs[0].channels
        return (Weight("weight", (count,), Initialiser("constant", value=self.slope), fan=(1, 1)),)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        (x,) = inputs
        count = Arg("num_parameters", 1, 1) if self.shared else Arg("num_parameters", x.channels, 1, channels=0)
        module = TorchCall(self.torch, (count, Arg("init", self.slope, 0.25, field="slope")), 0 if self.shared else 1)
        return Lowering(module, (Module() if self.shared else move_to_second(x),))


class ELU(Elementwise):
    """Exponential linear unit: x above zero, alpha * (exp(x) - 1) below."""

    op = "elu"
    title = "ELU"
    torch = "nn.ELU"
    keywords = (("alpha", "alpha"),)
    can_overwrite = True

    alpha: Annotated[f.Number, Field(description="Minus the value far below zero")] = 1.0


class SELU(Elementwise):
    """Scaled exponential linear unit, with the constants of self-normalising networks."""

    op = "selu"
    title = "SELU"
    torch = "nn.SELU"
    can_overwrite = True


class GELU(Elementwise):
    """Gaussian error linear unit: x * Phi(x), exact or by tanh."""

    op = "gelu"
    title = "GELU"
    torch = "nn.GELU"
    keywords = (("approximate", "approximate"),)
    examples = (
        *Elementwise.examples,
        Example({"approximate": "tanh"}, (TensorType((7,)),)),
    )

    approximate: Annotated[Literal["none", "tanh"], Field(description="Exact, or the approximation by tanh")] = "none"


class SiLU(Elementwise):
    """Sigmoid linear unit, also called swish: x * sigmoid(x)."""

    op = "silu"
    title = "SiLU"
    torch = "nn.SiLU"
    can_overwrite = True


class Sigmoid(Elementwise):
    """Logistic function: 1 / (1 + exp(-x))."""

    op = "sigmoid"
    title = "Sigmoid"
    torch = "nn.Sigmoid"


class HardSigmoid(Elementwise):
    """Piecewise linear sigmoid: relu6(x + 3) / 6."""

    op = "hardsigmoid"
    title = "HardSigmoid"
    torch = "nn.Hardsigmoid"
    can_overwrite = True


class HardSwish(Elementwise):
    """Piecewise swish: x * relu6(x + 3) / 6."""

    op = "hardswish"
    title = "HardSwish"
    torch = "nn.Hardswish"
    can_overwrite = True


class Tanh(Elementwise):
    """Hyperbolic tangent."""

    op = "tanh"
    title = "Tanh"
    torch = "nn.Tanh"


class Softmax(Elementwise):
    """Exponentials that sum to one over the channels, or along another axis."""

    op = "softmax"
    title = "Softmax"
    torch = "nn.Softmax"
    examples = (
        *Elementwise.examples,
        Example({"axis": -1}, (TensorType((6, 5, 4)),)),
        Example({"axis": 0}, (TensorType((9, 6), "last"),)),
    )

    axis: Annotated[
        f.Axis | None,
        Field(description="The axis to sum over, the batch not counted; the channels unless given"),
    ] = None

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        self._axis(inputs[0])
        return inputs

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        (x,) = inputs
        return (along_axis(x, self._axis(x)),)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        return Lowering(TorchCall(self.torch, (Arg("dim", self._axis(inputs[0]) + 1, None),)))

    def _axis(self, x: TensorType) -> int:
        return x.channel_axis if self.axis is None else axis_of(x, self.axis)


class LogSoftmax(Softmax):
    """Logarithm of `softmax`, over the channels or along another axis, as losses want it."""

    op = "logsoftmax"
    title = "LogSoftmax"
    torch = "nn.LogSoftmax"


class Softplus(Elementwise):
    """Smooth rectifier: log(1 + exp(beta * x)) / beta, and x itself above the threshold."""

    op = "softplus"
    title = "Softplus"
    torch = "nn.Softplus"
    keywords = (("beta", "beta"), ("threshold", "threshold"))

    beta: Annotated[f.PositiveNumber, Field(description="Sharpness of the bend at zero")] = 1.0
    threshold: Annotated[f.Number, Field(description="Value of beta * x above which the function is x itself")] = 20.0


class Mish(Elementwise):
    """Smooth and not monotone: x * tanh(softplus(x))."""

    op = "mish"
    title = "Mish"
    torch = "nn.Mish"
    can_overwrite = True


class Activation(Op):
    """An activation chosen by an argument; each kind is also an op by its own name, with arguments of its own."""

    op = "activation"
    family = "activation"
    title = "Activation"
    examples = tuple(Example({"kind": kind}, (TensorType((6, 5, 4)),)) for kind in KINDS)

    kind: Annotated[Kind, Field(description="Which activation, by its op's name")]

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        return inputs

    def weights(self, inputs: tuple[TensorType, ...]) -> tuple[Weight, ...]:
        return self._chosen().weights(inputs)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        lowering = self._chosen().lower(inputs)
        assert lowering.module is not None
        args = tuple(argument._replace(field=None) for argument in lowering.module.args)
        return lowering._replace(module=lowering.module._replace(args=args))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return self._chosen().title

    def _chosen(self) -> Elementwise:
        return activation_of(self.kind)()


class Mapped(Op):
    """What torch has no module for, but a method of the op's own name."""

    family = "activation"
    examples = (_MAP, _VECTOR, _TOKENS)

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        return inputs

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        return Lowering(None, (method(Input(), self.op),))


class Abs(Mapped):
    """Absolute value."""

    op = "abs"
    title = "Abs"


class Exp(Mapped):
    """Exponential: e to the power of x."""

    op = "exp"
    title = "Exp"


class Sqrt(Mapped):
    """Square root; of less than zero no number, as in torch."""

    op = "sqrt"
    title = "√"


class Clamp(Op):
    """Values below ``min`` become it, and values above ``max`` that: hard tanh is a clamp to -1 and 1."""

    op = "clamp"
    family = "activation"
    title = "Clamp"
    examples = (
        Example({"min": -1, "max": 1}, (TensorType((6, 5, 4)),)),
        Example({"min": 0.5}, (TensorType((7,)),)),
        Example({"max": 3}, (TensorType((9, 6), "last"),)),
    )

    min: Annotated[f.Number | None, Field(description="The least value; none where it is not said")] = None
    max: Annotated[f.Number | None, Field(description="The largest value; none where it is not said")] = None

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        if self.min is None and self.max is None:
            raise OpError(Contradiction, "clamp: neither `min` nor `max` is said", field="min")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise OpError(Contradiction, f"clamp: min is {self.min:g}, above max, {self.max:g}", field="min")
        return inputs

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        args = tuple(Arg(name, value, None) for name, value in (("min", self.min), ("max", self.max)))
        return Lowering(None, (Method(Input(), TorchCall("clamp", args)),))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        ends = ("" if end is None else f"{end:g}" for end in (self.min, self.max))
        return "…".join(ends)


def activation_of(kind: str) -> type[Elementwise]:
    """The op of that ``kind``."""
    return next(declared for declared in Elementwise.__subclasses__() if declared.op == kind)
