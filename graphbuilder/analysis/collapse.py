"""Runs of equal copies in a repeat: what a table, a figure and a spec write as one entry with a count."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import NamedTuple

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.ir import Graph, Node


class Run(NamedTuple):
    """Adjacent calls that are alike: one body (or op) on the same types, with the same initialisers."""

    nodes: tuple[Node, ...]

    @property
    def first(self) -> Node:
        return self.nodes[0]

    @property
    def count(self) -> int:
        return len(self.nodes)

    @property
    def name(self) -> str:
        """``3``, or ``1-3`` for several."""
        return self.first.name if self.count == 1 else f"{self.first.name}-{self.nodes[-1].name}"


def runs(typed: TypedGraph) -> tuple[Run, ...]:
    """The calls of a body in order, those of a repeat gathered where neighbours are alike; nodes of other bodies stand alone."""
    if typed.graph.kind != "repeat":
        return tuple(Run((node,)) for node in typed.graph.nodes)
    calls = Counter(node.module for node in typed.graph.nodes)

    def alike(node: Node) -> tuple[object, ...]:
        shared = node.module if calls[node.module] > 1 else None
        callee = typed.bodies[node.name] if isinstance(node.callee, Graph) else (node.callee, typed.inputs_of(node))
        return (callee, shared, node.init, node.title)

    return tuple(Run(tuple(nodes)) for _, nodes in groupby(typed.graph.nodes, alike))
