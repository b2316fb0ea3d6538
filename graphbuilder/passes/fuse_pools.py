r"""A max pool and the projection of a shortcut become one op with the sum behind them.

x -> pool ------------add -> y
z -> shortcut [conv] -/            =>      x, z -> pooledsum -> y
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.ir import Graph, Node, Value
from graphbuilder.ir.lowering import Module
from graphbuilder.ops.convolution import Conv
from graphbuilder.ops.fused import PooledSum
from graphbuilder.ops.pooling import MaxPool
from graphbuilder.passes.rewriting import Rewritten, rewired, rewritten
from graphbuilder.passes.sums import is_sum


def fuse_pools(typed: TypedGraph) -> Rewritten:
    """With every sum of a max pool and a shortcut that is a 1x1 convolution alone, its norm folded, as one op.

    Weights keep their names. Left as they are: pools that need a pad of their own, or are dilated, or over other than
    two axes; sums of which anything else reads a part; what is called more than once.
    """
    return Rewritten(rewritten(typed, _fused))


def _fused(typed: TypedGraph, graph: Graph) -> Graph:
    if graph.kind == "repeat":
        return graph
    calls = Counter(node.module for node in graph.nodes)
    for add in [node for node in graph.nodes if is_sum(node)]:
        for one, other in (add.inputs, add.inputs[::-1]):
            pool, shortcut = (_alone(graph, value, calls) for value in (one, other))
            if pool is not None and shortcut is not None and (op := _op(pool, shortcut, typed)) is not None:
                graph = _summed(graph, add, pool, shortcut, op)
                break
    return graph


def _alone(graph: Graph, value: Value, calls: Counter[str]) -> Node | None:
    """The node that makes ``value``, where nothing but the sum reads it and nothing else shares its weights."""
    node = graph.by_name.get(value.node)
    is_given = any(value == output for _, output in graph.outputs)
    if node is None or is_given or len(graph.readers[value]) > 1 or calls[node.module] > 1 or len(node.results) > 1:
        return None
    return node


def _op(pool: Node, shortcut: Node, typed: TypedGraph) -> PooledSum | None:
    body = shortcut.callee
    if not isinstance(pool.callee, MaxPool) or not isinstance(body, Graph) or len(body.nodes) != 1:
        return None
    (inner,) = body.nodes
    conv, (x,), (z,) = inner.callee, typed.inputs_of(pool), typed.inputs_of(shortcut)
    is_layer = pool.callee.lower((x,)).results == (Module(),) and pool.callee.dilation in (1, (1, 1))
    if type(conv) is not Conv or not is_layer or x.rank != 3 or x.layout != "first":
        return None
    pads = conv.padding not in ("valid", "half", "same", 0)
    if conv.groups != 1 or pads or conv.weights((z,))[0].shape[2:] != (1, 1) or conv.padding_mode != "zeros":
        return None
    return PooledSum(pool=pool.callee, conv=conv, name=inner.name)


def _summed(graph: Graph, add: Node, pool: Node, shortcut: Node, op: PooledSum) -> Graph:
    """``op`` where the sum stood, with the weights and the name of the shortcut."""
    made = replace(shortcut, callee=op, inputs=(*pool.inputs, *shortcut.inputs), written={})
    kept = (node for node in graph.nodes if node not in (pool, shortcut))
    nodes = tuple(made if node is add else node for node in kept)
    return rewired(graph, nodes, {Value(add.name): Value(made.name)})
