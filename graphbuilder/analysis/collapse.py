"""Runs of equal copies in a repeat: what a table, a figure and a spec write as one entry with a count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import overload

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.ir import Copies, Graph, Node


@dataclass(frozen=True, slots=True)
class Run:
    """Adjacent calls that are equal: one body (or op) on the same types, with the same initialisers.

    Where they are only alike (see ``likeness``), ``others`` has the first of each equal stretch.
    """

    nodes: Sequence[Node]
    others: tuple[Node, ...] = ()

    @property
    def first(self) -> Node:
        return self.nodes[0]

    @property
    def kinds(self) -> tuple[Node, ...]:
        """One of each kind that is in it."""
        return self.others or (self.first,)

    @property
    def count(self) -> int:
        return len(self.nodes)

    @property
    def name(self) -> str:
        """``3``, or ``1-3`` for several."""
        return self.first.name if self.count == 1 else f"{self.first.name}-{self.nodes[-1].name}"

    def part(self, start: int, end: int) -> Run:
        """The copies from number ``start`` up to ``end``."""
        if (start, end) == (0, self.count):
            return self
        nodes = _Part(self.nodes, range(start, end))
        within = {node.name for node in nodes[1:]} if self.others else set[str]()
        others = (nodes[0], *(other for other in self.others if other.name in within)) if self.others else ()
        return Run(nodes, others)


def runs(typed: TypedGraph) -> tuple[Run, ...]:
    """The calls of a body in order, those of a repeat gathered where neighbours are equal; others stand alone."""
    nodes = typed.graph.nodes
    if typed.graph.kind != "repeat":
        return tuple(Run((node,)) for node in nodes)
    # Of copies that nobody wrote out, the types are not worked out one by one either.
    if isinstance(nodes, Copies) and type(typed.types) is not dict:
        *lengths, last = _lengths(nodes.head, typed)
        return tuple(cut(nodes, [*lengths, last + nodes.beyond]))
    return tuple(cut(nodes, _lengths(nodes, typed)))


def _lengths(nodes: Sequence[Node], typed: TypedGraph) -> Iterator[int]:
    calls = Counter(node.module for node in nodes)

    def look(node: Node) -> tuple[object, ...]:
        shared = node.module if calls[node.module] > 1 else None
        callee = typed.bodies[node.name] if isinstance(node.callee, Graph) else (typed.inputs_of(node), node.callee)
        return (callee, shared, node.init, node.title)

    return (sum(1 for _ in group) for _, group in groupby(nodes, look))


def cut(nodes: Sequence[Node], lengths: Iterable[int]) -> Iterator[Run]:
    """``nodes`` in runs of these lengths."""
    start = 0
    for length in lengths:
        yield Run(_Part(nodes, range(start, start + length)))
        start += length


class _Part(Sequence[Node]):
    """Some of the nodes of a sequence, made when they are asked for."""

    def __init__(self, nodes: Sequence[Node], indices: range) -> None:
        self._nodes, self._indices = nodes, indices

    def __len__(self) -> int:
        return len(self._indices)

    @overload
    def __getitem__(self, index: int) -> Node: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Node, ...]: ...
    def __getitem__(self, index: int | slice) -> Node | tuple[Node, ...]:
        if isinstance(index, slice):
            return tuple(self._nodes[each] for each in self._indices[index])
        return self._nodes[self._indices[index]]
