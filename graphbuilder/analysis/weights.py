"""Every tensor of a network by the name it has in the state dict, with the initialiser that the spec gave it."""

from __future__ import annotations

from collections.abc import Iterator

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.ir import Node, Op, Weight

Named = tuple[str, Weight]


def walk(typed: TypedGraph) -> Iterator[Named]:
    """The path and description of every tensor, statistics included, in the order of the graph.

    A module that several nodes call is walked once, under its owner's name. Equal bodies are worked out once.
    """
    yield from _body(typed, {})


def _body(typed: TypedGraph, known: dict[TypedGraph, tuple[Named, ...]]) -> tuple[Named, ...]:
    if typed not in known:
        owners = (node for node in typed.graph.nodes if node.owns)
        known[typed] = tuple(
            (f"{node.name}.{path}", weight) for node in owners for path, weight in _node(typed, node, known)
        )
    return known[typed]


def _node(typed: TypedGraph, node: Node, known: dict[TypedGraph, tuple[Named, ...]]) -> tuple[Named, ...]:
    if not isinstance(node.callee, Op):
        return _body(typed.bodies[node.name], known)
    weights = node.callee.weights(typed.inputs_of(node))
    return tuple((weight.name, weight._replace(init=node.init.get(weight.name, weight.init))) for weight in weights)
