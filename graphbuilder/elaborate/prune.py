"""Keeps the nodes that an output needs; the steps of the others are reported once all bodies are built."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from graphbuilder.diagnostics import Sink
from graphbuilder.diagnostics.catalogue.references import StepUnneeded
from graphbuilder.document import Place
from graphbuilder.ir import Node, Value


def _inherited(nodes: Sequence[Node]) -> Iterator[Node]:
    """``nodes``, the first of those that share the weights of a step left out being their owner instead."""
    owners = {node.name for node in nodes}
    heirs: dict[str, str] = {}
    for node in nodes:
        if node.module in owners:
            yield node
        else:
            yield replace(node, module=heirs.setdefault(node.module, node.name))


class Pruner:
    """Prunes bodies, and remembers which steps were needed in none of them."""

    def __init__(self) -> None:
        self._unneeded: dict[tuple[object, tuple[object, ...]], tuple[str, Place]] = {}
        self._needed: set[tuple[object, tuple[object, ...]]] = set()

    def prune(self, nodes: Sequence[Node], outputs: Iterable[Value]) -> tuple[Node, ...]:
        """The nodes that ``outputs`` depend on, in their order."""
        needed = {value.node for value in outputs}
        kept: list[Node] = []
        for node in reversed(nodes):
            if node.name in needed:
                kept.append(node)
                needed.update(value.node for value in node.inputs)
                self._note(node, needed=True)
            else:
                self._note(node, needed=False)
        return tuple(_inherited(kept[::-1]))

    def _note(self, node: Node, *, needed: bool) -> None:
        if node.place is None:
            return
        key = (node.place.document, node.place.keys)
        if needed:
            self._needed.add(key)
        else:
            self._unneeded[key] = (node.name, node.place)

    def report(self, sink: Sink) -> None:
        """Warn of each step that was left out of every body it stands in."""
        for key, (name, place) in self._unneeded.items():
            if key not in self._needed:
                message = f"no output needs `{name}`; it is not built"
                sink.add(StepUnneeded.at(place.span, message, help="name it in an output, or remove it"))
