"""What stands in a figure of a broken model where an op or a block should: it reads, gives nothing and cannot run."""

from __future__ import annotations

from typing import ClassVar

from graphbuilder.ir.op import Family, Op
from graphbuilder.ir.types import TensorType


class Fault(Op):
    """A step that cannot be built. It is in no catalogue, so no spec can name it.

    Attributes:
        word: what should stand here.
        errors: what is wrong with it, each with its code.
    """

    op: ClassVar[str] = "fault"
    family: ClassVar[Family] = "shape"
    title: ClassVar[str] = "fault"
    ports: ClassVar[tuple[str, ...]] = ()
    variadic: ClassVar[bool] = True

    word: str
    errors: tuple[str, ...]

    def results(self) -> tuple[str, ...]:
        return ()

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        return ()
