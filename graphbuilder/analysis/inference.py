"""Inference: a function of (body, input types), memoised. Types are derived, never patched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from graphbuilder.garbage import no_search
from graphbuilder.ir import Copies, Graph, Node, Op, TensorType, Value


@dataclass(frozen=True, eq=False)
class TypedGraph:
    """A body with the types of all its values; equal bodies on equal input types are one object.

    Attributes:
        graph: the body.
        inputs: the types of its inputs, in order.
        types: every value of this body, its inputs included.
        bodies: for a node that calls another body, that body typed.
    """

    graph: Graph
    inputs: tuple[TensorType, ...]
    types: Mapping[Value, TensorType]
    bodies: Mapping[str, TypedGraph]

    @cached_property
    def outputs(self) -> tuple[TensorType, ...]:
        return tuple(self.types[value] for _, value in self.graph.outputs)

    def inputs_of(self, node: Node) -> tuple[TensorType, ...]:
        """The types that a node of this body reads."""
        return tuple(self.types[value] for value in node.inputs)

    def outputs_of(self, node: Node) -> tuple[TensorType, ...]:
        """The types that a node of this body gives."""
        return tuple(self.types[Value(node.name, port)] for port in node.results)


class Inference:
    """Types bodies and remembers them. One instance serves one elaboration."""

    def __init__(self) -> None:
        self._typed: dict[tuple[Graph, tuple[TensorType, ...]], TypedGraph] = {}

    def body(self, graph: Graph, inputs: tuple[TensorType, ...]) -> TypedGraph:
        """``graph`` on ``inputs``.

        Raises:
            OpError: when an op of it refuses its inputs.
        """
        key = (graph, inputs)
        if key not in self._typed:
            self._typed[key] = self._type(graph, inputs)
        return self._typed[key]

    def know(self, graph: Graph, inputs: tuple[TensorType, ...], types: Mapping[Value, TensorType]) -> None:
        """Remember that ``graph`` on ``inputs`` has ``types``, which were inferred while it was built."""
        typed = TypedGraph(graph, inputs, types, {})
        bodies = {node.name: self.body(body, typed.inputs_of(node)) for node, body in graph.children()}
        self._typed[graph, inputs] = replace(typed, bodies=bodies)

    def results(self, callee: Op | Graph, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        """The output types of one call.

        Raises:
            OpError: when the op, or an op of the body, refuses its inputs.
        """
        return callee.infer(inputs) if isinstance(callee, Op) else self.body(callee, inputs).outputs

    def _type(self, graph: Graph, inputs: tuple[TensorType, ...]) -> TypedGraph:
        types = {Value(name): type_ for name, type_ in zip(graph.inputs, inputs, strict=True)}
        bodies: dict[str, TypedGraph] = {}
        nodes = graph.nodes
        if not isinstance(nodes, Copies):
            self._type_nodes(nodes, types, bodies)
            return TypedGraph(graph, inputs, types, bodies)
        self._type_nodes(nodes.head, types, bodies)
        if _settled(nodes, types):
            return TypedGraph(graph, inputs, _CopiedTypes(types, nodes), _CopiedBodies(bodies, nodes))
        self._type_nodes(nodes[len(nodes.head) :], types, bodies)
        return TypedGraph(graph, inputs, types, bodies)

    def _type_nodes(self, nodes: Sequence[Node], types: dict[Value, TensorType], bodies: dict[str, TypedGraph]) -> None:
        for node in nodes:
            read = tuple([types[value] for value in node.inputs])
            given = self.results(node.callee, read)
            if isinstance(node.callee, Graph):
                bodies[node.name] = self.body(node.callee, read)
            for port, type_ in zip(node.results, given, strict=True):
                types[Value(node.name, port)] = type_


def _settled(nodes: Copies, types: Mapping[Value, TensorType]) -> bool:
    """Whether the last copy written out gives the types that it reads, so that all further ones do."""
    *_, before, last = nodes.head
    return all(
        types[value] == types[value._replace(node=last.name)] for value in last.inputs if value.node == before.name
    )


class _CopiedTypes(Mapping[Value, TensorType]):
    """The types of a repeat of which only the first copies were typed."""

    def __init__(self, known: Mapping[Value, TensorType], nodes: Copies) -> None:
        self._known, self._nodes = known, nodes

    def __getitem__(self, value: Value) -> TensorType:
        return self._known[value._replace(node=self._nodes.stand_in(value.node))]

    def __len__(self) -> int:
        return len(self._known) + self._nodes.beyond * len(self._nodes.head[-1].results)

    def __iter__(self) -> Iterator[Value]:
        yield from self._known
        for node in self._nodes[len(self._nodes.head) :]:
            yield from (Value(node.name, port) for port in node.results)


class _CopiedBodies(Mapping[str, TypedGraph]):
    """The bodies of a repeat of which only the first copies were typed."""

    def __init__(self, known: Mapping[str, TypedGraph], nodes: Copies) -> None:
        self._known, self._nodes = known, nodes

    def __getitem__(self, name: str) -> TypedGraph:
        return self._known[self._nodes.stand_in(name)]

    def __len__(self) -> int:
        return len(self._nodes) if self._known else 0

    def __iter__(self) -> Iterator[str]:
        return iter([node.name for node in self._nodes] if self._known else ())


@no_search()
def infer(graph: Graph, inputs: tuple[TensorType, ...]) -> TypedGraph:
    """``graph`` on ``inputs``, from nothing remembered.

    Raises:
        OpError: when an op refuses its inputs.
    """
    return Inference().body(graph, inputs)
