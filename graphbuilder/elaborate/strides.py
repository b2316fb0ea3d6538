"""By how much a body reduces sizes, read off its ops' strides and never off sizes: what a projection has to follow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from graphbuilder.analysis.inference import Inference
from graphbuilder.ir import Graph, Node, Op, TensorType, Value

Strides = tuple[int, ...]


def total_stride(
    inputs: Mapping[str, TensorType], nodes: Sequence[Node], value: Value, inference: Inference
) -> Strides:
    """The total stride from a body's inputs to ``value``, one number an axis.

    Where several values meet, the trunk is the one reduced most: a gate of size 1x1 does not count.
    """
    rank = max((len(type_.spatial) for type_ in inputs.values()), default=0)
    types = {Value(name): type_ for name, type_ in inputs.items()}
    known: dict[Value, Strides] = {Value(name): (1,) * rank for name in inputs}
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
    named = dict(zip(callee.inputs, inputs, strict=True))
    return total_stride(named, callee.nodes, callee.outputs[0][1], inference)


def _most(strides: Iterable[Strides]) -> Strides:
    return max(strides, key=lambda each: (len(each), each))


def _times(left: Strides, right: Strides) -> Strides:
    if len(left) != len(right):
        return max(left, right, key=len)
    return tuple(a * b for a, b in zip(left, right, strict=True))
