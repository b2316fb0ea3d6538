"""Attention over tokens and over channels, and what tokens need besides."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graphbuilder.diagnostics.catalogue.shapes import CannotCombine
from graphbuilder.ir.body import BodyWriter
from graphbuilder.ir.dialect import Dialect
from graphbuilder.ir.graph import Graph
from graphbuilder.ir.lowering import Arg, Expr, Function, Input, Lowering, TorchCall
from graphbuilder.ir.op import Composite, Example, Op, OpError
from graphbuilder.ir.reach import OWN, WHOLE, Reach
from graphbuilder.ir.types import TensorType
from graphbuilder.ir.weights import Initialiser, Weight
from graphbuilder.ops import fields as f
from graphbuilder.ops.activation import Kind, activation_of
from graphbuilder.ops.convolution import Conv
from graphbuilder.ops.cutting import Split
from graphbuilder.ops.guards import divides, maps, tokens
from graphbuilder.ops.head import Linear
from graphbuilder.ops.join import Mul
from graphbuilder.ops.pooling import GlobalAvgPool
from graphbuilder.ops.torch_calls import method

_TOKENS = TensorType((9, 12), "last")
_MAP = TensorType((8, 5, 4))

_CLASS_TOKEN = '''
class ClassToken(nn.Module):
    """Puts ``count`` learnt tokens before the others."""

    def __init__(self, channels, count=1):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(count, channels))

    def forward(self, x):
        return torch.cat((self.weight.expand(x.shape[0], -1, -1), x), 1)
'''

_POSITIONS = '''
class Positions(nn.Module):
    """Adds a learnt vector to every token, by its place."""

    def __init__(self, tokens, channels):
        super().__init__()
        self.weight = nn.Parameter(nn.init.trunc_normal_(torch.empty(tokens, channels), std=0.02))

    def forward(self, x):
        return x + self.weight
'''

Heads = Annotated[f.Positive, Field(description="Parts that the channels are cut into, each attending by itself")]


class Attend(Op):
    """Scaled dot-product attention without weights: every query takes a mean of the values, weighed by the keys.

    Queries, keys and values are tokens; there are as many keys as values, as wide as the queries. Multiply-accumulates
    are those of the two products.
    """

    op = "attend"
    family = "attention"
    title = "Attend"
    ports = ("query", "key", "value")

    heads: Heads = 1

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        query, key, value = (tokens(self, x, number) for number, x in enumerate(inputs))
        divides(self, self.heads, query.channels, "heads")
        divides(self, self.heads, value.channels, "heads", "channels of the values")
        if query.channels != key.channels:
            raise OpError(CannotCombine, f"cannot attend with queries {query} to keys {key}", inputs=(0, 1))
        if key.spatial != value.spatial:
            raise OpError(CannotCombine, f"cannot attend with keys {key} to values {value}", inputs=(1, 2))
        return (query.with_channels(value.channels),)

    def macs(self, inputs: tuple[TensorType, ...]) -> int:
        query, key, value = inputs
        return query.shape[0] * key.elements + query.shape[0] * value.elements

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        return OWN, WHOLE, WHOLE

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        args = (
            Arg("attn_mask", None, None),
            Arg("dropout_p", 0.0, 0.0),
            Arg("is_causal", False, False),
            Arg("scale", None, None),
            Arg("enable_gqa", False, False),
        )
        call = TorchCall("F.scaled_dot_product_attention", args)
        heads = Function(call, (self._heads(0), self._heads(1), self._heads(2)))
        merged = method(method(heads, "transpose", dim0=1, dim1=2), "flatten", start_dim=2)
        return Lowering(None, (merged,))

    def _heads(self, number: int) -> Expr:
        """Input ``number`` as batch x heads x tokens x channels."""
        cut = method(Input(number), "unflatten", dim=-1, sizes=(self.heads, -1))
        return method(cut, "transpose", dim0=1, dim1=2)

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return f"{self.heads} heads"

    examples = (
        Example({"heads": 3}, (_TOKENS, _TOKENS, _TOKENS)),
        Example({"heads": 4}, (_TOKENS, TensorType((5, 12), "last"), TensorType((5, 8), "last"))),
        Example({}, (_TOKENS, _TOKENS, _TOKENS)),
    )


class Attention(Composite):
    """Multi-head self-attention over tokens: queries, keys and values by one linear layer, and another behind.

    The parts that own weights are ``qkv`` (queries, then keys, then values, heads side by side in each) and ``proj``.
    """

    op = "attention"
    family = "attention"
    title = "Attention"

    heads: Heads
    qkv_bias: Annotated[bool, Field(description="Whether queries, keys and values have a learnt bias")] = True
    bias: Annotated[bool, Field(description="Whether the projection behind has a learnt bias")] = True

    def body(self, inputs: tuple[TensorType, ...], dialect: Dialect) -> Graph:
        channels = tokens(self, inputs[0]).channels
        divides(self, self.heads, channels, "heads")
        body = BodyWriter(self, dialect)
        qkv = body.call("qkv", Linear, body.input(), out=3 * channels, bias=self.qkv_bias)
        query = body.call("split", Split, qkv, count=3)
        key, value = query._replace(port="1"), query._replace(port="2")
        x = body.call("attend", Attend, query, key, value, passed=("heads",))
        return body.graph(body.call("proj", Linear, x, passed=("bias",), out=channels))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return f"{self.heads} heads"

    examples = (
        Example({"heads": 3}, (_TOKENS,)),
        Example({"heads": 1, "qkv_bias": False}, (_TOKENS,)),
        Example({"heads": 4, "bias": False}, (TensorType((1, 8), "last"),)),
    )


class SqueezeExcite(Composite):
    """Squeeze and excitation: every channel multiplied by a gate that two 1x1 convolutions make of all channels'
    means."""

    op = "squeezeexcite"
    family = "attention"
    title = "SqueezeExcite"

    squeeze: Annotated[f.Positive, Field(description="Channels between the two convolutions")]
    between: Annotated[Kind, Field(description="The activation between the two convolutions")] = "relu"
    gate: Annotated[Kind, Field(description="The activation that makes the gate")] = "sigmoid"
    bias: f.Bias = True

    def body(self, inputs: tuple[TensorType, ...], dialect: Dialect) -> Graph:
        channels = maps(self, inputs[0]).channels
        body = BodyWriter(self, dialect)
        x = body.call("pool", GlobalAvgPool, body.input(), keep=True)
        x = body.call("reduce", Conv, x, passed=("bias",), out=self.squeeze, kernel=1)
        x = body.call("between", activation_of(self.between), x)
        x = body.call("expand", Conv, x, passed=("bias",), out=channels, kernel=1)
        x = body.call("gate", activation_of(self.gate), x)
        return body.graph(body.call("mul", Mul, body.input(), x))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return str(self.squeeze)

    examples = (
        Example({"squeeze": 2}, (_MAP,)),
        Example({"squeeze": 4, "between": "silu", "gate": "hardsigmoid"}, (_MAP,)),
        Example({"squeeze": 2, "bias": False}, (TensorType((8, 9)),)),
    )


class ClassToken(Op):
    """Puts learnt tokens before the others: the class token of a vision transformer."""

    op = "classtoken"
    family = "attention"
    title = "ClassToken"

    count: Annotated[f.Positive, Field(description="How many tokens are put before the others")] = 1

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        x = tokens(self, inputs[0])
        return (x.with_spatial(x.shape[0] + self.count),)

    def weights(self, inputs: tuple[TensorType, ...]) -> tuple[Weight, ...]:
        return (Weight("weight", (self.count, inputs[0].channels), Initialiser("zeros")),)

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        return (OWN,)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        args = (Arg("channels", inputs[0].channels, channels=0), Arg("count", self.count, 1, field="count"))
        return Lowering(TorchCall("ClassToken", args, positional=1), helper=_CLASS_TOKEN)

    examples = (Example({}, (_TOKENS,)), Example({"count": 4}, (_TOKENS,)))


class Positions(Op):
    """Adds a learnt vector to every token, by its place."""

    op = "positions"
    family = "attention"
    title = "Positions"

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        return (tokens(self, inputs[0]),)

    def weights(self, inputs: tuple[TensorType, ...]) -> tuple[Weight, ...]:
        return (Weight("weight", inputs[0].shape, Initialiser("truncated_normal", std=0.02)),)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        (x,) = inputs
        args = (Arg("tokens", x.shape[0]), Arg("channels", x.channels, channels=0))
        return Lowering(TorchCall("Positions", args, positional=2), helper=_POSITIONS)

    examples = (
        Example({}, (_TOKENS,)),
        Example({}, (TensorType((1, 3), "last"),)),
    )
