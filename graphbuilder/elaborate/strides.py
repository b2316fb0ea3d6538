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
    rank = max((len(type_.spatial) for type_ in starts.values()), default=0)
    types = dict(starts)
    known: dict[Value, Strides] = dict.fromkeys(starts, (1,) * rank)
    for node in nodes:
        read = tuple(types[value] for value in node.inputs)
        own = _own(node.callee, read, inference)
        before = _most(known[value] for value in node.inputs)
        for port, type_ in zip(node.results, inference.results(node.callee, read), strict=True):
            types[Value(node.name, port)] = type_
            known[Value(node.name, port)] = _times(before, own)
    return known[value]


def _own(callee: Op | Graph, inputs: tuple[TensorType, ...], inference: Inference) -> Strides:
    if isinstance(callee, Op):
        return callee.strides(inputs)
    starts = dict(zip(map(Value, callee.inputs), inputs, strict=True))
    return total_stride(starts, callee.nodes, callee.outputs[0][1], inference)


def _most(strides: Iterable[Strides]) -> Strides:
    return max(strides, key=lambda each: (len(each), each))


def _times(left: Strides, right: Strides) -> Strides:
    if len(left) != len(right):
        return max(left, right, key=len)
    return tuple(a * b for a, b in zip(left, right, strict=True))
