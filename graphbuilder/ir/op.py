"""What an op has to say of itself. The catalogue (``graphbuilder.ops``) holds the ops; this module knows none of
them."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from graphbuilder.ir.reach import NOWHERE, ONE_PLACE, OWN, WHOLE, Reach

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphbuilder.diagnostics import Rule
    from graphbuilder.ir.dialect import Dialect
    from graphbuilder.ir.graph import Graph
    from graphbuilder.ir.lowering import Lowering
    from graphbuilder.ir.types import TensorType
    from graphbuilder.ir.weights import Weight

Family = Literal[
    "convolution",
    "separable",
    "pooling",
    "normalisation",
    "activation",
    "head",
    "join",
    "attention",
    "learned",
    "regularisation",
    "shape",
]


class OpError(Exception):
    """An op refuses its inputs or arguments; whoever knows the place in the spec makes a diagnostic of it.

    Attributes:
        rule: the code of the fault.
        message: what happened, with shapes.
        field: the argument at fault, or None for the step as a whole.
        inputs: the numbers of the inputs that disagree; the places that made them are shown.
        help: what is to be known of it.
        settings: arguments of this step and values, each of which may repair it; they are tried before one is shown.
        ahead: steps, as a spec has them, which may repair it where they are put before this one.
    """

    def __init__(
        self,
        rule: type[Rule],
        message: str,
        *,
        field: str | None = None,
        inputs: tuple[int, ...] = (),
        help: str | None = None,
        settings: tuple[tuple[str, object], ...] = (),
        ahead: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.field = field
        self.inputs = inputs
        self.help = help
        self.settings = settings
        self.ahead = ahead


class Example(NamedTuple):
    """A row of the conformance test: arguments as a spec would write them, and the types it is run on."""

    args: Mapping[str, object]
    inputs: tuple[TensorType, ...]


class Op(BaseModel):
    """A primitive operation: its fields are its arguments, its docstring its reference.

    A subclass is frozen and hashable. It states its types, weights and costs as functions of its input types, and what
    it is in torch as data.

    Class attributes:
        op: the name a spec uses.
        family: what kind of work it is; the figure colours by it.
        title: the word drawn on its box.
        ports: the names of its inputs; the last ``optional`` of them may be left out.
        variadic: reads any number of inputs, two or more as a rule; ``ports`` is then empty.
        examples: rows of the conformance test.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    op: ClassVar[str]
    family: ClassVar[Family]
    title: ClassVar[str]
    ports: ClassVar[tuple[str, ...]] = ("x",)
    optional: ClassVar[int] = 0
    variadic: ClassVar[bool] = False
    examples: ClassVar[tuple[Example, ...]] = ()

    def results(self) -> tuple[str, ...]:
        """The names of the outputs."""
        return ("out",)

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        """The output types, one a result.

        Raises:
            OpError: when the inputs or arguments do not fit.
        """
        raise NotImplementedError

    def weights(self, inputs: tuple[TensorType, ...]) -> tuple[Weight, ...]:
        """The tensors that it owns, in torch's order of registration."""
        return ()

    def macs(self, inputs: tuple[TensorType, ...]) -> int:
        """Multiply-accumulates for one sample; 0 for what has no products (norms, activations, pools)."""
        return 0

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        """What it is in torch, for these input types."""
        raise NotImplementedError

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach | None, ...]:
        """What a place of its outputs reads of each input; None where only the shape of an input is asked for.

        Unless an op says otherwise, a place reads its own place where the sizes stay, and every place where they become
        one place or spread from it; which one reads where they become others is not known.
        """
        spatial = self.infer(inputs)[0].spatial
        return tuple(_reading(x.spatial, spatial) for x in inputs)

    def strides(self, inputs: tuple[TensorType, ...]) -> tuple[int, ...]:
        """By how much it reduces each spatial axis of its first input: its field ``stride`` where it has one, else
        1."""
        rank = len(inputs[0].spatial)
        stride: int | tuple[int, ...] = getattr(self, "stride", 1)
        return stride if isinstance(stride, tuple) else (stride,) * rank

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        """The few characters that tell this box from another of the same op: ``64, 3×3 /2``.

        Without the input types, maps of two spatial axes are taken for granted.
        """
        return ""


class Composite(Op):
    """An op made of ops: declares fields and a look, and a body of primitives from which all else follows."""

    def body(self, inputs: tuple[TensorType, ...], dialect: Dialect) -> Graph:
        """The body for these input types, with ``composite`` set to this op; its inputs are named by ``ports``.

        Raises:
            OpError: when the inputs or arguments do not fit.
        """
        raise NotImplementedError


def _reading(given: tuple[int, ...], made: tuple[int, ...]) -> Reach:
    if given == made:
        return OWN
    if all(size == 1 for size in (*given, *made)):
        return ONE_PLACE
    return WHOLE if len(given) < 2 or prod(made) == 1 or 1 in given else NOWHERE
