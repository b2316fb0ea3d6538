"""Norms that need not be drawn: those behind every convolution of a kind, which one sentence says better than boxes.

The sentence is made only where it is true, and names the one exception where there is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.ir import Node, Op, Value

_FOLLOWED = ("convolution", "separable")


@dataclass
class _Habit:
    """What follows the convolutions of one title."""

    norms: set[str] = field(default_factory=set[str])
    followed: int = 0
    alone: list[str] = field(default_factory=list[str])

    @property
    def holds(self) -> bool:
        return len(self.norms) == 1 and len(self.alone) <= 1 and self.followed > 2 * len(self.alone)


class Norms:
    """What is true of the norms of a whole network."""

    def __init__(self, typed: TypedGraph) -> None:
        habits: dict[str, _Habit] = {}
        for path, body, node, op in _convolutions(typed, "", set()):
            habit = habits.setdefault(op.title, _Habit())
            norm = _norm_behind(node, body)
            if norm is None:
                habit.alone.append(path)
            else:
                habit.followed += 1
                habit.norms.add(norm.title)
        self._habits = {title: habit for title, habit in habits.items() if habit.holds}

    def folds(self, node: Node, body: TypedGraph) -> bool:
        """Whether ``node`` is a norm that the sentence covers."""
        if node.op is None or node.op.family != "normalisation":
            return False
        before = body.graph.by_name.get(node.inputs[0].node)
        if before is None or before.op is None or before.op.title not in self._habits:
            return False
        return before.op.family in _FOLLOWED and _norm_behind(before, body) is node.op

    def sentences(self) -> Iterator[str]:
        """``every Conv and SepConv is followed by BatchNorm``."""
        for norm in dict.fromkeys(norm for habit in self._habits.values() for norm in habit.norms):
            titles = [title for title, habit in self._habits.items() if norm in habit.norms]
            alone = [path for title in titles for path in self._habits[title].alone]
            but = f" but {' and '.join(alone)}" if alone else ""
            yield f"every {_listed(titles)}{but} is followed by {norm}"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _convolutions(typed: TypedGraph, prefix: str, seen: set[int]) -> Iterator[tuple[str, TypedGraph, Node, Op]]:
    """Every convolution that is drawn as one box, each distinct body once."""
    if id(typed) in seen:
        return
    seen.add(id(typed))
    for node in typed.graph.nodes:
        path, op = prefix + node.name, node.op
        if op is not None and op.family in _FOLLOWED:
            yield path, typed, node, op
        elif op is None:
            yield from _convolutions(typed.bodies[node.name], f"{path}.", seen)


def _norm_behind(node: Node, body: TypedGraph) -> Op | None:
    """The norm that is the one reader of ``node``."""
    value = Value(node.name, node.results[0])
    readers = body.graph.readers.get(value, ())
    if len(readers) != 1 or any(given == value for _, given in body.graph.outputs):
        return None
    op = body.graph.by_name[readers[0][0]].op
    return op if op is not None and op.family == "normalisation" else None
