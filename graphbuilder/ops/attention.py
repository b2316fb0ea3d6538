"""Attention over tokens and over channels, and what tokens need besides."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from typing import Annotated, Literal

from pydantic import Field

from graphbuilder.diagnostics.catalogue.shapes import CannotCombine, Contradiction
from graphbuilder.ir.body import BodyWriter
from graphbuilder.ir.dialect import Dialect
from graphbuilder.ir.graph import Graph, Value
from graphbuilder.ir.lowering import Arg, Expr, Function, Input, Lowering, Module, TorchCall
from graphbuilder.ir.op import Composite, Example, Op, OpError
from graphbuilder.ir.reach import OWN, Reach, weighed
from graphbuilder.ir.types import TensorType
from graphbuilder.ir.weights import Initialiser, Weight
from graphbuilder.ops import fields as f
from graphbuilder.ops.activation import Kind, activation_of
from graphbuilder.ops.convolution import Conv
from graphbuilder.ops.cutting import Split
from graphbuilder.ops.guards import counted, divides, maps, tokens, vectors
from graphbuilder.ops.head import Linear
from graphbuilder.ops.join import Mul
from graphbuilder.ops.magnitude import L2Norm, RMSNorm
from graphbuilder.ops.normalisation import LayerNorm
from graphbuilder.ops.pooling import GlobalAvgPool
from graphbuilder.ops.products import MergeHeads, SplitHeads
from graphbuilder.ops.torch_calls import method

_TOKENS = TensorType((9, 12), "last")
_WINDOWS = TensorType((5, 9, 12), "last")
_MAP = TensorType((8, 5, 4))
_NORMS: Mapping[str, type[Op]] = {"layernorm": LayerNorm, "rmsnorm": RMSNorm, "l2norm": L2Norm}

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

_DROPPED = '''
class DroppedAttention(nn.Module):
    """Scaled dot-product attention that drops weights of values while it is trained."""

    def __init__(self, p, scale=None):
        super().__init__()
        self.p = p
        self.scale = scale

    def forward(self, query, key, value, bias=None):
        p = self.p if self.training else 0.0
        return F.scaled_dot_product_attention(query, key, value, bias, dropout_p=p, scale=self.scale)
'''

_COSINES = '''
class CosineAttention(nn.Module):
    """Attention whose scores are cosines, times a learnt factor for every head, of at most 100."""

    def __init__(self, heads, p=0.0):
        super().__init__()
        self.p = p
        self.scale = nn.Parameter(torch.full((heads, 1, 1), 10.0).log())

    def forward(self, query, key, value, bias=None):
        query = F.normalize(query, dim=-1) * self.scale.clamp(max=4.605170185988092).exp()  # log(100)
        p = self.p if self.training else 0.0
        return F.scaled_dot_product_attention(query, F.normalize(key, dim=-1), value, bias, dropout_p=p, scale=1.0)
'''

Scale = Annotated[
    f.PositiveNumber | None,
    Field(description="Factor of the scores; 1 / sqrt(channels of a head) unless given"),
]
Dropped = Annotated[
    f.Rate, Field(description="Probability of a weight of attention to become zero while training; none in evaluation")
]


class Attend(Op):
    """Scaled dot-product attention by itself: every query takes a mean of the values, weighed by the keys.

    Queries, keys and values are tokens; there are as many keys as values, as wide as the queries. Windows of tokens
    attend each by itself. ``bias`` is added to the scores: heads x queries x keys, and the windows behind the heads
    where it differs between them. With ``cosine``, scores are those of Swin V2: cosines times exp(``scale``), which is
    learnt for every head, starts at 10 and is 100 at most. Multiply-accumulates are those of the two products.
    """

    op = "attend"
    family = "attention"
    title = "Attend"
    ports = ("query", "key", "value", "bias")
    optional = 1

    heads: f.Heads = 1
    scale: Scale = None
    cosine: Annotated[bool, Field(description="Whether scores are cosines, times a learnt factor a head")] = False
    dropout: Dropped = 0.0

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        if self.cosine and self.scale:
            raise OpError(Contradiction, "attend: the factor of cosines is learnt, and not `scale`", field="scale")
        query, key, value = (vectors(self, x, number) for number, x in enumerate(inputs[:3]))
        divides(self, self.heads, query.channels, "heads")
        divides(self, self.heads, value.channels, "heads", "channels of the values")
        if (query.spatial[:-1], query.channels) != (key.spatial[:-1], key.channels):
            message = f"cannot attend with queries {query} to keys {key}"
            raise OpError(CannotCombine, message, inputs=(0, 1), help=_stretching(query, key))
        if key.spatial != value.spatial:
            raise OpError(CannotCombine, f"cannot attend with keys {key} to values {value}", inputs=(1, 2))
        if len(inputs) == 4:
            self._check_bias(inputs[3], query, key)
        return (query.with_channels(value.channels),)

    def weights(self, inputs: tuple[TensorType, ...]) -> tuple[Weight, ...]:
        start = Initialiser("constant", value=log(10))
        return (Weight("scale", (self.heads, 1, 1), start),) if self.cosine else ()

    def macs(self, inputs: tuple[TensorType, ...]) -> int:
        query, key, value = inputs[:3]
        return query.shape[-2] * (key.elements + value.elements)

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        return (OWN, *(weighed(len(x.spatial)) for x in inputs[1:]))

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        rank = inputs[0].rank
        heads = self._attended((*(self._heads(number, rank) for number in range(3)), *self._bias(inputs)))
        merged = method(method(heads.results[0], "transpose", dim0=rank - 1, dim1=rank), "flatten", start_dim=rank)
        return heads._replace(results=(merged,))

    def _attended(self, values: tuple[Expr, ...]) -> Lowering:
        """What comes of queries, keys and values cut into heads, and of a bias where there is one."""
        scale = Arg("scale", self.scale, None, field="scale")
        if self.cosine:
            args = (Arg("heads", self.heads, field="heads"), Arg("p", self.dropout, 0.0, field="dropout"))
            return Lowering(TorchCall("CosineAttention", args, positional=1), (Module(values),), _COSINES)
        if self.dropout:
            args = (Arg("p", self.dropout, field="dropout"), scale)
            return Lowering(TorchCall("DroppedAttention", args, positional=1), (Module(values),), _DROPPED)
        mask = () if len(values) == 4 else (Arg("attn_mask", None, None),)
        rest = (Arg("dropout_p", 0.0, 0.0), Arg("is_causal", False, False), scale, Arg("enable_gqa", False, False))
        return Lowering(None, (Function(TorchCall("F.scaled_dot_product_attention", (*mask, *rest)), values),))

    def _heads(self, number: int, rank: int) -> Expr:
        """Input ``number`` as batch x (windows x) heads x tokens x channels."""
        cut = method(Input(number), "unflatten", dim=-1, sizes=(self.heads, -1))
        return method(cut, "transpose", dim0=rank - 1, dim1=rank)

    def _bias(self, inputs: tuple[TensorType, ...]) -> tuple[Expr, ...]:
        """The bias with an axis for the windows before its heads, where there are windows."""
        if len(inputs) < 4 or inputs[0].rank == 2:
            return (Input(3),) * (len(inputs) - 3)
        if inputs[3].rank == 3:
            return (method(Input(3), "unsqueeze", dim=1),)
        return (method(Input(3), "transpose", dim0=1, dim1=2),)

    def _check_bias(self, bias: TensorType, query: TensorType, key: TensorType) -> None:
        scores = (query.shape[-2], key.shape[-2])
        wanted = ((self.heads, *scores), (self.heads, *query.shape[:-2], *scores))
        if bias.shape not in wanted or query.rank > 3:
            stated = "x".join(map(str, wanted[0]))
            raise OpError(CannotCombine, f"attend: scores are {stated}, and the bias is {bias}", inputs=(0, 3))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return counted(self.heads, "head")

    examples = (
        Example({"heads": 3}, (_TOKENS, _TOKENS, _TOKENS)),
        Example({"heads": 4}, (_TOKENS, TensorType((5, 12), "last"), TensorType((5, 8), "last"))),
        Example({}, (_TOKENS, _TOKENS, _TOKENS)),
        Example({"heads": 2, "scale": 0.5}, (_TOKENS, _TOKENS, _TOKENS, TensorType((2, 9, 9)))),
        Example({"heads": 2}, (_WINDOWS, _WINDOWS, _WINDOWS)),
        Example({"heads": 2}, (_WINDOWS, _WINDOWS, _WINDOWS, TensorType((2, 9, 9)))),
        Example({"heads": 2}, (_WINDOWS, _WINDOWS, _WINDOWS, TensorType((2, 5, 9, 9)))),
        Example({"heads": 3, "dropout": 0.1}, (_TOKENS, _TOKENS, _TOKENS)),
        Example({"heads": 3, "cosine": True}, (_TOKENS, _TOKENS, _TOKENS)),
        Example({"heads": 2, "cosine": True}, (_WINDOWS, _WINDOWS, _WINDOWS, TensorType((2, 9, 9)))),
    )


class Attention(Composite):
    """Multi-head attention over tokens: queries, keys and values by one linear layer, and another behind.

    The parts that own weights are ``qkv`` (queries, then keys, then values, heads side by side in each) and ``proj``.
    Where ``context`` is read, too, the tokens attend to it in place of themselves: ``query`` makes the queries and
    ``keyvalue`` the rest. With ``norm``, the queries and keys of every head are normalised, by ``query_norm`` and
    ``key_norm``. Windows of tokens attend each by itself.
    """

    op = "attention"
    family = "attention"
    title = "Attention"
    ports = ("x", "context")
    optional = 1

    heads: f.Heads
    qkv_bias: Annotated[bool, Field(description="Whether queries, keys and values have a learnt bias")] = True
    bias: Annotated[bool, Field(description="Whether the projection behind has a learnt bias")] = True
    head_dim: Annotated[
        f.Positive | None, Field(description="Channels of a head; those of the input, shared out, unless given")
    ] = None
    norm: Annotated[
        Literal["none", "layernorm", "rmsnorm", "l2norm"], Field(description="What normalises queries and keys")
    ] = "none"
    scale: Scale = None
    dropout: Dropped = 0.0

    def body(self, inputs: tuple[TensorType, ...], dialect: Dialect) -> Graph:
        channels = vectors(self, inputs[0]).channels
        if self.head_dim is None:
            divides(self, self.heads, channels, "heads")
        width = channels if self.head_dim is None else self.heads * self.head_dim
        body = BodyWriter(self, dialect, len(inputs))
        query, key, value = self._parts(body, width, len(inputs) > 1)
        query, key = self._normed(body, "query", query), self._normed(body, "key", key)
        x = body.call("attend", Attend, query, key, value, passed=("heads", "scale", "dropout"))
        return body.graph(body.call("proj", Linear, x, passed=("bias",), out=channels))

    def _parts(self, body: BodyWriter, width: int, crossed: bool) -> tuple[Value, Value, Value]:
        """Queries, keys and values."""
        if not crossed:
            qkv = body.call("qkv", Linear, body.input(), out=3 * width, bias=self.qkv_bias)
            query = body.call("split", Split, qkv, count=3)
            return query, query._replace(port="1"), query._replace(port="2")
        query = body.call("query", Linear, body.input(), out=width, bias=self.qkv_bias)
        both = body.call("keyvalue", Linear, body.input("context"), out=2 * width, bias=self.qkv_bias)
        key = body.call("split", Split, both, count=2)
        return query, key, key._replace(port="1")

    def _normed(self, body: BodyWriter, name: str, x: Value) -> Value:
        if self.norm == "none":
            return x
        x = body.call(f"{name}_heads", SplitHeads, x, passed=("heads",))
        x = body.call(f"{name}_norm", _NORMS[self.norm], x)
        return body.call(f"{name}_merged", MergeHeads, x)

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return counted(self.heads, "head")

    examples = (
        Example({"heads": 3}, (_TOKENS,)),
        Example({"heads": 1, "qkv_bias": False}, (_TOKENS,)),
        Example({"heads": 4, "bias": False}, (TensorType((1, 8), "last"),)),
        Example({"heads": 4, "head_dim": 5, "norm": "layernorm"}, (_TOKENS,)),
        Example({"heads": 3, "norm": "rmsnorm"}, (_TOKENS, TensorType((4, 7), "last"))),
        Example({"heads": 2}, (_WINDOWS,)),
        Example({"heads": 2, "dropout": 0.1}, (_TOKENS,)),
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
    family = "learned"
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
    family = "learned"
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


def _stretching(query: TensorType, key: TensorType) -> str | None:
    """What to do where one of the two would have to be stretched along axes of size 1, as matrix products do."""
    axes = list(zip(query.spatial[:-1], key.spatial[:-1], strict=False))
    alike = query.rank == key.rank and query.channels == key.channels
    if not alike or any(1 not in pair and len(set(pair)) > 1 for pair in axes):
        return None
    return "`attend` stretches no axes of size 1; `matmul` does, with `splitheads` ahead, and `softmax` between two"
