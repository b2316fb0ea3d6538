r"""An activation that others' bodies begin with is done where its input is made: once, and in place.

x -> a [conv, norm] -> b [relu, conv, norm] -> y      =>      x -> a [conv, norm, relu] -> b [conv, norm] -> y
x -> conv -> relu -> left  --add -> y                         x -> conv -> relu -> left --add -> y
       \---> relu -> right -/                         =>                     \---> right -/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import chain, count

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.ir import Copies, Graph, Node, Op, Value
from graphbuilder.ops.activation import ReLU, ReLU6
from graphbuilder.passes.rewriting import MOST, Rewritten, calls_of, rewired, rewritten

# Their derivatives want their result alone, so that they may take the place of what they read.
_KINDS = (ReLU, ReLU6)


def hoist_activations(typed: TypedGraph) -> Rewritten:
    """With rectifiers at the end of what makes their input, where all that read it begin with the same.

    A module may not write to what it is given, so one that begins with an activation needs memory of its own for it;
    behind the layer that makes its input there is no such need. Where the value itself is read too, by a shortcut, say,
    the activation stays; and so does what is called more than once.
    """
    hoister = _Hoister()
    return Rewritten(rewritten(typed, lambda _, graph: hoister.hoisted(graph)))


class _Hoister:
    """Changes bodies; what becomes of a body that is called alike in several places stays one object."""

    def __init__(self) -> None:
        self._bare_body = cache(self._with_bare_start)
        self._calls_of = cache(calls_of)
        self._ended: dict[tuple[Graph, str, Op], Graph | None] = {}
        self._open: dict[Graph, tuple[Graph, str, Op]] = {}

    def hoisted(self, graph: Graph) -> Graph:
        if _is_long(graph) or graph.composite is not None:
            return graph
        for node in graph.nodes:
            for port in node.results if node.name in graph.by_name else ():
                graph = self._with_hoisted(graph, Value(node.name, port))
        return graph

    def _with_hoisted(self, graph: Graph, value: Value) -> Graph:
        """``graph`` with the activation that all readers of ``value`` begin with behind its maker."""
        op = self._wanted(graph, value)
        readers = [graph.by_name[name] for name, _ in graph.readers.get(value, ())]
        maker = graph.by_name[value.node]
        stands = len(readers) == 1 and isinstance(readers[0].callee, Op) and _is_one(maker)
        if op is None or stands:
            return graph
        ended = self._end(graph, maker, value.port, op)
        if ended is None:
            return graph
        (*_, last) = ended
        given = value if last.name == maker.name else Value(last.name)
        graph = self._without(graph, value, given)
        nodes = chain.from_iterable(ended if node.name == maker.name else (node,) for node in graph.nodes)
        return replace(graph, nodes=tuple(nodes))

    def _wanted(self, graph: Graph, value: Value) -> Op | None:
        """The activation that all which reads ``value`` in this body does first; None where there is none."""
        if _is_long(graph) or any(value == output for _, output in graph.outputs):
            return None
        found = set(self._wants(graph, value))
        return found.pop() if len(found) == 1 else None

    def _wants(self, graph: Graph, value: Value) -> Iterator[Op | None]:
        for name, number in graph.readers.get(value, ()):
            node = graph.by_name[name]
            is_free = self._is_called_once(graph, node) and not _is_copy(graph, node)
            yield self._first(node, number) if is_free else None

    def _first(self, node: Node, number: int) -> Op | None:
        """What a call does first with its input of that number, if that is an activation and not all that it does."""
        body = node.callee
        if isinstance(body, Op):
            return body if type(body) in _KINDS else None
        if _is_one(node) or len(body.nodes) < 2:
            return None
        return self._wanted(body, Value(body.inputs[number]))

    def _is_called_once(self, graph: Graph, node: Node) -> bool:
        return self._calls_of(graph)[node.module] == 1

    def _end(self, graph: Graph, maker: Node, port: str, op: Op) -> tuple[Node, ...] | None:
        """``maker`` with ``op`` behind its ``port``, in its own body or as one more node; None where neither can be."""
        if not self._is_called_once(graph, maker):
            return None
        if isinstance(maker.callee, Graph) and not _is_one(maker):
            body = self._ended_body(maker.callee, port, op)
            return body and (replace(maker, callee=body),)
        if graph.kind == "repeat" or len(maker.results) > 1:
            return None
        names = chain([f"{op.op}_out"], (f"{op.op}_out_{number}" for number in count(2)))
        name = next(each for each in names if each not in graph.by_name and each not in graph.inputs)
        return maker, Node(name, op, (Value(maker.name, port),), name)

    def _ended_body(self, graph: Graph, port: str, op: Op) -> Graph | None:
        key = (graph, port, op)
        if key not in self._ended:
            self._ended[key] = made = self._with_end(*key)
            if made is not None:
                self._open[made] = key
        return self._ended[key]

    def _with_end(self, graph: Graph, port: str, op: Op) -> Graph | None:
        value = dict(graph.outputs)[port]
        maker = graph.by_name.get(value.node)
        given = sum(value == output for _, output in graph.outputs)
        if _is_long(graph) or maker is None or given > 1 or value in graph.readers:
            return None
        ended = self._end(graph, maker, value.port, op)
        if ended is None:
            return None
        (*_, last) = ended
        result = value if last.name == maker.name else Value(last.name)
        nodes = chain.from_iterable(ended if node is maker else (node,) for node in graph.nodes)
        outputs = tuple((name, result if name == port else output) for name, output in graph.outputs)
        return replace(graph, nodes=tuple(nodes), outputs=outputs)

    def _without(self, graph: Graph, value: Value, given: Value) -> Graph:
        """``graph`` in which nothing that reads ``value`` begins with an activation; all that did read ``given``."""
        readers = {name for name, _ in graph.readers[value]}
        gone = {Value(name): given for name in readers if isinstance(graph.by_name[name].callee, Op)}
        kept = (node for node in graph.nodes if Value(node.name) not in gone)
        nodes = (self._bared(node, value, given) if node.name in readers else node for node in kept)
        return rewired(graph, tuple(nodes), gone)

    def _bared(self, node: Node, value: Value, given: Value) -> Node:
        body = node.callee
        assert isinstance(body, Graph)
        for port, read in zip(body.inputs, node.inputs, strict=True):
            body = self._bare_body(body, port) if read == value else body
        return replace(node, callee=body, inputs=tuple(given if each == value else each for each in node.inputs))

    def _with_bare_start(self, graph: Graph, port: str) -> Graph:
        if graph not in self._open:
            return self._without(graph, Value(port), Value(port))
        # The start before the end, always, so that both ways to one body lead to one object.
        body, result, op = self._open[graph]
        ended = self._ended_body(self._bare_body(body, port), result, op)
        assert ended is not None
        return ended


def _is_long(graph: Graph) -> bool:
    return isinstance(graph.nodes, Copies) and len(graph.nodes) > MOST


def _is_one(node: Node) -> bool:
    """Whether a call is of one op, with or without a body that spells it out."""
    return node.op is not None


def _is_copy(graph: Graph, node: Node) -> bool:
    """Whether it is an op that stands in a repeat, whose copies are known by their numbers."""
    return graph.kind == "repeat" and isinstance(node.callee, Op)
