"""By how much a body reduces sizes, read off its ops' strides and never off sizes: what a projection has to follow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from graphbuilder.analysis.inference import Inference
from graphbuilder.ir import Graph, Node, Op, TensorType, Value

Strides = tuple[int, ...]


def total_stride(
    starts: Mapping[Value, TensorType], nodes: Sequence[Node], value: Value, inference: Inference
) -> Strides:
    """The total stride of ``nodes`` from the values ahead of them to ``value``, one number an axis.

    Where several values meet, the trunk is the one reduced most: a gate of size 1x1 does not count.
    """
    ones = {start: (1,) * len(type_.spatial) for start, type_ in starts.items()}
    return _strides(starts, ones, nodes, inference)[value]


def _strides(
    starts: Mapping[Value, TensorType], ahead: Mapping[Value, Strides], nodes: Sequence[Node], inference: Inference
) -> dict[Value, Strides]:
    """The stride of every value of a body, from those of the values ahead of it."""
    types, known = dict(starts), dict(ahead)
    for node in nodes:
        read = tuple(types[value] for value in node.inputs)
        before = [known[value] for value in node.inputs]
        given = _given(node.callee, read, before, inference)
        for port, type_, stride in zip(node.results, inference.results(node.callee, read), given, strict=True):
            types[Value(node.name, port)] = type_
            known[Value(node.name, port)] = stride
    return known


def _given(
    callee: Op | Graph, inputs: tuple[TensorType, ...], before: Sequence[Strides], inference: Inference
) -> list[Strides]:
    """The strides of what a call gives; each output of a body has its own."""
    if isinstance(callee, Op):
        return [_times(_most(before), callee.strides(inputs))] * len(callee.results())
    names = [Value(name) for name in callee.inputs]
    starts, ahead = dict(zip(names, inputs, strict=True)), dict(zip(names, before, strict=True))
    inside = _strides(starts, ahead, callee.nodes, inference)
    return [inside[value] for _, value in callee.outputs]


def _most(strides: Iterable[Strides]) -> Strides:
    return max(strides, key=lambda each: (len(each), each))


def _times(left: Strides, right: Strides) -> Strides:
    if len(left) != len(right):
        return max(left, right, key=len)
    return tuple(a * b for a, b in zip(left, right, strict=True))
