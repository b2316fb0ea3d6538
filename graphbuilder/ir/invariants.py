"""What every graph holds, whoever made it. Checked by tests and after each pass.

A breach is a fault of ours, never of a spec.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from graphbuilder.ir.graph import Graph, Node, Value


def breaches(graph: Graph) -> list[str]:
    """What is wrong with ``graph`` or a body below it, in words; empty for a sound one."""
    found: list[str] = []
    seen: set[Graph] = set()
    stack = [graph]
    while stack:
        body = stack.pop()
        if body in seen:
            continue
        seen.add(body)
        found += [f"{body.kind} {body.template}: {breach}" for breach in _of_body(body)]
        stack += [child for _, child in body.children()]
    return found


def _of_body(body: Graph) -> Iterator[str]:
    counts = Counter([*body.inputs, *(node.name for node in body.nodes)])
    yield from (f"the name {name} stands twice" for name, count in counts.items() if count > 1)
    known = {Value(name) for name in body.inputs}
    for node in body.nodes:
        yield from _of_node(node, body, known)
        known.update(Value(node.name, port) for port in node.results)
    for name, value in body.outputs:
        if value not in known:
            yield f"the output {name} names {value}, which nothing gives"
    names = [name for name, _ in body.outputs]
    if not body.outputs:
        yield "it gives nothing"
    elif body.training.symmetric_difference(names[len(names) - len(body.training) :]):
        yield "the outputs of training do not stand behind the others"
    elif body.training.issuperset(names):
        yield "it gives nothing in evaluation"


def _of_node(node: Node, body: Graph, known: set[Value]) -> Iterator[str]:
    for value in node.inputs:
        if value not in known:
            yield f"{node.name} reads {value}, which no earlier node gives"
    owner = body.by_name.get(node.module)
    if owner is None:
        yield f"{node.name} has the weights of {node.module}, which is no node here"
    elif owner.callee is not node.callee and owner.callee != node.callee:
        yield f"{node.name} has the weights of {node.module}, which calls something else"
    if isinstance(node.callee, Graph) and len(node.callee.inputs) != len(node.inputs):
        yield f"{node.name} gives {len(node.inputs)} values to a body of {len(node.callee.inputs)} inputs"
