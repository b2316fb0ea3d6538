r"""Convolutions of one kind that read one value become one, whose result is cut into theirs.

x -> left [conv 64, relu] ---concat -> y      =>      x -> conv 112 -> split -> left [relu] ---concat -> y
  \-> right [conv 48, conv] -/                                           \-> right [conv] ----/
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import chain, count
from typing import NamedTuple

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.ir import Copies, Graph, Node, Op, Value
from graphbuilder.ops.activation import Elementwise, PReLU
from graphbuilder.ops.convolution import Conv
from graphbuilder.ops.cutting import Split
from graphbuilder.passes.recipe import Stack
from graphbuilder.passes.rewriting import Rewritten, calls_of, rewired, rewritten

_NAME, _PARTS = "siblings", "parts"


def batch_siblings(typed: TypedGraph) -> Rewritten:
    """With one convolution for all that read the same value with the same window, be it at the head of blocks that are
    called beside each other: the value is read once.

    Their weights are stacked along the output channels, under a name of their own. Left as they are: convolutions in
    groups, and what is called more than once.
    """
    batcher = _Batcher()
    graph = rewritten(typed, lambda _, body: batcher.batched(body))
    return Rewritten(graph, stacks=batcher.spread(graph))


class _Member(NamedTuple):
    """A call, and the convolution that is the first thing it does with the value; ``path`` leads to it inside."""

    node: Node
    path: tuple[str, ...]
    conv: Conv


class _Batcher:
    """Changes bodies, and remembers what was stacked in each by names of its own."""

    def __init__(self) -> None:
        self._stacks: dict[Graph, tuple[Stack, ...]] = {}
        self._spread: dict[Graph, tuple[Stack, ...]] = {}
        self._bare_body = cache(self._with_bare_start)
        self._calls_of = cache(calls_of)

    def batched(self, graph: Graph) -> Graph:
        if graph.kind == "repeat" or graph.composite is not None:
            return graph
        made = self._batched_once(graph)
        # What was cut may be read by siblings in turn.
        return graph if made is graph else self.batched(made)

    def _batched_once(self, graph: Graph) -> Graph:
        for value in [value for value, readers in graph.readers.items() if len(readers) > 1]:
            for members in self._alike(graph, value):
                graph = self._with_one(graph, value, members)
        return graph

    def spread(self, graph: Graph) -> tuple[Stack, ...]:
        """What is stacked in ``graph`` and in all below it, by paths from it."""
        if graph not in self._spread:
            inner = [(node.name, body) for node, body in graph.children() if node.owns]
            below = [stack.below(name) for name, body in inner for stack in self.spread(body)]
            self._spread[graph] = (*self._stacks.get(graph, ()), *below)
        return self._spread[graph]

    def _alike(self, graph: Graph, value: Value) -> Sequence[Sequence[_Member]]:
        found: dict[Conv, list[_Member]] = defaultdict(list)
        for name, number in graph.readers.get(value, ()):
            if (member := self._member(graph, graph.by_name[name], number)) is not None:
                found[member.conv.model_copy(update={"out": 1})].append(member)
        return [members for members in found.values() if len(members) > 1]

    def _member(self, graph: Graph, node: Node, number: int) -> _Member | None:
        if self._calls_of(graph)[node.module] > 1 or len(set(node.inputs)) < len(node.inputs):
            return None
        body = node.callee
        if not isinstance(body, Graph):
            return _Member(node, (), body) if type(body) is Conv and body.groups == 1 else None
        value = Value(body.inputs[number])
        readers = body.readers.get(value, ())
        given = any(value == output for _, output in body.outputs)
        if body.composite is not None or isinstance(body.nodes, Copies) or given or len(readers) != 1:
            return None
        ((name, place),) = readers
        inner = self._member(body, body.by_name[name], place) if body.kind != "repeat" else None
        return inner and _Member(node, (name, *inner.path), inner.conv)

    def _with_one(self, graph: Graph, value: Value, members: Sequence[_Member]) -> Graph:
        name, parts = (_fresh(graph, title) for title in (_NAME, _PARTS))
        sizes = tuple(member.conv.out for member in members)
        conv = members[0].conv.model_copy(update={"out": sum(sizes)})
        nodes = Node(name, conv, (value,), name), Node(parts, Split(sizes=sizes), (Value(name),), parts)
        given = {member.node.name: Value(parts, str(number)) for number, member in enumerate(members)}
        changed = {member.node.name: self._without(member, value, given[member.node.name]) for member in members}
        gone = {Value(name, graph.by_name[name].results[0]): given[name] for name, node in changed.items() if not node}
        first = next(node.name for node in graph.nodes if node.name in changed)
        kept = chain.from_iterable(
            (*(nodes if node.name == first else ()), *filter(None, (changed.get(node.name, node),)))
            for node in graph.nodes
        )
        made = rewired(graph, tuple(kept), gone)
        layers = tuple(".".join((member.node.name, *member.path)) for member in members)
        self._stacks[made] = (*self._stacks.pop(graph, ()), Stack(name, layers, conv.bias))
        return made

    def _without(self, member: _Member, value: Value, given: Value) -> Node | None:
        """The call without its convolution, reading ``given``; None where that is all that it did."""
        if not isinstance(member.node.callee, Graph):
            return None
        port = member.node.callee.inputs[member.node.inputs.index(value)]
        body = self._bare_body(member.node.callee, port)
        inputs = tuple(given if each == value else each for each in member.node.inputs)
        return replace(member.node, callee=_called(body), inputs=inputs) if len(body.nodes) else None

    def _with_bare_start(self, graph: Graph, port: str) -> Graph:
        ((name, number),) = graph.readers[Value(port)]
        first = self._member(graph, graph.by_name[name], number)
        assert first is not None
        bare = self._without(first, Value(port), Value(port))
        nodes = (bare if node.name == name else node for node in graph.nodes)
        gone = {} if bare else {Value(name, first.node.results[0]): Value(port)}
        made = rewired(graph, tuple(filter(None, nodes)), gone)
        if graph in self._stacks:
            self._stacks[made] = self._stacks[graph]
        return made


def _called(body: Graph) -> Graph | Op:
    """What is left of a body; an activation is called as such, so that the block stays one of a kind elsewhere."""
    (first, *others) = body.nodes
    plain = isinstance(first.callee, Elementwise) and not isinstance(first.callee, PReLU)
    return first.callee if plain and not others and len(body.outputs) == 1 else body


def _fresh(graph: Graph, name: str) -> str:
    names = chain([name], (f"{name}_{number}" for number in count(2)))
    return next(each for each in names if each not in graph.by_name and each not in graph.inputs)
