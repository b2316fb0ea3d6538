r"""Blocks keep only what they read for the backward pass, in which they are run again.

x -> block [conv, norm, relu, conv, norm] -> y      =>      x -> block, run again [...] -> y
     five maps are kept                                          one map is kept
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace

from graphbuilder.analysis.collapse import runs
from graphbuilder.analysis.costs import costs
from graphbuilder.analysis.holding import Choice, given, held
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.ir import Copies, Graph, Node
from graphbuilder.passes.rewriting import Rewritten, mapped

HALVINGS = 16


def recompute(typed: TypedGraph) -> Rewritten:
    """With the outermost calls marked of the blocks that make no more than a bound wherever they are used.

    Of the bounds that halve all activations again and again, that one is taken with which least is held: what is kept,
    and what the largest marked call makes while it is run again (Chen et al. 2016, section 4). Steps outside of blocks
    keep what they make, and so do blocks that make nothing but what they give.
    """
    sizes = _sizes(typed)
    total = costs(typed).activations
    choices = [_at_most(total >> halvings, sizes) for halvings in range(1, HALVINGS + 1)]
    best = min(choices, key=lambda names: held(typed, _calls_of(names)).most)
    return Rewritten(_Marker(best).body(typed.graph))


def _sizes(root: TypedGraph) -> Mapping[str, int]:
    """The most elements that a block makes wherever it is used, by its name."""
    sizes: dict[str, int] = defaultdict(int)
    seen = {root}
    stack = [root]
    while stack:
        body = stack.pop()
        total = costs(body).activations
        if body.graph.kind == "block" and given(body) < total:
            sizes[body.graph.template] = max(sizes[body.graph.template], total)
        inner = {body.bodies[run.first.name] for run in runs(body) if run.first.name in body.bodies} - seen
        seen |= inner
        stack += inner
    return sizes


def _at_most(bound: int, sizes: Mapping[str, int]) -> Collection[str]:
    return frozenset(name for name, size in sizes.items() if size <= bound)


def _calls_of(names: Collection[str]) -> Choice:
    return lambda _, node: _is_of(node.callee, names)


def _is_of(callee: object, names: Collection[str]) -> bool:
    return isinstance(callee, Graph) and callee.kind == "block" and callee.template in names


class _Marker:
    """Marks calls of the blocks called ``names``, from the outermost in; equal bodies stay one object."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names
        self._known: dict[Graph, Graph] = {}

    def body(self, graph: Graph) -> Graph:
        nodes = mapped(graph.nodes, self._called)
        written = nodes.head if isinstance(nodes, Copies) else nodes
        is_same = all(new.callee is old.callee for new, old in zip(written, graph.nodes, strict=False))
        return graph if is_same else replace(graph, nodes=nodes)

    def _called(self, node: Node) -> Node:
        callee = node.callee
        if not isinstance(callee, Graph):
            return node
        if callee not in self._known:
            is_again = _is_of(callee, self._names)
            self._known[callee] = replace(callee, recomputed=True) if is_again else self.body(callee)
        return replace(node, callee=self._known[callee])
