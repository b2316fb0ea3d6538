"""A graph as stable text: each distinct body once, in the order met, arguments where they are not an op's defaults.

For goldens and for eyes; nothing reads it back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graphbuilder.ir.graph import Graph, Node, Value
from graphbuilder.ir.op import Op


def write(graph: Graph) -> str:
    """``graph`` and every body below it. Bodies of one template are told apart by a number."""
    names = _names(graph)
    return "\n\n".join("\n".join(_lines(body, names)) for body in names) + "\n"


def _names(root: Graph) -> dict[Graph, str]:
    names: dict[Graph, str] = {}
    counts: dict[str, int] = {}
    stack = [root]
    while stack:
        body = stack.pop()
        if body in names:
            continue
        base = f"{body.kind} {body.template}"
        counts[base] = counts.get(base, 0) + 1
        names[body] = base if counts[base] == 1 else f"{base}#{counts[base]}"
        stack += [child for _, child in reversed(list(body.children()))]
    return names


def _lines(body: Graph, names: dict[Graph, str]) -> Iterator[str]:
    args = "".join(f" {name}={value!r}" for name, value in body.args.items())
    again = " run again in the backward pass" if body.recomputed else ""
    yield f"{names[body]}({', '.join(body.inputs)}){args}{again}"
    for run in _runs(body.nodes):
        yield "  " + _node(run, names)
    outputs = ", ".join(
        f"{name}={_value(value)}{' in training' if name in body.training else ''}" for name, value in body.outputs
    )
    yield f"  return {outputs}{' by name' if body.by_name_always else ''}"


def _runs(nodes: Sequence[Node]) -> Iterator[list[Node]]:
    """Equal calls one behind the other, as a repeat writes them, are one line."""
    run: list[Node] = []
    for node in nodes:
        if run and not _continues(run[-1], node):
            yield run
            run = []
        run.append(node)
    if run:
        yield run


def _continues(before: Node, node: Node) -> bool:
    return node.callee is before.callee and node.name.isdecimal() and node.inputs == (Value(before.name),)


def _node(run: list[Node], names: dict[Graph, str]) -> str:
    first, last = run[0], run[-1]
    name = first.name if first is last else f"{first.name}..{last.name}"
    shared = "" if last.owns else f" weights of {last.module}"
    return f"{name} = {_callee(first.callee, names)}({', '.join(map(_value, first.inputs))}){shared}"


def _callee(callee: Op | Graph, names: dict[Graph, str]) -> str:
    if isinstance(callee, Graph):
        return f"[{names[callee]}]"
    defaults = {name: field.default for name, field in type(callee).model_fields.items()}
    fields = " ".join(f"{name}={value!r}" for name, value in callee if value != defaults[name])
    return f"{callee.op}{{{fields}}}"


def _value(value: Value) -> str:
    return value.node if value.port == "out" else f"{value.node}.{value.port}"
