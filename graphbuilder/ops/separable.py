"""The separable convolution, spelt in primitives."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from graphbuilder.diagnostics.catalogue.shapes import Contradiction
from graphbuilder.ir.body import BodyWriter
from graphbuilder.ir.dialect import Dialect
from graphbuilder.ir.graph import Graph, Value
from graphbuilder.ir.op import Composite, Example, OpError
from graphbuilder.ir.types import TensorType
from graphbuilder.ops import fields as f
from graphbuilder.ops.activation import KindOrNone, activation_of
from graphbuilder.ops.convolution import Conv, DepthwiseConv
from graphbuilder.ops.guards import windowed
from graphbuilder.ops.normalisation import BatchNorm


class SepConv(Composite):
    """Separable convolution: a depthwise convolution and a 1x1 ("pointwise") convolution, in either order.

    The bias, if any, stands behind the second of the two, as in Keras. ``norm`` and ``between`` stand between them, in
    this order.
    """

    op = "sepconv"
    family = "separable"
    title = "SepConv"

    out: f.Out
    kernel: f.Kernel
    stride: f.Stride = 1
    padding: f.Padding = "valid"
    dilation: f.Dilation = 1
    multiplier: Annotated[f.Positive, Field(description="Channels that the depthwise part makes of each channel")] = 1
    bias: f.Bias = True
    between: Annotated[KindOrNone, Field(description="What stands between the two convolutions")] = "none"
    norm: Annotated[bool, Field(description="Whether a batch norm stands between, before the activation")] = False
    order: Annotated[
        Literal["depthwise_first", "pointwise_first"], Field(description="Which of the two convolutions comes first")
    ] = "depthwise_first"

    def body(self, inputs: tuple[TensorType, ...], dialect: Dialect) -> Graph:
        if self.multiplier > 1 and self.order == "pointwise_first":
            raise OpError(
                Contradiction, "multiplier needs the depthwise part first: `out` is what comes last", field="multiplier"
            )
        body = BodyWriter(self, dialect)
        parts = [self._depthwise, self._pointwise]
        first, second = parts if self.order == "depthwise_first" else reversed(parts)
        x = self._middle(body, first(body, body.input(), False))
        return body.graph(second(body, x, self.bias))

    def _depthwise(self, body: BodyWriter, x: Value, bias: bool) -> Value:
        passed = ("kernel", "stride", "padding", "dilation", "multiplier")
        return body.call("depthwise", DepthwiseConv, x, passed=passed, bias=bias)

    def _pointwise(self, body: BodyWriter, x: Value, bias: bool) -> Value:
        return body.call("pointwise", Conv, x, passed=("out",), kernel=1, bias=bias)

    def _middle(self, body: BodyWriter, x: Value) -> Value:
        if self.norm:
            x = body.call("norm", BatchNorm, x)
        return x if self.between == "none" else body.call("between", activation_of(self.between), x)

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        multiplier = f" x{self.multiplier}" if self.multiplier > 1 else ""
        words = [str(self.out), windowed(self.kernel, self.stride, inputs, self.dilation, self.padding) + multiplier]
        if self.order == "pointwise_first":
            words.append("1×1 first")
        if self.between != "none":
            words.append(self.between)
        return ", ".join(words)

    examples = (
        Example({"out": 32, "kernel": 3, "bias": False}, (TensorType((16, 9, 10)),)),
        Example({"out": 32, "kernel": 3, "padding": "same", "stride": 2}, (TensorType((16, 9, 10)),)),
        Example({"out": 8, "kernel": 3, "padding": "same", "between": "relu", "norm": True}, (TensorType((4, 8, 8)),)),
        Example({"out": 8, "kernel": 5, "padding": "half", "order": "pointwise_first"}, (TensorType((4, 8, 8)),)),
        Example({"out": 8, "kernel": 3, "multiplier": 2, "between": "elu", "bias": False}, (TensorType((4, 12)),)),
    )
