"""Keeps the nodes that an output needs; the steps of the others are reported once all bodies are built."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from graphbuilder.diagnostics import Diagnostic, Sink
from graphbuilder.diagnostics.catalogue.references import StepUnneeded
from graphbuilder.document import Place
from graphbuilder.elaborate.living import heirs
from graphbuilder.ir import Node, Value


def _inherited(nodes: Sequence[Node]) -> Iterator[Node]:
    """``nodes``, the first of those that share the weights of a step left out being their owner instead."""
    new = heirs([(node.name, node.module) for node in nodes])
    for node in nodes:
        yield replace(node, module=new[node.module]) if node.module in new else node


class Pruner:
    """Prunes bodies, and remembers which steps were needed in none of them."""

    def __init__(self) -> None:
        self._unneeded: dict[Place, str] = {}
        self._needed: set[Place] = set()

    def prune(self, nodes: Sequence[Node], outputs: Iterable[Value], *, copies: bool = False) -> tuple[Node, ...]:
        """The nodes that ``outputs`` depend on, in their order.

        Args:
            copies: whether they are copies of one step, which is needed or not by what reads their body.
        """
        needed = {value.node for value in outputs}
        kept: list[Node] = []
        for node in reversed(nodes):
            if node.name in needed:
                kept.append(node)
                needed.update(value.node for value in node.inputs)
        if not copies:
            self._note(nodes, needed)
        return tuple(_inherited(kept[::-1]))

    def _note(self, nodes: Sequence[Node], needed: Collection[str]) -> None:
        for node in reversed(nodes):
            if node.place is not None and node.name in needed:
                self._needed.add(node.place)
            elif node.place is not None:
                self._unneeded[node.place] = node.name

    def keep(self, place: Place) -> None:
        """Know of a step that is left out somewhere, and passes on what it reads, that it is not to be taken away."""
        self._needed.add(place)

    @property
    def unneeded(self) -> frozenset[Place]:
        """Where the steps stand that were left out of every body they stand in."""
        return frozenset(self._unneeded.keys() - self._needed)

    def report(self, sink: Sink) -> None:
        """Warn of each of these steps."""
        for place, name in self._unneeded.items():
            if place not in self._needed:
                sink.warn(StepUnneeded, place.keys, partial(_unneeded, place, name))


def _unneeded(place: Place, name: str) -> Diagnostic:
    message = f"no output needs `{name}`; it is not built"
    return StepUnneeded.at(place.span, message, help="name it in an output, or remove it")
