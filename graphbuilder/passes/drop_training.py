r"""What training alone needs is left out.

x -> conv -> dropout -> linear -> y        x -> conv -> linear -> y
x -> block -> droppath --+                 x -> block --+
  \---------------------add -> y     =>      \---------add -> y
features -> head -> logits                 features -> head -> logits
     \----> auxiliary head -> aux (in training)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.ir import Copies, Graph, Node, Op, Value
from graphbuilder.ops.regularisation import Dropout, DropPath
from graphbuilder.ops.shape import Identity
from graphbuilder.passes.rewriting import Rewritten, mapped, rewired, rewritten

_IDLE = (Dropout, DropPath, Identity)


def drop_training(typed: TypedGraph) -> Rewritten:
    """Without outputs of training and what only they need, dropout, stochastic depth and identities.

    A network still gives its outputs by name where it did. Bodies of which nothing is left are not called. Outputs of
    training stay where what they need owns weights of what is kept: a weight's name would change.
    """
    graph = rewritten(typed, lambda _, body: _without_idle(_without_auxiliary(body)))
    return Rewritten(graph if len(graph.nodes) else typed.graph)


def _without_auxiliary(graph: Graph) -> Graph:
    auxiliary = graph.auxiliary
    kept = [node for node in graph.nodes if node.name not in auxiliary]
    if not graph.training or any(node.module in auxiliary for node in kept):
        return graph
    outputs = tuple((name, value) for name, value in graph.outputs if name not in graph.training)
    return replace(graph, nodes=tuple(kept), outputs=outputs, training=frozenset[str](), by_name_always=True)


def _without_idle(graph: Graph) -> Graph:
    written = _written(graph.nodes)
    idle = [node for node in written if _passes_on(node)]
    if not idle or (len(idle) == len(written) and not len(graph.inputs) == 1 == len(graph.outputs)):
        return graph
    if graph.kind == "repeat" and len(idle) < len(written):
        # Copies are known by their numbers, in which there must be no gap.
        return replace(graph, nodes=mapped(graph.nodes, _standing))
    names = {node.name for node in idle}
    idle, kept = ([*graph.nodes], []) if graph.kind == "repeat" else (idle, [n for n in written if n.name not in names])
    return rewired(graph, tuple(kept), {Value(node.name, node.results[0]): node.inputs[0] for node in idle})


def _written(nodes: Sequence[Node]) -> Sequence[Node]:
    return nodes.head if isinstance(nodes, Copies) else nodes


def _passes_on(node: Node) -> bool:
    """Whether its one result is its one input; a body of which nothing is left has one of each."""
    return isinstance(node.callee, _IDLE) if isinstance(node.callee, Op) else not len(node.callee.nodes)


def _standing(node: Node) -> Node:
    return replace(node, callee=Identity(), written={}) if _passes_on(node) else node
