"""Ops that change a value's shape or layout and not its numbers."""

from __future__ import annotations

from typing import ClassVar

from graphbuilder.ir.lowering import Lowering, TorchCall
from graphbuilder.ir.op import Example, Family, Op
from graphbuilder.ir.types import TensorType

_MAP = TensorType((3, 5, 4))


class Identity(Op):
    """Its input as it is."""

    op: ClassVar[str] = "identity"
    family: ClassVar[Family] = "shape"
    title: ClassVar[str] = "Identity"

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        return inputs

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        return Lowering(TorchCall("nn.Identity"))

    examples: ClassVar[tuple[Example, ...]] = (Example({}, (_MAP,)), Example({}, (TensorType((9, 6), "last"),)))
