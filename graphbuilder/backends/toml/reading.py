"""What steps read and give by the language's rules: when ``from`` can be left out, and how a path is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from graphbuilder.ir import Copies, Graph, Node, Op, Value

Signal = Mapping[str, Value]
From = str | list[str] | dict[str, str]
Look = tuple[object, ...]


class Ports(NamedTuple):
    """The inputs of a callee: their names, how many may be left out, or any number of them."""

    names: tuple[str, ...]
    optional: int = 0
    variadic: bool = False

    @property
    def required(self) -> int:
        return len(self.names) - self.optional


class Reader:
    """Knows of every body below ``root`` which outputs it declares, and which are only taken from inside it."""

    def __init__(self, root: Graph) -> None:
        # Readers that take unlike parts of equal bodies have one each, and all of these are written as one block.
        self._looks = _Looks()
        self._taken: dict[int, set[str]] = {}
        for graph in bodies(root):
            for child, ports in _ports_read(graph):
                look = self._looks.number(child)
                self._taken[look] = self._taken.get(look, ports) & ports

    def declared(self, callee: Op | Graph) -> tuple[str, ...]:
        """The names of a callee's own outputs."""
        if isinstance(callee, Op):
            return callee.results()
        taps = self.taps(callee)
        return tuple(name for name, _ in callee.outputs if name not in taps)

    def taps(self, graph: Graph) -> Mapping[str, str]:
        """The outputs that a path can reach without their being declared, and the node that each comes from."""
        inside = {
            name: value.node for name, value in graph.outputs if name in (value.node, f"{value.node}.{value.port}")
        }
        if graph.kind in ("repeat", "branch"):
            return inside
        if graph.kind == "model":
            return {}
        undeclared = any(name == "out" or name.isdecimal() for name, _ in graph.outputs)
        known = self._taken.get(self._looks.number(graph), set()) if undeclared else set[str]()
        return {name: node for name, node in inside.items() if name in known or "." in name}

    def signal(self, node: Node) -> Signal:
        """What a node gives to a step that names no port."""
        return {port: Value(node.name, port) for port in self.declared(node.callee)}

    def path(self, value: Value, graph: Graph) -> str:
        """How a body names one of its values."""
        node = graph.by_name.get(value.node)
        whole = node is None or self.declared(node.callee) == (value.port,)
        return value.node if whole else f"{value.node}.{value.port}"

    def source(self, node: Node, previous: Signal, graph: Graph) -> From | None:
        """The ``from`` of a step behind one that gives ``previous``; None where it goes without saying."""
        ports = ports_of(node)
        paths = [self.path(value, graph) for value in node.inputs]
        if ports.variadic:
            return None if _is_sole(node, previous) else paths
        if ports.required > 1:
            same_names = tuple(previous[name] for name in ports.names if name in previous)
            return None if same_names == node.inputs else dict(zip(ports.names, paths, strict=False))
        if _is_sole(node, previous):
            return None
        return paths[0] if len(paths) == 1 else dict(zip(ports.names, paths, strict=False))


class _Looks:
    """Numbers bodies, all that are written alike by one number."""

    def __init__(self) -> None:
        self._known: dict[Graph, int] = {}
        self._numbers: dict[Look, int] = {}

    def number(self, graph: Graph) -> int:
        if graph not in self._known:
            calls = tuple(map(self._call, written_out(graph)))
            look = (graph.kind, graph.template, graph.title, graph.inputs, graph.outputs, len(graph.nodes), calls)
            self._known[graph] = self._numbers.setdefault(look, len(self._numbers))
        return self._known[graph]

    def _call(self, node: Node) -> Look:
        # By their texts, since 1, 1.0 and true are equal and not written alike.
        callee = self.number(node.callee) if isinstance(node.callee, Graph) else repr(node.callee)
        return (node.name, node.inputs, node.module, node.title, repr(node.init), callee)


def bodies(root: Graph) -> Iterator[Graph]:
    """``root`` and every body below it, each once, in the order in which one who reads from the top meets them first:
    the same whether equal bodies are one or several."""
    seen: set[Graph] = set()
    pending = [root]
    while pending:
        graph = pending.pop()
        if graph in seen:
            continue
        seen.add(graph)
        yield graph
        children = dict.fromkeys(child for _, child in _children(graph) if child.kind != "composite")
        pending.extend(child for child in reversed(children) if child not in seen)


def ports_of(node: Node) -> Ports:
    """The inputs of what a step calls, of each copy where it is repeated."""
    op = node.op
    if op is not None:
        return Ports(op.ports, op.optional, op.variadic)
    assert isinstance(node.callee, Graph)
    return ports_of(node.callee.nodes[0]) if node.callee.kind == "repeat" else Ports(node.callee.inputs)


def _is_sole(node: Node, previous: Signal) -> bool:
    return len(previous) == 1 and node.inputs == tuple(previous.values())


def written_out(graph: Graph) -> Sequence[Node]:
    """The nodes of a body, as far as they differ from those before."""
    return graph.nodes.head if isinstance(graph.nodes, Copies) else graph.nodes


def _children(graph: Graph) -> Iterator[tuple[Node, Graph]]:
    return ((node, node.callee) for node in written_out(graph) if isinstance(node.callee, Graph))


def _ports_read(graph: Graph) -> Iterator[tuple[Graph, set[str]]]:
    """For each call of another body, the ports that this body reads of it, or of another call with its weights."""
    nodes = written_out(graph)
    stand_in = graph.nodes.stand_in if isinstance(graph.nodes, Copies) else str
    owners = {node.name: node.module for node in nodes}
    read: dict[str, set[str]] = {}
    for value in (*(value for node in nodes for value in node.inputs), *(value for _, value in graph.outputs)):
        read.setdefault(owners.get(stand_in(value.node), ""), set()).add(value.port)
    return ((child, read.get(node.module, set())) for node, child in _children(graph))
