"""Every call of a primitive op that evaluation or training makes, one after the other, and who reads what it gives.

The tree is unrolled here and nowhere else: which kernel does what goes across the borders of blocks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.analysis.roofline.work import Work, work_of
from graphbuilder.ir import Graph, Node, Op, TensorType, Value
from graphbuilder.ops.join import Combination, Concat


class Call(NamedTuple):
    """One call of a primitive op.

    Attributes:
        path: its dotted path.
        op: what is called.
        work: what it reads, writes and computes.
        inputs: the numbers of the values that it reads.
        outputs: the numbers of those that it gives.
        region: the path of the innermost block around it that joins its ways and holds no other such block, or "".
    """

    path: str
    op: Op
    work: Work
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    region: str


class Flow(NamedTuple):
    """The calls of a network.

    Attributes:
        calls: in the order of the graph.
        elements: of every value by its number.
        readers: how often each value is read, by calls or as an output of the network.
        given: the numbers of the network's outputs.
    """

    calls: tuple[Call, ...]
    elements: tuple[int, ...]
    readers: Counter[int]
    given: tuple[int, ...]


def flow(typed: TypedGraph, *, training: bool = False) -> Flow:
    """What ``typed`` does in evaluation, or in the forward of training."""
    walk = _Walk(training)
    given = walk.body(typed, walk.new(typed.inputs), "", "")
    wanted = tuple(
        value
        for (name, _), value in zip(typed.graph.outputs, given, strict=True)
        if (training or name not in typed.graph.training) and value >= 0
    )
    readers = Counter(value for call in walk.calls for value in call.inputs)
    readers.update(wanted)
    return Flow(tuple(walk.calls), tuple(walk.elements), readers, wanted)


class _Walk:
    def __init__(self, training: bool) -> None:
        self._training = training
        self.calls: list[Call] = []
        self.elements: list[int] = []
        # By the op object, which equal calls share: hashing an op by value costs more than its work.
        self._works: dict[tuple[int, tuple[TensorType, ...]], Work] = {}
        self._joins: dict[Graph, bool] = {}

    def new(self, types: Iterable[TensorType]) -> tuple[int, ...]:
        """Numbers for values of these types."""
        first = len(self.elements)
        self.elements += [type_.elements for type_ in types]
        return tuple(range(first, len(self.elements)))

    def body(self, typed: TypedGraph, inputs: tuple[int, ...], path: str, region: str) -> tuple[int, ...]:
        """Walk a body; the numbers of what it gives, -1 for what evaluation does not make."""
        graph = typed.graph
        region = path.removesuffix(".") if self._is_region(graph) else region
        numbers = dict(zip(map(Value, graph.inputs), inputs, strict=True))
        for node in graph.nodes:
            if node.name in graph.auxiliary and not self._training:
                continue
            read = tuple(numbers[value] for value in node.inputs)
            given = self._call(typed, node, read, f"{path}{node.name}", region)
            numbers |= zip((Value(node.name, port) for port in node.results), given, strict=True)
        return tuple(numbers.get(value, -1) for _, value in graph.outputs)

    def _call(self, typed: TypedGraph, node: Node, read: tuple[int, ...], path: str, region: str) -> tuple[int, ...]:
        if isinstance(node.callee, Graph):
            return self.body(typed.bodies[node.name], read, f"{path}.", region)
        given = self.new(typed.outputs_of(node))
        self.calls.append(Call(path, node.callee, self._work(node.callee, typed.inputs_of(node)), read, given, region))
        return given

    def _work(self, op: Op, types: tuple[TensorType, ...]) -> Work:
        key = (id(op), types)
        if key not in self._works:
            self._works[key] = work_of(op, types)
        return self._works[key]

    def _is_region(self, graph: Graph) -> bool:
        """Whether a body joins ways at its own level, and none that it calls does."""
        return _joins(graph) and not any(map(self._joins_within, _bodies(graph)))

    def _joins_within(self, graph: Graph) -> bool:
        if graph not in self._joins:
            self._joins[graph] = _joins(graph) or any(map(self._joins_within, _bodies(graph)))
        return self._joins[graph]


def _bodies(graph: Graph) -> set[Graph]:
    return {body for _, body in graph.children()}


def _joins(graph: Graph) -> bool:
    joins = (isinstance(node.callee, Combination | Concat) and len(node.inputs) > 1 for node in graph.nodes)
    return graph.kind not in ("model", "composite") and any(joins)
