"""A body as the writer sees it: each node a part, which is a torch call, a class, a chain or a repeat.

Anonymous bodies (branches, repeats) have no class of their own where they are plain chains of modules; ``Shapes``
says what has to be alike in two parts for one piece of source to serve both, values of arguments excepted.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.python.in_place import in_place
from graphbuilder.ir import Copies, Graph, Initialiser, Node, Op, TensorType, Value
from graphbuilder.ir.lowering import (
    NO_DEFAULT,
    Arg,
    Lowering,
    Module,
)

if TYPE_CHECKING:
    from graphbuilder.backends.python.classes import Class


class Argument(NamedTuple):
    """One argument of a constructor call, as one instance has it.

    Attributes:
        positional: written without its keyword.
        written: what the spec wrote for it.
        channels: the input whose number of channels it is, if it is one.
        result: whether it is the number of channels of the result.
    """

    name: str
    value: object
    default: object = NO_DEFAULT
    positional: bool = False
    written: str | None = None
    channels: int | None = None
    result: bool = False


class Call(NamedTuple):
    """A constructor call."""

    target: str
    arguments: tuple[Argument, ...]

    @property
    def values(self) -> Hashable:
        return tuple((type(argument.value), argument.value) for argument in self.arguments)

    def value(self, name: str) -> object:
        """The value of an argument."""
        return next(argument.value for argument in self.arguments if argument.name == name)


@dataclass(frozen=True, eq=False)
class Part:
    """A node with the types that it reads and gives."""

    node: Node
    inputs: tuple[TensorType, ...]
    outputs: tuple[TensorType, ...]


@dataclass(frozen=True, eq=False)
class OpPart(Part):
    """A primitive; ``init`` has the initialisers of its weights where they are not the op's own."""

    op: Op
    lowering: Lowering

    @cached_property
    def init(self) -> Mapping[str, Initialiser]:
        own = {weight.name: weight.init for weight in self.op.weights(self.inputs)}
        return {name: init for name, init in sorted(self.node.init.items()) if name in own and own[name] != init}

    @cached_property
    def call(self) -> Call | None:
        """Its constructor, where it has a module."""
        module = self.lowering.module
        if module is None:
            return None
        rows = enumerate(module.args)
        return Call(module.target, tuple(_argument(self.node, arg, index < module.positional) for index, arg in rows))

    @property
    def plain(self) -> bool:
        """Whether it may stand in a chain: a module applied to its one input."""
        return self.lowering.module is not None and self.lowering.results == (Module(),)


def _argument(node: Node, arg: Arg, positional: bool) -> Argument:
    written = node.written.get(arg.field) if arg.field else None
    return Argument(arg.name, arg.value, arg.default, positional, written, arg.channels, arg.field == "out")


@dataclass(frozen=True, eq=False)
class ClassPart(Part):
    """A call of a body that has a class."""

    owner: Class
    body: TypedGraph

    @cached_property
    def call(self) -> Call:
        return self.owner.call(self.body, self.node)


@dataclass(frozen=True, eq=False)
class ChainPart(Part):
    """A branch that is a plain chain: an ``nn.Sequential`` with names."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, eq=False)
class RepeatPart(Part):
    """A repeat; ``chained`` when it is a plain chain, else its parts are called in the parent's ``forward``."""

    body: TypedGraph
    parts: tuple[Part, ...]
    chained: bool

    @cached_property
    def copies(self) -> tuple[Part, ...]:
        """The parts that own modules, in order: the entries of the container."""
        return tuple(part for part in self.parts if part.node.owns and part.node.name.isdecimal())

    @property
    def beyond(self) -> int:
        """How many further copies there are, all like the last part."""
        return len(self.body.graph.nodes) - len(self.parts)


_Part = TypeVar("_Part", bound=Part)


def some(column: Sequence[_Part | None]) -> _Part:
    """The part in the first instance that has it."""
    return next(part for part in column if part is not None)


def modular(part: Part) -> bool:
    """Whether the part is a module that is applied to its inputs as they are."""
    return part.plain if isinstance(part, OpPart) else not isinstance(part, RepeatPart) or part.chained


def shown(graph: Graph) -> Sequence[Node]:
    """The nodes to look at: where further copies are all alike and only the last is read from outside, not those."""
    nodes = graph.nodes
    if isinstance(nodes, Copies) and {value.node for _, value in graph.outputs} == {nodes[-1].name}:
        return nodes.head
    return nodes


