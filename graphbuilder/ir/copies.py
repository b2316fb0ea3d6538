"""The nodes of a long repeat: written out as far as its copies differ, the rest made when somebody asks for them.

A hundred thousand equal copies thus cost what three do, until something has to be written out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from graphbuilder.ir.graph import Node


class Copies(Sequence["Node"]):
    """Nodes "0" to ``count - 1``, of which ``head`` is written out; every further one is like the last of ``head``.

    The last of ``head`` reads the one before it, and so does each further copy. Two nodes at least are written out,
    since the first of a repeat reads the repeat's inputs.
    """

    def __init__(self, head: tuple[Node, ...], count: int) -> None:
        assert 2 <= len(head) <= count
        self.head = head
        self._count = count
        self._made: dict[int, Node] = {}

    @property
    def beyond(self) -> int:
        """How many copies stand behind those written out."""
        return self._count - len(self.head)

    def stand_in(self, name: str) -> str:
        """The node written out that a node of this name is like."""
        last = len(self.head) - 1
        return str(last) if name.isdecimal() and last < int(name) < self._count else name

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Node]:
        yield from self.head
        for index in range(len(self.head), self._count):
            yield self._copy(index)

    @overload
    def __getitem__(self, index: int) -> Node: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Node, ...]: ...
    def __getitem__(self, index: int | slice) -> Node | tuple[Node, ...]:
        if isinstance(index, slice):
            return tuple(self[each] for each in range(self._count)[index])
        at = range(self._count)[index]
        return self.head[at] if at < len(self.head) else self._copy(at)

    def _copy(self, index: int) -> Node:
        if index not in self._made:
            self._made[index] = self._written(index)
        return self._made[index]

    def _written(self, index: int) -> Node:
        last = self.head[-1]
        before = self.head[-2].name
        inputs = tuple(value._replace(node=str(index - 1)) if value.node == before else value for value in last.inputs)
        return replace(last, name=str(index), inputs=inputs, module=str(index) if last.owns else last.module)


class ByName(Mapping[str, "Node"]):
    """The nodes of copies by their names."""

    def __init__(self, nodes: Copies) -> None:
        self._nodes = nodes
        self._head = {node.name: node for node in nodes.head}

    def __getitem__(self, name: str) -> Node:
        if name in self._head:
            return self._head[name]
        if self._nodes.stand_in(name) == name:
            raise KeyError(name)
        return self._nodes[int(name)]

    def __len__(self) -> int:
        return len(self._nodes)

    def __iter__(self) -> Iterator[str]:
        return (node.name for node in self._nodes)
