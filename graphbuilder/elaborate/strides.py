"""By how much a body reduces sizes, read off its ops' strides and never off sizes: what a projection has to follow.

Where several values meet, the one reduced most counts. A path multiplies what it begins with, and of two beginnings the
larger stays the larger, so what a body does to the strides ahead of it is known once for all: one stride an input.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from graphbuilder.analysis.inference import Inference
from graphbuilder.ir import Graph, Node, Op, TensorType, Value
from graphbuilder.ops.fields import LARGEST

Strides = tuple[int, ...]
# By how much a value is reduced since each of the beginnings that it comes from.
_Ways = Mapping[int, Strides]


class TotalStrides:
    """Remembers of every body on all types of its inputs by how much it reduces them. One serves one elaboration."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference
        self._known: dict[tuple[Graph, tuple[TensorType, ...]], list[_Ways]] = {}

    def between(self, starts: Mapping[Value, TensorType], nodes: Sequence[Node], value: Value) -> Strides:
        """The total stride of ``nodes`` from the values ahead of them to ``value``, one number an axis.

        Where several values meet, the trunk is the one reduced most: a gate of size 1x1 does not count.
        """
        ahead: dict[Value, _Ways] = {start: {0: _ones(type_)} for start, type_ in starts.items()}
        return _most(self._ways(starts, ahead, nodes)[value].values())

    def _ways(
        self, starts: Mapping[Value, TensorType], ahead: Mapping[Value, _Ways], nodes: Sequence[Node]
    ) -> dict[Value, _Ways]:
        """For every value of a body how it comes from where the values ahead of it do."""
        types, ways = dict(starts), dict(ahead)
        for node in nodes:
            read = tuple(types[value] for value in node.inputs)
            given = self._given(node.callee, read, [ways[value] for value in node.inputs])
            results = self._inference.results(node.callee, read)
            for port, type_, way in zip(node.results, results, given, strict=True):
                types[Value(node.name, port)] = type_
                ways[Value(node.name, port)] = way
        return ways

    def _given(self, callee: Op | Graph, inputs: tuple[TensorType, ...], before: Sequence[_Ways]) -> list[_Ways]:
        """The same for what a call gives; each output of a body has its own."""
        if isinstance(callee, Op):
            stride = callee.strides(inputs)
            return [_joined((way, stride) for way in before)] * len(callee.results())
        inside = self._body(callee, inputs)
        return [_joined((before[start], stride) for start, stride in each.items()) for each in inside]

    def _body(self, graph: Graph, inputs: tuple[TensorType, ...]) -> list[_Ways]:
        """The numbers of the inputs that each output of ``graph`` comes from."""
        if (graph, inputs) not in self._known:
            starts = {Value(name): type_ for name, type_ in zip(graph.inputs, inputs, strict=True)}
            ahead: dict[Value, _Ways] = {
                start: {number: _ones(type_)} for number, (start, type_) in enumerate(starts.items())
            }
            ways = self._ways(starts, ahead, graph.nodes)
            self._known[graph, inputs] = [ways[value] for _, value in graph.outputs]
        return self._known[graph, inputs]


def _joined(parts: Iterable[tuple[_Ways, Strides]]) -> _Ways:
    """Where several values meet that are reduced further: the most from each beginning."""
    found: dict[int, list[Strides]] = {}
    for ways, further in parts:
        for start, stride in ways.items():
            found.setdefault(start, []).append(_times(stride, further))
    return {start: _most(strides) for start, strides in found.items()}


def _ones(type_: TensorType) -> Strides:
    return (1,) * len(type_.spatial)


def _most(strides: Iterable[Strides]) -> Strides:
    return max(strides, key=lambda each: (len(each), each))


def _times(left: Strides, right: Strides) -> Strides:
    """One after the other; beyond what an axis may have, all strides are alike."""
    if len(left) != len(right):
        return max(left, right, key=len)
    return tuple(min(a * b, LARGEST) for a, b in zip(left, right, strict=True))
