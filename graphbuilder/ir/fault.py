"""What stands in a figure of a broken model where an op or a block should: it reads, and cannot run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from graphbuilder.ir.copies import Copies
from graphbuilder.ir.graph import Graph
from graphbuilder.ir.op import Family, Op
from graphbuilder.ir.types import TensorType

NOT_KNOWN = TensorType((0,))
"""The type of a value behind a mistake; no other has an axis without places."""


class Fault(Op):
    """A step that is wrong, or behind one that is. It is in no catalogue, so no spec can name it.

    Attributes:
        word: what should stand here.
        errors: what is wrong with it, each with its code; nothing where it only is behind what is wrong.
        nameless: whether it is a further step of an op that does not exist, which was told of the first.
        gives: its ports, and the types of what they give as far as they are known.
    """

    op: ClassVar[str] = "fault"
    family: ClassVar[Family] = "shape"
    title: ClassVar[str] = "fault"
    ports: ClassVar[tuple[str, ...]] = ()
    variadic: ClassVar[bool] = True

    word: str
    errors: tuple[str, ...] = ()
    nameless: bool = False
    gives: tuple[tuple[str, TensorType], ...] = (("out", NOT_KNOWN),)

    def results(self) -> tuple[str, ...]:
        return tuple(port for port, _ in self.gives)

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        return tuple(type_ for _, type_ in self.gives)


def faults(graph: Graph) -> Iterator[Fault]:
    """What is wrong in ``graph`` and in all that it calls, each distinct body once."""
    seen: set[Graph] = set()
    waiting = [graph]
    while waiting:
        body = waiting.pop()
        if body in seen:
            continue
        seen.add(body)
        for node in body.nodes.head if isinstance(body.nodes, Copies) else body.nodes:
            if isinstance(node.callee, Graph):
                waiting.append(node.callee)
            elif isinstance(node.callee, Fault) and node.callee.errors:
                yield node.callee
