"""What a body costs: parameters, multiply-accumulates, activations. Each distinct body is counted once.

Costs are per sample, so nothing here knows a batch, a number format or a device.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple
from weakref import WeakKeyDictionary

from graphbuilder.analysis.collapse import Run, runs
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.ir import Graph, Node, Op, TensorType


class Costs(NamedTuple):
    """Counts of one body or call, in evaluation: what runs in training only is counted for its weights alone.

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

    def parameters(self) -> dict[str, int]:
        """Every count of parameters under its name in JSON."""
        names = ("total", "trainable", "non_trainable", "unique", "executed")
        return {name: getattr(self, name) for name in names}

    def times(self, count: int) -> Costs:
        """The costs of ``count`` such calls."""
        return Costs(*(each * count for each in self))

    def again(self) -> Costs:
        """What a further call of the same weights costs."""
        return self._replace(trainable=0, non_trainable=0)

    def unrun(self) -> Costs:
        """What a call costs that evaluation leaves out."""
        return Costs(self.trainable, self.non_trainable)


_KNOWN: WeakKeyDictionary[TypedGraph, Costs] = WeakKeyDictionary()
_CALLS: WeakKeyDictionary[TypedGraph, dict[tuple[int, tuple[TensorType, ...]], Costs]] = WeakKeyDictionary()
"""Of each body, what its ops cost, by the op object, which equal calls share, and its input types.

Hashing an op by value costs more than the sums.
"""


def costs(typed: TypedGraph) -> Costs:
    """The costs of a body with all that it calls, remembered for as long as the body lives."""
    known = _KNOWN.get(typed)
    if known is None:
        known = _KNOWN[typed] = sum_costs([cost for _, cost in costs_by_run(typed)])
    return known


def call_costs(node: Node, typed: TypedGraph) -> Costs:
    """The costs of one call in a body, remembered for as long as the body lives."""
    if isinstance(node.callee, Graph):
        return costs(typed.bodies[node.name])
    known = _CALLS.setdefault(typed, {})
    key = (id(node.callee), typed.inputs_of(node))
    if key not in known:
        known[key] = _op_costs(node.callee, key[1], typed.outputs_of(node))
    return known[key]


def costs_by_run(typed: TypedGraph) -> Iterator[tuple[Run, Costs]]:
    """The calls of a body with what they cost together; calls of one owner carry its weights once, at the first."""
    counted: set[str] = set()
    for run in runs(typed):
        first, count = run.first, run.count
        call = call_costs(first, typed)
        together = call.again() if first.module in counted else call
        if count > 1:
            further = call if run.nodes[-1].owns else call.again()
            together = sum_costs([together, further.times(count - 1)])
        counted.add(first.module)
        yield run, together.unrun() if first.name in typed.graph.auxiliary else together


def auxiliary_parameters(typed: TypedGraph) -> int:
    """The learnable elements that only outputs of training need."""
    auxiliary = typed.graph.auxiliary
    if not auxiliary:
        return 0
    run = {node.module for node in typed.graph.nodes if node.name not in auxiliary}
    found = [(each.first, cost) for each, cost in costs_by_run(typed) if each.first.name in auxiliary]
    return sum(cost.trainable for node, cost in found if node.module not in run)


def sum_costs(each: Collection[Costs]) -> Costs:
    """The costs of all together."""
    return Costs(*map(sum, zip(*each, strict=True))) if each else Costs()


def _op_costs(op: Op, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]) -> Costs:
    """The costs of one call of a primitive op."""
    weights = [weight for weight in op.weights(inputs) if weight.counted]
    trainable = sum(weight.size for weight in weights if weight.trainable)
    statistics = sum(weight.size for weight in weights if not weight.trainable)
    written = sum(output.elements for output in outputs)
    return Costs(trainable, statistics, trainable, op.macs(inputs), written)
