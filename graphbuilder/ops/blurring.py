"""The pool that blurs before it takes every other place."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from graphbuilder.ir.body import BodyWriter
from graphbuilder.ir.dialect import Dialect
from graphbuilder.ir.graph import Graph
from graphbuilder.ir.op import Composite, Example
from graphbuilder.ir.types import TensorType
from graphbuilder.ops import fields as f
from graphbuilder.ops.guards import maps, windowed
from graphbuilder.ops.pooling import AvgPool
from graphbuilder.ops.resampling import Pad

_MAP = TensorType((4, 9, 8))

LARGEST_BLUR = 16


class BlurPool(Composite):
    """Binomial blur and then every ``stride``-th place: downsampling without aliasing.

    Zhang 2019, "Making Convolutional Networks Shift-Invariant Again". The filter of ``kernel`` places is ``kernel - 1``
    means of two neighbours, one after the other, and is spelt so; the last one takes the strides. Maps are padded by
    (stride + kernel - 2) // 2 on every side.
    """

    op = "blurpool"
    family = "pooling"
    title = "BlurPool"

    kernel: Annotated[
        Annotated[int, Field(ge=2, le=LARGEST_BLUR)],
        f.said("an integer from 2 to 16"),
        Field(description="Places of the filter along each axis"),
    ] = 3
    stride: Annotated[f.Positive, Field(description="Every how many places one is taken")] = 2
    mode: Annotated[
        Literal["reflect", "replicate", "circular", "constant"], Field(description="What the padding holds")
    ] = "reflect"

    def body(self, inputs: tuple[TensorType, ...], dialect: Dialect) -> Graph:
        maps(self, inputs[0])
        body = BodyWriter(self, dialect)
        x = body.call("pad", Pad, body.input(), passed=("mode",), sides=(self.stride + self.kernel - 2) // 2)
        for number in range(1, self.kernel):
            stride = self.stride if number == self.kernel - 1 else 1
            x = body.call(f"mean_{number}", AvgPool, x, kernel=2, stride=stride)
        return body.graph(x)

    def strides(self, inputs: tuple[TensorType, ...]) -> tuple[int, ...]:
        return (self.stride,) * len(inputs[0].spatial)

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return windowed(self.kernel, self.stride, inputs)

    examples = (
        Example({}, (_MAP,)),
        Example({"kernel": 4, "mode": "replicate"}, (_MAP,)),
        Example({"kernel": 2, "stride": 1}, (TensorType((4, 9)),)),
        Example({"kernel": 5, "stride": 3, "mode": "constant"}, (_MAP,)),
    )
