"""The terms in which a call of torch is told: its arguments, the tensors of its graph, and what it is made into."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from graphbuilder.importers.torch.fixed import Fixed
from graphbuilder.ir import Value
from graphbuilder.weights.patterns import ZEROS

# A learnt tensor added to a value: no op by itself, but a part of the scale that it follows.
BIAS = "bias"
# The larger of a value and a number: a part of a division by a length.
FLOOR = "floor"
# One divided by a root: a part of a norm by the root of the mean square.
ROOT = "root"
# Values side by side along an axis of their own.
STACK = "stack"


class Unknown(Exception):
    """The catalogue has no such op; the message says what is missing."""


class Learnt(Unknown):
    """A tensor of the module that is read as a value: ``node`` gives it."""

    def __init__(self, node: Any, name: str) -> None:
        super().__init__(f"a tensor of the module, `{name}`, read as a value")
        self.node = node


def refuse_batch(axis: int, what: str) -> None:
    """Raises:
    Unknown: ``axis``, counted without the batch, is the batch itself.
    """
    if axis < 0:
        raise Unknown(f"{what} along the batch")


class Made(NamedTuple):
    """A call in the catalogue's terms; ``weights`` are its tensors: ours, below the op, to the module's name."""

    op: str
    args: dict[str, Any]
    inputs: tuple[Value, ...]
    weights: dict[str, str]


def kind_of(node: Any) -> str:
    """The name of an ``aten`` operator alone: ``add`` of ``aten.add_.Tensor``."""
    return str(node.target).removeprefix("aten.").split(".")[0].removesuffix("_")


class Tensors(NamedTuple):
    """What the nodes of a graph are: values, tensors of the module's state by name, or made of those alone."""

    values: Mapping[Any, Value]
    state: Mapping[str, str]
    fixed: Fixed

    def value(self, node: Any) -> Value:
        if isinstance(node, int | float | bool):
            raise Unknown(f"the number {node} where a tensor is read")
        if node in self.values:
            return self.values[node]
        if node.name in self.state:
            raise Learnt(node, self.state[node.name])
        raise Unknown("a tensor that is computed from parameters and buffers alone, read as a value")

    def weights(self, **nodes: Any) -> dict[str, str]:
        return {name: self._named(node) for name, node in nodes.items() if node is not None}

    def _named(self, node: Any) -> str:
        """The name of a tensor of the module, or what a mapping says for several that are joined."""
        if node.name in self.state:
            return self.state[node.name]
        parts: list[Any] = node.args[0] if kind_of(node) == "cat" and node.meta["val"].dim() == 1 else []
        names = [self.state.get(each.name) or (ZEROS if self._is_zero(each) else "") for each in parts]
        if not all(names) or not {*names} - {ZEROS} or len({*names}) < len(names):
            raise Unknown("weights that are computed")
        above = {name.rpartition(".")[0] for name in names if name != ZEROS}
        within = f"{above.pop()}." if len(above) == 1 else ""
        return f"{within}{{{'+'.join(name.removeprefix(within) for name in names)}}}"

    def _is_zero(self, node: Any) -> bool:
        return self.fixed.is_constant(node) and not any(self.fixed.numbers(node))

    def is_state(self, node: Any) -> bool:
        """Whether ``node`` is a tensor of the module that is not read as a value."""
        return getattr(node, "name", None) in self.state and node not in self.values

    def is_read_apart(self, node: Any) -> bool:
        """Whether a tensor of the module is put beside others, and added to them: no weight of one op alone."""
        return self.is_state(node) and {"cat", "add"} <= {*map(kind_of, node.users)}


class Arguments:
    """The arguments of a call by position, and by name."""

    def __init__(self, node: Any) -> None:
        self._args = node.args
        self._named = {str(argument.name): place for place, argument in enumerate(node.target._schema.arguments)}
        self._defaults = {
            str(argument.name): argument.default_value if argument.has_default_value() else None
            for argument in node.target._schema.arguments
        }
        self._given = node.kwargs

    def __contains__(self, name: str) -> bool:
        return name in self._named

    def __getitem__(self, name: str) -> Any:
        place = self._named[name]
        if place < len(self._args):
            return self._args[place]
        return self._given.get(name, self._defaults[name])


def exchanged(given: Arguments, kind: str, rank: int) -> tuple[int, int]:
    """The two axes that a call of that kind, one of ``t``, ``transpose`` and what else they are called, exchanges."""
    if kind == "t":
        return 0, 1
    first, second = ("axis0", "axis1") if kind == "swapaxes" else ("dim0", "dim1")
    return given[first] % rank, given[second] % rank


Maker = Callable[[Arguments, Tensors, Any], Made | list[Made] | None]
