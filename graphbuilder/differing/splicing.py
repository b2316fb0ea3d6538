"""How the steps that are gone are led into the graph of those that are: who reads what in a body of both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heapify, heappop, heappush
from itertools import chain

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.differing.bodies import Pair
from graphbuilder.ir import Node, Op, TensorType, Value

_GONE = " (removed)"


class Splice:
    """The edges of a body that holds the steps of two; ``parted`` says that they stand side by side, with no link."""

    def __init__(self, before: TypedGraph, after: TypedGraph, pairs: Sequence[Pair], parted: bool = False) -> None:
        self._before, self._after, self._parted = before, after, parted
        self._partners = dict(_partners(pairs))
        self._old = {new: old for old, new in self._partners.items()}
        self._gone = {node.name for node in before.graph.nodes if node.name not in self._partners}
        extra = tuple(name for name in before.graph.inputs if name not in after.graph.inputs)
        known = len(before.graph.inputs) > len(after.graph.inputs)
        self.inputs = (*after.graph.inputs, *(extra if known and after.graph.kind == "model" else ()))
        self._first: dict[str, Value] = {}
        self._reads: dict[str, tuple[Value, ...]] = {}
        self._passed: dict[str, list[tuple[Value, Value]]] = {}
        for node in after.graph.nodes:
            self._reads[node.name] = tuple(self._led(node))
        self._outputs = tuple(self._given())

    def name(self, name: str, gone: bool) -> str:
        """The name of a step here: what is gone may have that of another."""
        return f"{name}{_GONE}" if gone else name

    def input_types(self) -> Iterator[tuple[Value, TensorType]]:
        """The types of what both bodies read."""
        yield from (
            (Value(name), self._before.types[Value(name)]) for name in self.inputs if name in self._before.graph.inputs
        )
        yield from ((Value(name), self._after.types[Value(name)]) for name in self._after.graph.inputs)

    def own_types(self, name: str) -> tuple[TensorType, ...]:
        """What a step read in its own body."""
        typed, node = self._own(name)
        return typed.inputs_of(node)

    def reads(self, node: Node) -> tuple[Value, ...]:
        """What a step reads here."""
        if node.name in self._reads:
            return self._reads[node.name]
        _, own = self._own(node.name)
        first, *others = own.inputs or (Value(self.inputs[0]),)
        return (self._first.get(own.name) or self._here(first), *map(self._here, others))

    def passed(self, name: str) -> Iterator[tuple[Value, Value]]:
        """Of what a step ("": the outputs) reads of what is gone, the value that it reads otherwise, and that one."""
        return iter(self._passed.get(name, ()))

    def outputs(self) -> tuple[tuple[str, Value], ...]:
        """What the body gives."""
        return self._outputs

    def ordered(self, nodes: Sequence[Node]) -> list[Node]:
        """``nodes`` so that each stands behind what it reads; a circle that two orders make is cut at its first."""
        places = {node.name: number for number, node in enumerate(nodes)}
        waiting = {node.name: {v.node for v in self.reads(node) if v.node in places} for node in nodes}
        readers: dict[str, list[str]] = {}
        for name, read in waiting.items():
            for source in read:
                readers.setdefault(source, []).append(name)
        ready = [places[name] for name, read in waiting.items() if not read]
        heapify(ready)
        found: list[Node] = []
        while len(found) < len(nodes):
            if not ready:
                ready = [min(places[name] for name in waiting if waiting[name])]
                self._cut(nodes[ready[0]], waiting.pop(nodes[ready[0]].name))
            node = nodes[heappop(ready)]
            waiting.pop(node.name, None)
            found.append(node)
            for reader in readers.get(node.name, ()):
                if reader in waiting and node.name in waiting[reader]:
                    waiting[reader].remove(node.name)
                    if not waiting[reader]:
                        heappush(ready, places[reader])
        return found

    def _cut(self, node: Node, missing: set[str]) -> None:
        """Let a step read an input of the body in place of what cannot stand before it."""
        kept = tuple(Value(self.inputs[0]) if value.node in missing else value for value in self.reads(node))
        self._reads[node.name] = kept

    def _own(self, name: str) -> tuple[TypedGraph, Node]:
        typed = self._before if name.endswith(_GONE) else self._after
        return typed, typed.graph.by_name[name.removesuffix(_GONE)]

    def _here(self, value: Value) -> Value:
        """A value of the first body as it is called here."""
        if value.node in self._gone:
            return Value(f"{value.node}{_GONE}", value.port)
        if value.node in self._partners:
            node = self._after.graph.by_name[self._partners[value.node]]
            return Value(node.name, value.port if value.port in node.results else node.results[0])
        if value.node in self.inputs:
            return value
        number = self._before.graph.inputs.index(value.node)
        return Value(self.inputs[min(number, len(self.inputs) - 1)])

    def _led(self, node: Node) -> Iterator[Value]:
        """What a step reads: what it does, by way of what is gone from before it; a join reads both."""
        old = self._before.graph.by_name.get(self._old.get(node.name, ""))
        if old is None:
            yield from node.inputs
            return
        taken: dict[Value, Value] = {}
        for number, value in enumerate(node.inputs):
            was = old.inputs[number] if number < len(old.inputs) else None
            by_way = self._by_way(value, was, node.name)
            taken.update({was: value} if was is not None and by_way is not value else {})
            yield by_way
        if isinstance(node.callee, Op) and node.callee.variadic:
            yield from (self._here(was) for was in old.inputs if was.node in self._gone and was not in taken)
            yield from taken.values()

    def _given(self) -> Iterator[tuple[str, Value]]:
        old = dict(self._before.graph.outputs)
        if self._parted:
            yield from self._after.graph.outputs
            yield from ((self.name(name, gone=True), self._here(value)) for name, value in old.items())
            return
        for name, value in self._after.graph.outputs:
            was = old.get(name) or (self._before.graph.outputs[0][1] if len(old) == 1 else None)
            yield name, self._by_way(value, was, "")

    def _by_way(self, value: Value, was: Value | None, reader: str) -> Value:
        """``value``, or what was read in its place where that is gone and comes of the same."""
        if was is None or was.node not in self._gone or self._parted:
            return value
        source, first = was, ""
        while source.node in self._gone:
            first = source.node
            inputs = self._before.graph.by_name[first].inputs
            if not inputs:
                return value
            source = inputs[0]
        if self._origin(value) != self._here(source).node or self._first.get(first, value) != value:
            return value
        self._first[first] = value
        here = self._here(was)
        self._passed.setdefault(reader, []).append((value, here))
        return here

    def _origin(self, value: Value) -> str:
        """What a value comes of, but for what was added."""
        while value.node in self._after.graph.by_name and value.node not in self._old:
            inputs = self._after.graph.by_name[value.node].inputs
            if not inputs:
                break
            value = inputs[0]
        return value.node


def _partners(pairs: Sequence[Pair]) -> Iterator[tuple[str, str]]:
    """Which copies are one, by their names before and after; further ones of the first are its last."""
    for pair in pairs:
        if pair.before is not None and pair.after is not None:
            ours, theirs = pair.before.run.nodes, pair.after.run.nodes
            last = theirs[len(theirs) - 1]
            beyond = (last for _ in range(len(ours) - len(theirs)))
            yield from ((old.name, new.name) for old, new in zip(ours, chain(theirs, beyond), strict=False))
