"""The form in which the language writes a block: steps, side paths, the node that joins them, what stands around."""

from __future__ import annotations

from typing import NamedTuple

from graphbuilder.ir import Graph, Node, Value

JOINS = ("add", "concat", "mul")


class Form(NamedTuple):
    """A block taken apart; each list in the order in which the spec has it.

    Attributes:
        before: the steps ahead of the fork; the last of them gives what the paths begin with.
        body: the steps up to the join, or all of them.
        branches: the named side paths, instead of a body.
        shortcut: the shortcut's own node; None without one, or where it is the identity.
        join: the node that joins; None where nothing is joined.
        after: the steps behind the join, or behind branches that are not joined.
    """

    before: tuple[Node, ...] = ()
    body: tuple[Node, ...] = ()
    branches: tuple[Node, ...] = ()
    shortcut: Node | None = None
    join: Node | None = None
    after: tuple[Node, ...] = ()


def form_of(graph: Graph) -> Form:
    """``graph`` as a block that gives exactly the same graph when it is read."""
    join = graph.by_name.get("merge")
    if join is None or not _joins_a_shortcut(join, graph):
        branches = tuple(filter(is_branch, graph.nodes))
        return _branched(graph, branches) if branches else Form(body=tuple(graph.nodes))
    at = graph.nodes.index(join)
    shortcut = graph.by_name.get("shortcut")
    main, side = _main_and_side(join)
    before = _ahead(side if shortcut is None else fork_of(shortcut), graph)
    body = tuple(node for node in graph.nodes[len(before) : at] if node is not shortcut)
    return Form(before, _with_last(body, main.node), (), shortcut, join, tuple(graph.nodes[at + 1 :]))


def is_branch(node: Node) -> bool:
    """Whether a node is a side path: a branch or a shortcut with steps."""
    return isinstance(node.callee, Graph) and node.callee.kind == "branch"


def fork_of(branch: Node) -> Value | None:
    """What a side path reads under the name ``before``."""
    assert isinstance(branch.callee, Graph)
    return dict(zip(branch.callee.inputs, branch.inputs, strict=True)).get("before")


def _ahead(fork: Value | None, graph: Graph) -> tuple[Node, ...]:
    """The nodes up to the one that gives ``fork``; none where the paths begin with an input."""
    last = graph.by_name.get(fork.node) if fork else None
    return tuple(graph.nodes[: graph.nodes.index(last) + 1]) if last else ()


def _branched(graph: Graph, branches: tuple[Node, ...]) -> Form:
    join = graph.by_name.get("merge")
    if join is not None and _is_plain_join(join) and sorted(_readable(branches)) == sorted(join.inputs):
        order = [value.node for value in join.inputs]
        branches = tuple(sorted(branches, key=lambda node: order.index(node.name)))
    else:
        join = None
    before = next(filter(None, (_ahead(fork_of(node), graph) for node in branches)), ())
    written = {node.name for node in (*before, *branches, *((join,) if join else ()))}
    after = tuple(node for node in graph.nodes if node.name not in written)
    return Form(before, (), branches, None, join, after)


def _readable(branches: tuple[Node, ...]) -> list[Value]:
    return [Value(node.name, node.results[0]) for node in branches]


def _joins_a_shortcut(join: Node, graph: Graph) -> bool:
    """Whether ``shortcut`` makes just this join: of the body with what it begins with, or with the node ``shortcut``.

    A body that passes its input through has no steps, and is written as a branch beside nothing.
    """
    if not _is_plain_join(join) or len(join.inputs) != 2 or graph.nodes[0] is join:
        return False
    if any(is_branch(node) and node.name != "shortcut" for node in graph.nodes):
        return False
    main, side = _main_and_side(join)
    shortcut = graph.by_name.get("shortcut")
    if shortcut is not None:
        fork = fork_of(shortcut) if is_branch(shortcut) else None
        return is_branch(shortcut) and side.node == "shortcut" and _is_behind(main, fork, graph)
    if side.node in graph.inputs:
        return graph.inputs == (side.node,) and main.node not in graph.inputs
    return _is_fork(side, graph) and _is_behind(main, side, graph)


def _is_fork(value: Value, graph: Graph) -> bool:
    """Whether steps ahead of a fork can give this value, under the name that it has then."""
    return graph.by_name[value.node].results == (value.port,) and "before" not in (*graph.inputs, *graph.by_name)


def _is_behind(main: Value, fork: Value | None, graph: Graph) -> bool:
    """Whether a step of a body that begins with ``fork`` gives ``main``."""
    return main.node not in graph.inputs and main.node not in {node.name for node in _ahead(fork, graph)}


def _main_and_side(join: Node) -> tuple[Value, Value]:
    """What comes from the body, and what from the shortcut, which a concatenation puts first."""
    main, side = join.inputs[::-1] if _op(join) == "concat" else join.inputs
    return main, side


def _is_plain_join(node: Node) -> bool:
    op = node.op
    return op is not None and op.op in JOINS and not op.model_fields_set and not node.init and node.owns


def _op(node: Node) -> str:
    assert node.op is not None
    return node.op.op


def _with_last(body: tuple[Node, ...], last: str) -> tuple[Node, ...]:
    """``body`` with the node that the join reads at its end; steps may be written in any order."""
    return tuple(sorted(body, key=lambda node: node.name == last))