class Chains:
    """Which anonymous bodies are plain chains; and what ops are in torch. Remembers both."""

    def __init__(self) -> None:
        self._lowered: dict[tuple[Op, tuple[TensorType, ...]], Lowering] = {}
        self._chains: dict[TypedGraph, bool] = {}

    def lower(self, op: Op, inputs: tuple[TensorType, ...]) -> Lowering:
        """``op`` in torch; equal calls are one object."""
        key = (op, inputs)
        if key not in self._lowered:
            self._lowered[key] = op.lower(inputs)
        return self._lowered[key]

    def chained(self, body: TypedGraph) -> bool:
        """Whether ``body`` passes one value through modules, one after the other, and gives the last result."""
        if body not in self._chains:
            self._chains[body] = self._is_chain(body)
        return self._chains[body]

    def named(self, body: TypedGraph) -> bool:
        """Whether ``body`` gets a class: all but repeats, and branches that are chains."""
        kind = body.graph.kind
        return kind != "repeat" and (kind != "branch" or not self.chained(body))

    def _is_chain(self, body: TypedGraph) -> bool:
        graph = body.graph
        if len(graph.inputs) != 1 or not graph.nodes:
            return False
        current = Value(graph.inputs[0])
        for node in shown(graph):
            if node.inputs != (current,) or len(node.results) != 1 or not node.owns or not self._is_link(body, node):
                return False
            current = Value(node.name, node.results[0])
        return [value for _, value in graph.outputs] == [current._replace(node=graph.nodes[-1].name)]

    def _is_link(self, body: TypedGraph, node: Node) -> bool:
        if isinstance(node.callee, Op):
            lowering = self.lower(node.callee, body.inputs_of(node))
            return lowering.module is not None and lowering.results == (Module(),)
        inner = body.bodies[node.name]
        return self.named(inner) or self.chained(inner)


def parts_of(body: TypedGraph, chains: Chains, classes: Mapping[TypedGraph, Class]) -> tuple[Part, ...]:
    """The nodes of ``body`` as parts; ``classes`` has the classes of all bodies in it that get one."""

    def lowered(node: Node) -> Lowering | None:
        return chains.lower(node.callee, body.inputs_of(node)) if isinstance(node.callee, Op) else None

    def made_by(node: Node) -> Lowering | None:
        return lowered(node) or _last_of(body.bodies[node.name], chains)

    nodes = shown(body.graph)
    overwriting = in_place(nodes, (value for _, value in body.graph.outputs), made_by)
    made: list[Part] = []
    for node in nodes:
        part = Part(node, body.inputs_of(node), body.outputs_of(node))
        lowering = lowered(node)
        if isinstance(node.callee, Op) and lowering is not None:
            used = _overwriting(lowering) if node.name in overwriting else lowering
            made.append(OpPart(part.node, part.inputs, part.outputs, node.callee, used))
        else:
            made.append(_called(part, body.bodies[node.name], chains, classes))
    return tuple(made)


def _last_of(inner: TypedGraph, chains: Chains) -> Lowering | None:
    """How a composite makes its one result, where nothing else in it reads that."""
    graph = inner.graph
    if graph.composite is None or len(graph.outputs) != 1 or graph.outputs[0][1] in graph.readers:
        return None
    node = graph.by_name.get(graph.outputs[0][1].node)
    return chains.lower(node.callee, inner.inputs_of(node)) if node and isinstance(node.callee, Op) else None


def _called(part: Part, inner: TypedGraph, chains: Chains, classes: Mapping[TypedGraph, Class]) -> Part:
    ends = (part.node, part.inputs, part.outputs)
    if chains.named(inner):
        return ClassPart(*ends, classes[inner], inner)
    parts = parts_of(inner, chains, classes)
    if inner.graph.kind == "branch":
        return ChainPart(*ends, parts)
    return RepeatPart(*ends, inner, parts, chains.chained(inner))


def _overwriting(lowering: Lowering) -> Lowering:
    assert lowering.module is not None
    args = tuple(arg._replace(value=True) if arg.name == "inplace" else arg for arg in lowering.module.args)
    return lowering._replace(module=lowering.module._replace(args=args))
