"""Inference: a function of (body, input types), memoised. Types are derived, never patched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from graphbuilder.ir import Graph, Node, Op, TensorType, Value


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

    def results(self, callee: Op | Graph, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        """The output types of one call.

        Raises:
            OpError: when the op, or an op of the body, refuses its inputs.
        """
        return callee.infer(inputs) if isinstance(callee, Op) else self.body(callee, inputs).outputs

    def _type(self, graph: Graph, inputs: tuple[TensorType, ...]) -> TypedGraph:
        types = {Value(name): type_ for name, type_ in zip(graph.inputs, inputs, strict=True)}
        bodies: dict[str, TypedGraph] = {}
        for node in graph.nodes:
            read = tuple([types[value] for value in node.inputs])
            given = self.results(node.callee, read)
            if isinstance(node.callee, Graph):
                bodies[node.name] = self.body(node.callee, read)
            for port, type_ in zip(node.results, given, strict=True):
                types[Value(node.name, port)] = type_
        return TypedGraph(graph, inputs, types, bodies)


def infer(graph: Graph, inputs: tuple[TensorType, ...]) -> TypedGraph:
    """``graph`` on ``inputs``, from nothing remembered.

    Raises:
        OpError: when an op refuses its inputs.
    """
    return Inference().body(graph, inputs)
