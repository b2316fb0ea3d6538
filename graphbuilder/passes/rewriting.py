"""What passes share: every body rewritten once, children first, so that equal bodies stay one object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.ir import Copies, Graph, Node, Value
from graphbuilder.passes.recipe import Fold, Stack

Change = Callable[[TypedGraph, Graph], Graph]

# The copies of a repeat of which the first or last is told from the others; longer ones are not written out for that.
MOST = 64


class Rewritten(NamedTuple):
    """What a pass gives: the graph, and what became of weights, by their paths from the root."""

    graph: Graph
    folds: tuple[Fold, ...] = ()
    stacks: tuple[Stack, ...] = ()


def rewritten(root: TypedGraph, change: Change) -> Graph:
    """``root`` with ``change`` made to every body.

    ``change`` is given a body as it was, typed, and the same body with its children changed already. A body that is
    met on several types is changed once: weights that are shared stay shared.
    """
    return _Rewriter(change).body(root)


def mapped(nodes: Sequence[Node], change: Callable[[Node], Node]) -> Sequence[Node]:
    """``nodes``, each changed; long repeats stay unwritten."""
    if isinstance(nodes, Copies):
        return Copies(tuple(map(change, nodes.head)), len(nodes))
    return tuple(map(change, nodes))


def rewired(graph: Graph, nodes: Sequence[Node], aliases: Mapping[Value, Value]) -> Graph:
    """``graph`` of ``nodes``, which read other values in place of those in ``aliases``; these may chain."""

    def settled(value: Value) -> Value:
        while value in aliases:
            value = aliases[value]
        return value

    def reading(node: Node) -> Node:
        return replace(node, inputs=tuple(map(settled, node.inputs)))

    outputs = tuple((name, settled(value)) for name, value in graph.outputs)
    return replace(graph, nodes=tuple(map(reading, nodes)) if aliases else nodes, outputs=outputs)


def calls_of(graph: Graph) -> Counter[str]:
    """How often the body calls each module that is its own, by name."""
    return Counter(node.module for node in graph.nodes)


class _Rewriter:
    def __init__(self, change: Change) -> None:
        self._change = change
        self._known: dict[Graph, Graph] = {}

    def body(self, typed: TypedGraph) -> Graph:
        graph = typed.graph
        if graph not in self._known:
            self._known[graph] = self._change(typed, self._with_children(typed))
        return self._known[graph]

    def _with_children(self, typed: TypedGraph) -> Graph:
        def child(node: Node) -> Node:
            if not isinstance(node.callee, Graph):
                return node
            body = self.body(typed.bodies[node.name])
            return node if body is node.callee else replace(node, callee=body)

        graph = typed.graph
        nodes = mapped(graph.nodes, child)
        written = nodes.head if isinstance(nodes, Copies) else nodes
        return graph if all(map(_is, written, graph.nodes)) else replace(graph, nodes=nodes)


def _is(new: Node, old: Node) -> bool:
    return new is old
