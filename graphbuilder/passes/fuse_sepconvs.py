r"""A separable convolution, its activations and the sum behind it become one op.

x -> relu -> sepconv [depthwise, pointwise, bias] -> y      =>      x -> fusedsepconv, relu before -> y
x -> sepconv [depthwise, relu, pointwise] -> relu -> y      =>      x -> fusedsepconv, relu between, relu after -> y
x ------------------------\
  \-> relu -> sepconv -> add -> y      =>      x, x -> fusedsepconv, relu before, residual -> y
x ------------------------\
  \-> block [relu, sepconv] -> add -> y      =>      x, x -> block [fusedsepconv with a residual] -> y
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import chain, count
from typing import cast

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.ir import Graph, Node, Op, Value
from graphbuilder.ops.activation import ELU, Activation, HardSwish, ReLU, ReLU6, SiLU
from graphbuilder.ops.convolution import Conv, DepthwiseConv
from graphbuilder.ops.fused import FusedActivation, FusedSepConv
from graphbuilder.ops.separable import SepConv
from graphbuilder.passes.rewriting import MOST, Rewritten, calls_of, mapped, rewired, rewritten
from graphbuilder.passes.sums import is_sum

_KINDS: Mapping[type[Op], FusedActivation] = {
    ReLU: "relu", ReLU6: "relu6", ELU: "elu", SiLU: "silu", HardSwish: "hardswish"
}  # fmt: skip


def fuse_sepconvs(typed: TypedGraph) -> Rewritten:
    """With every separable convolution over maps as one op, and in it what its own body lets it take: the activation
    ahead of it, the sum behind it and the activation behind that, each of which nothing else reads or is read by. Where
    it is the last of a block or of a repeat, the sum of two that stands behind that goes in, as an input of the block.

    Weights keep their names. Left as they are: those with a norm between their halves still, and those over other than
    two axes. What is called more than once takes nothing of what stands around one of its calls.
    """
    taker = _Taker()
    return Rewritten(rewritten(typed, lambda body, graph: taker.summed(_fused(body, graph))))


def _fused(typed: TypedGraph, graph: Graph) -> Graph:
    made = {node.name: op for node in graph.nodes if (op := _op_of(node, typed)) is not None}
    if not made:
        return graph
    if graph.kind == "repeat":
        return replace(graph, nodes=mapped(graph.nodes, lambda node: _called(node, made.get(node.name))))
    return _Body(graph, made).fused()


def _called(node: Node, op: FusedSepConv | None) -> Node:
    return node if op is None else replace(node, callee=op)


@dataclass
class _Body:
    """A body in which some nodes are to be fused ops; they take their neighbours, one after the other."""

    graph: Graph
    ops: Mapping[str, FusedSepConv]
    _made: dict[str, Node] = field(default_factory=dict[str, Node])
    _at: dict[str, str] = field(default_factory=dict[str, str])
    _gone: dict[Value, Value] = field(default_factory=dict[Value, Value])

    def fused(self) -> Graph:
        calls = calls_of(self.graph)
        for name, op in self.ops.items():
            node = replace(self.graph.by_name[name], callee=op)
            self._made[name], self._at[name] = node, name
            if calls[node.module] == 1:
                self._take_before(node, op)
                self._take_behind(name)
        places = {at: name for name, at in self._at.items()}
        kept = (node for node in self.graph.nodes if node.name in places or not self._is_taken(node.name))
        nodes = tuple(self._made[places[node.name]] if node.name in places else node for node in kept)
        return rewired(self.graph, nodes, self._gone)

    def _take_before(self, node: Node, op: FusedSepConv) -> None:
        (value,) = node.inputs
        ahead = self.graph.by_name.get(value.node)
        kind = ahead and _kind(ahead)
        if ahead is None or kind is None or self._is_taken(ahead.name) or self._reader(value) is None:
            return
        self._gone[value] = ahead.inputs[0]
        self._made[node.name] = replace(node, callee=op.model_copy(update={"before": kind}))

    def _take_behind(self, name: str) -> None:
        """Move to where the last of what is taken stood, behind all that it reads."""
        value = Value(name)
        while (reader := self._reader(value)) is not None and (taken := self._with(self._made[name], value, reader)):
            self._made[name], self._at[name] = taken, reader.name
            self._gone[Value(reader.name)] = Value(name)
            value = Value(reader.name)

    def _with(self, node: Node, value: Value, reader: Node) -> Node | None:
        """``node`` and what reads its ``value`` in one, if that can be."""
        op = cast("FusedSepConv", node.callee)
        if op.after != "none":
            return None
        if (kind := _kind(reader)) is not None:
            return replace(node, callee=op.model_copy(update={"after": kind}))
        if not is_sum(reader) or len(node.inputs) > 1:
            return None
        (other,) = (each for each in reader.inputs if each != value)
        return replace(node, inputs=(*node.inputs, other))

    def _reader(self, value: Value) -> Node | None:
        """What reads ``value``, where one node does and once."""
        readers = self.graph.readers.get(value, ())
        if len(readers) != 1 or any(value == output for _, output in self.graph.outputs):
            return None
        return self.graph.by_name[readers[0][0]]

    def _is_taken(self, name: str) -> bool:
        return Value(name) in self._gone or (name in self._made and self._at[name] != name)


def _op_of(node: Node, typed: TypedGraph) -> FusedSepConv | None:
    """The op for a call of a separable convolution, where there is one."""
    body = node.callee
    if not isinstance(body, Graph) or type(body.composite) is not SepConv or typed.inputs_of(node)[0].rank != 3:
        return None
    first, *middle, last = body.nodes
    order = body.composite.order == "depthwise_first"
    depthwise, pointwise = (first.callee, last.callee) if order else (last.callee, first.callee)
    kinds: list[FusedActivation | None] = [_kind(each) for each in middle]
    between = kinds[0] if kinds else "none"
    if between is None or len(kinds) > 1:
        return None
    assert isinstance(depthwise, DepthwiseConv)
    assert isinstance(pointwise, Conv)
    return FusedSepConv(depthwise=depthwise, pointwise=pointwise, between=between, depthwise_first=order)


def _kind(node: Node) -> FusedActivation | None:
    """The activation that a node is, where the op knows it."""
    op = node.callee
    if isinstance(op, ELU) and op.alpha != 1:
        return None
    if isinstance(op, Activation):
        return next((kind for kind in _KINDS.values() if kind == op.kind), None)
    return _KINDS.get(type(op)) if isinstance(op, Op) else None


class _Taker:
    """Leads the other part of a sum into the body that gives the one; equal bodies stay one object."""

    def __init__(self) -> None:
        self._taking = cache(self._with_residual)

    def summed(self, graph: Graph) -> Graph:
        """``graph`` without the sums that bodies in it can take."""
        if graph.kind == "repeat":
            return graph
        for add in [node for node in graph.nodes if is_sum(node)]:
            for value, other in (add.inputs, add.inputs[::-1]):
                if (called := self._given(graph, value, other)) is not None:
                    nodes = (called if node is add else node for node in graph.nodes if node.name != called.name)
                    graph = rewired(graph, tuple(nodes), {Value(add.name): value})
                    break
        return graph

    def _given(self, graph: Graph, value: Value, other: Value) -> Node | None:
        """The call that gives ``value``, with ``other`` as one more input, where nothing but the sum reads it."""
        node = graph.by_name.get(value.node)
        is_alone = value != other and len(graph.readers[value]) == 1 and all(value != each for _, each in graph.outputs)
        if node is None or not is_alone or not isinstance(node.callee, Graph) or len(node.results) > 1:
            return None
        taken = self._taking(node.callee) if _is_called_once(graph, node) else None
        return taken and replace(node, callee=taken, inputs=(*node.inputs, other))

    def _with_residual(self, graph: Graph) -> Graph | None:
        """``graph`` with one more input, which is added to what it gives; None where nothing in it can do so."""
        ((_, value),) = graph.outputs
        last = graph.by_name.get(value.node)
        if last is None or value in graph.readers or len(graph.nodes) > MOST or not _is_called_once(graph, last):
            return None
        names = chain(["residual"], (f"residual_{number}" for number in count(2)))
        port = next(name for name in names if name not in graph.by_name and name not in graph.inputs)
        inputs = (*last.inputs, Value(port))
        if isinstance(last.callee, FusedSepConv) and last.callee.after == "none" and len(last.inputs) == 1:
            taken = replace(last, inputs=inputs)
        elif isinstance(last.callee, Graph) and len(last.results) == 1 and (body := self._taking(last.callee)):
            taken = replace(last, callee=body, inputs=inputs)
        else:
            return None
        nodes = tuple(taken if node.name == last.name else node for node in graph.nodes)
        return replace(graph, inputs=(*graph.inputs, port), nodes=nodes)


def _is_called_once(graph: Graph, node: Node) -> bool:
    return calls_of(graph)[node.module] == 1
