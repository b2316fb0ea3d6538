"""Leaves out what copies of a repeat give and nobody reads, as where a step that is not built asked for it.

Copies one of which is read are drawn one by one, so this is seen.
"""

from __future__ import annotations

from dataclasses import replace

from graphbuilder.analysis.inference import TypedGraph, infer
from graphbuilder.ir import Copies, Graph, Node, Value


def without_unread(typed: TypedGraph) -> TypedGraph:
    """``typed``, no copy in it giving what nobody reads."""
    graph = _trimmed(typed.graph, {})
    return typed if graph is typed.graph else infer(graph, typed.inputs)


def _trimmed(graph: Graph, known: dict[tuple[Graph, tuple[str, ...]], Graph]) -> Graph:
    if isinstance(graph.nodes, Copies):
        return graph
    given = {value for _, value in graph.outputs}
    read = given.union(*(node.inputs for node in graph.nodes))
    nodes = tuple(_trimmed_call(node, read, known) for node in graph.nodes)
    changed = any(new is not old for new, old in zip(nodes, graph.nodes, strict=True))
    return replace(graph, nodes=nodes) if changed else graph


def _trimmed_call(node: Node, read: set[Value], known: dict[tuple[Graph, tuple[str, ...]], Graph]) -> Node:
    body = node.callee
    if not isinstance(body, Graph):
        return node
    kept = tuple(name for name, _ in body.outputs if Value(node.name, name) in read or not _is_copy(name, body))
    if (body, kept) not in known:
        whole = len(kept) in (0, len(body.outputs))
        outputs = tuple(each for each in body.outputs if each[0] in kept)
        known[body, kept] = _trimmed(body if whole else replace(body, outputs=outputs), known)
    found = known[body, kept]
    return node if found is body else replace(node, callee=found)


def _is_copy(name: str, body: Graph) -> bool:
    """Whether a repeat gives what one of its copies does under ``name``."""
    return body.kind == "repeat" and name.split(".", maxsplit=1)[0].isdecimal()
