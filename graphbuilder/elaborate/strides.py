"""By how much a body reduces sizes, read off its ops' strides and never off sizes: what a projection has to follow."""

from __future__ import annotations

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.ir import Graph, Op, TensorType, Value

Strides = tuple[int, ...]


def output_strides(typed: TypedGraph, value: Value) -> Strides:
    """The total stride from the body's inputs to ``value``, one number an axis.

    Where several values meet, the trunk is the one reduced most: a gate of size 1x1 does not count.
    """
    rank = max((type_.rank - 1 for type_ in typed.inputs), default=0)
    known: dict[Value, Strides] = {Value(name): (1,) * rank for name in typed.graph.inputs}
    for node in typed.graph.nodes:
        before = _most([known[read] for read in node.inputs])
        own = _own(node.callee, typed.bodies.get(node.name), typed.inputs_of(node))
        for port in node.results:
            known[Value(node.name, port)] = _times(before, own)
    return known[value]


def _own(callee: Op | Graph, body: TypedGraph | None, inputs: tuple[TensorType, ...]) -> Strides:
    if isinstance(callee, Op):
        return callee.strides(inputs)
    assert body is not None
    return output_strides(body, callee.outputs[0][1])


def _most(strides: list[Strides]) -> Strides:
    return max(strides, key=lambda each: (len(each), each))


def _times(left: Strides, right: Strides) -> Strides:
    if len(left) != len(right):
        return max(left, right, key=len)
    return tuple(a * b for a, b in zip(left, right, strict=True))
