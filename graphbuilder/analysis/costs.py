"""What a body costs: parameters, multiply-accumulates, activations. Each distinct body is counted once.

Costs are per sample, so nothing here knows a batch, a number format or a device.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple
from weakref import WeakKeyDictionary

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.ir import Copies, Graph, Node, Op, TensorType


class Costs(NamedTuple):
    """Counts of one body or call.

    Attributes:
        trainable: learnable elements, once for each owner however often it is called.
        non_trainable: elements of running statistics, once for each owner.
        executed: learnable elements once for each call, as tools count that hook every forward.
        macs: multiply-accumulates for one sample.
        activations: elements of the outputs of all ops for one sample.
    """

    trainable: int = 0
    non_trainable: int = 0
    executed: int = 0
    macs: int = 0
    activations: int = 0

    @property
    def unique(self) -> int:
        """Learnable elements that exist: ``trainable`` by another name, beside ``executed``."""
        return self.trainable

    @property
    def total(self) -> int:
        """Learnable elements and running statistics, as Keras counts."""
        return self.trainable + self.non_trainable

    def times(self, count: int) -> Costs:
        """The costs of ``count`` such calls."""
        return Costs(*(each * count for each in self))

    def again(self) -> Costs:
        """What a further call of the same weights costs."""
        return self._replace(trainable=0, non_trainable=0)


_KNOWN: WeakKeyDictionary[TypedGraph, Costs] = WeakKeyDictionary()


def costs(typed: TypedGraph) -> Costs:
    """The costs of a body with all that it calls, remembered for as long as the body lives."""
    known = _KNOWN.get(typed)
    if known is None:
        known = _KNOWN[typed] = _sum(typed)
    return known


def _sum(typed: TypedGraph) -> Costs:
    """Of copies that are all alike only those written out are worked out."""
    nodes = typed.graph.nodes
    if not isinstance(nodes, Copies):
        return sum_costs(_costs_by_node(typed, nodes).values())
    known = _costs_by_node(typed, nodes.head)
    return sum_costs([*known.values(), known[nodes.head[-1].name].times(nodes.beyond)])


def costs_by_node(typed: TypedGraph) -> dict[str, Costs]:
    """The costs of each call of a body by node name; calls of one owner carry its weights once, at the first."""
    return _costs_by_node(typed, typed.graph.nodes)


def _costs_by_node(typed: TypedGraph, nodes: Iterable[Node]) -> dict[str, Costs]:
    found: dict[str, Costs] = {}
    counted: set[str] = set()
    ops: dict[tuple[int, tuple[TensorType, ...]], Costs] = {}
    for node in nodes:
        call = _call(node, typed, ops)
        found[node.name] = call.again() if node.module in counted else call
        counted.add(node.module)
    return found


def sum_costs(each: Collection[Costs]) -> Costs:
    """The costs of all together."""
    return Costs(*map(sum, zip(*each, strict=True))) if each else Costs()


def op_costs(op: Op, inputs: tuple[TensorType, ...]) -> Costs:
    """The costs of one call of a primitive op."""
    weights = [weight for weight in op.weights(inputs) if weight.counted]
    trainable = sum(weight.size for weight in weights if weight.trainable)
    statistics = sum(weight.size for weight in weights if not weight.trainable)
    written = sum(output.elements for output in op.infer(inputs))
    return Costs(trainable, statistics, trainable, op.macs(inputs), written)


def _call(node: Node, typed: TypedGraph, ops: dict[tuple[int, tuple[TensorType, ...]], Costs]) -> Costs:
    """``ops`` remembers by the op object, which equal calls share: hashing one by value costs more than the sums."""
    if isinstance(node.callee, Graph):
        return costs(typed.bodies[node.name])
    key = (id(node.callee), typed.inputs_of(node))
    if key not in ops:
        ops[key] = op_costs(node.callee, key[1])
    return ops[key]
