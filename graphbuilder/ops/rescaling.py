"""Constants by which a value is multiplied and shifted: what images are prepared by, where the network does it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from graphbuilder.diagnostics.catalogue.shapes import WrongCount
from graphbuilder.ir.lowering import Expr, Infix, Input, Lowering
from graphbuilder.ir.op import Example, Op, OpError
from graphbuilder.ir.types import TensorType
from graphbuilder.ops import fields as f
from graphbuilder.ops.torch_calls import method

_MAP = TensorType((3, 5, 4))
_TOKENS = TensorType((9, 3), "last")
_METHODS = {"*": "mul", "+": "add"}


class Rescale(Op):
    """Every channel times a constant ``scale``, and a constant ``offset`` added: of images, say.

    To bring bytes to mean 0 and deviation 1, the scales are 1 / (255 * deviation) and the offsets -mean / deviation.
    What is learnt is ``scale``, an op of its own.
    """

    op = "rescale"
    family = "normalisation"
    title = "Rescale"

    scale: Annotated[f.Numbers, Field(description="What is multiplied by: a number, or one a channel")] = 1.0
    offset: Annotated[f.Numbers, Field(description="What is added then: a number, or one a channel")] = 0.0

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        (x,) = inputs
        for field, value in (("scale", self.scale), ("offset", self.offset)):
            if isinstance(value, tuple) and len(value) != x.channels:
                message = f"rescale: {field} lists {len(value)} for {x.channels} channels"
                help_ = "one number in place of the list holds for every channel"
                raise OpError(WrongCount, message, field=field, inputs=(0,), help=help_)
        return inputs

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        (x,) = inputs
        scaled = Input() if self.scale == 1 else _applied("*", Input(), self.scale, x)
        return Lowering(None, (scaled if self.offset == 0 else _applied("+", scaled, self.offset, x),))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return "" if isinstance(self.scale, tuple) else f"{self.scale:.4g}"

    examples = (
        Example({"scale": 0.5, "offset": -1}, (_MAP,)),
        Example({"scale": [0.5, 1, 2], "offset": [0, -1.5, 3]}, (_MAP,)),
        Example({"scale": [0.5, 1, 2]}, (_TOKENS,)),
        Example({"offset": 0.25}, (TensorType((7,)),)),
        Example({}, (_MAP,)),
    )


def _applied(operator: Literal["*", "+"], value: Expr, constants: float | tuple[float, ...], x: TensorType) -> Expr:
    """``value``, which is of type ``x``, times constants, or these added to it."""
    if not isinstance(constants, tuple):
        return method(value, _METHODS[operator], other=constants)
    row = method(Input(), "new_tensor", data=constants)
    axes = len(x.spatial) if x.layout == "first" else 0
    return Infix(operator, (value, method(row, "view", size=(-1,) + (1,) * axes) if axes else row))
