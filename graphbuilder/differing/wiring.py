"""Who reads what, before and after: two steps read the same where what stands between was only added or removed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.ir import Graph, Node, Value

Said = tuple[str, object, object]


class _Source(NamedTuple):
    """Where a value comes from, in words that both bodies share, and whether what gives it has no partner."""

    words: tuple[str | int, ...]
    alone: bool


class Wiring:
    """The edges of two bodies; ``partners`` are the steps that are one, by their names before."""

    def __init__(self, before: TypedGraph, after: TypedGraph, partners: Mapping[str, str]) -> None:
        self._before, self._after, self._partners = before, after, partners
        self._kept = frozenset(partners.values())
        self._copies = "repeat" in (before.graph.kind, after.graph.kind)

    def reads(self, before: Node, after: Node) -> Iterator[Said]:
        """What a step reads otherwise. Copies of a repeat read as their repeat does."""
        if self._copies:
            return
        ours = [self._source(value, self._before) for value in before.inputs]
        theirs = [self._source(value, self._after) for value in after.inputs]
        if not _same(ours, theirs):
            yield "from", _names(before.inputs), _names(after.inputs)

    def outputs(self) -> Iterator[Said]:
        """What the body gives otherwise; that the last step is another one is told as that."""
        if self._copies:
            return
        graphs = self._before.graph, self._after.graph
        ours, theirs = (_outputs(graph, max(len(each.outputs) for each in graphs) == 1) for graph in graphs)
        for name in {**ours, **theirs}:
            if name not in ours or name not in theirs:
                yield f"outputs.{name}", _given(name, ours, graphs[0]), _given(name, theirs, graphs[1])
                continue
            value, other = ours[name], theirs[name]
            sources = self._source(value, self._before), self._source(other, self._after)
            implied = name in ("out", value.node, other.node) and (sources[0].alone or sources[1].alone)
            if sources[0].words != sources[1].words and not implied:
                yield f"outputs.{name}", value.node, other.node
        both = ours.keys() & theirs.keys()
        training = sorted(graphs[0].training & both), sorted(graphs[1].training & both)
        if training[0] != training[1]:
            yield "training", *training
        by_name = self._before.graph.by_name_always, self._after.graph.by_name_always
        if by_name[0] != by_name[1]:
            yield "by_name", *by_name

    def _source(self, value: Value, typed: TypedGraph) -> _Source:
        """Where ``value`` comes from, through whatever has no partner and by its first input."""
        graph, alone = typed.graph, False
        while value.node in graph.by_name:
            node = graph.by_name[value.node]
            if typed is self._before and node.name in self._partners:
                return _Source((self._partners[node.name], node.results.index(value.port)), alone)
            if typed is self._after and node.name in self._kept:
                return _Source((node.name, node.results.index(value.port)), alone)
            if not node.inputs:
                break
            value, alone = node.inputs[0], True
        return _Source(("", graph.inputs.index(value.node) if value.node in graph.inputs else -1), alone)


def _outputs(graph: Graph, lone: bool) -> dict[str, Value]:
    """The outputs by name; where both bodies give but one, that of a step has no name besides."""
    (name, value), *_ = graph.outputs
    return {"out": value} if lone and name == value.node else dict(graph.outputs)


def _given(name: str, outputs: Mapping[str, Value], graph: Graph) -> str | None:
    """The step that gives an output, and whether only in training; None where there is none."""
    if name not in outputs:
        return None
    return f"{outputs[name].node}{' in training' if name in graph.training else ''}"


def _same(ours: list[_Source], theirs: list[_Source]) -> bool:
    """Whether all values come from the same, or all but those of steps that have no partner."""
    if [each.words for each in ours] == [each.words for each in theirs]:
        return True
    return [each.words for each in ours if not each.alone] == [each.words for each in theirs if not each.alone]


def _names(values: tuple[Value, ...]) -> object:
    words = [value.node if value.port == "out" else f"{value.node}.{value.port}" for value in values]
    return words[0] if len(words) == 1 else words
