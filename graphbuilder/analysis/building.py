"""Whether a module that was built for values of some types is the one that others need: what it is built with, its
weights, and what its ``forward`` is written with come to the same."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import NamedTuple

from graphbuilder.analysis.inference import Inference
from graphbuilder.ir import Composite, Copies, Graph, Op, TensorType
from graphbuilder.ir.fault import NOT_KNOWN, Fault

Types = tuple[TensorType, ...]
Spelling = Callable[[Op, Types], Op | Graph]


class Otherwise(NamedTuple):
    """An op that would be another, the names of the steps that lead to it, and whether its weights would be others."""

    path: tuple[str, ...]
    op: Op
    weights: bool


class Comparison:
    """Compares what is called on two lists of types; equal questions are asked once.

    Args:
        inference: what is known of bodies already.
        spelt: an op on types, a composite as its body.
        count: told of how many calls are looked at, before they are.
    """

    def __init__(self, inference: Inference, spelt: Spelling, count: Callable[[int], object] = int) -> None:
        self._inference, self._spelt, self._count = inference, spelt, count
        self._known: dict[Hashable, Otherwise | None] = {}

    def of(self, callee: Op | Graph, one: Types, other: Types) -> Otherwise | None:
        """The first op of ``callee`` that would be another on ``other`` than on ``one``.

        Raises:
            OpError: an op refuses its inputs.
        """
        if one == other:
            return None
        if isinstance(callee, Op):
            return _op(callee, one, other)
        key = (callee, one, other)
        if key not in self._known:
            self._known[key] = self._spelling(callee, one, other) or self._body(callee, one, other)
        return self._known[key]

    def _spelling(self, body: Graph, one: Types, other: Types) -> Otherwise | None:
        op = body.composite
        if not isinstance(op, Composite):
            return None
        there, here = (_structure(self._spelt(op, types)) for types in (one, other))
        return None if there == here else Otherwise((), op, weights=False)

    def _body(self, body: Graph, one: Types, other: Types) -> Otherwise | None:
        left, right = (self._inference.body(body, types) for types in (one, other))
        nodes = body.nodes
        # Copies that nobody wrote out are like the last that is, unless their sizes go on changing.
        if isinstance(nodes, Copies) and dict not in (type(left.types), type(right.types)):
            nodes = nodes.head
        self._count(len(nodes))
        for node in nodes:
            found = self.of(node.callee, left.inputs_of(node), right.inputs_of(node))
            if found is not None:
                return found._replace(path=(node.name, *found.path))
        return None


def _op(op: Op, one: Types, other: Types) -> Otherwise | None:
    if isinstance(op, Fault) or NOT_KNOWN in (*one, *other):  # is told already
        return None
    op.infer(other)  # refuses what the others take for granted
    if op.weights(one) != op.weights(other):
        return Otherwise((), op, weights=True)
    return None if op.lower(one) == op.lower(other) else Otherwise((), op, weights=False)


def _structure(callee: Op | Graph) -> object:
    """What makes a body, whatever object it is."""
    if isinstance(callee, Op):
        return callee
    return tuple((node.name, _structure(node.callee), node.inputs) for node in callee.nodes), callee.outputs
