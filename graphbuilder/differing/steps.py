"""What is matched: a step of a body, or equal copies of one, and a number that is the same for what is the same.

Costs, types and places are no part of that number: they follow from what is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from graphbuilder.analysis.collapse import Run, cut, runs
from graphbuilder.analysis.costs import Costs, call_costs, sum_costs
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.analysis.likeness import Kind, alike, bodies, details, variants
from graphbuilder.ir import Copies, Graph, Node, Op

_MOST_COMPARED = 64
"""The most copies of one run whose bodies are compared one by one."""


@dataclass(frozen=True, eq=False)
class Step:
    """A call, or equal copies of it, in the body ``typed``.

    Attributes:
        copies: where the body stands for several that are alike, each of them.
        token: equal for what is equal, in both networks.
    """

    run: Run
    typed: TypedGraph
    copies: tuple[TypedGraph, ...]
    token: int

    @property
    def node(self) -> Node:
        return self.run.first

    @property
    def name(self) -> str:
        """``conv``, or ``1-3`` for several copies."""
        return self.run.name

    @property
    def given(self) -> str:
        """The name that a person gave it, or ""."""
        return given_name(self.node)

    @property
    def op(self) -> Op | None:
        return self.node.op

    @property
    def label(self) -> str:
        """What it is: an op's name, or a block's."""
        return label(self.node)

    @property
    def body(self) -> TypedGraph | None:
        """The body that it calls, where it is no op; the first of several that are alike."""
        return None if self.op else self.typed.bodies[self.node.name]

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        """The different calls that it stands for."""
        return variants(self.run, self.typed, self.copies)[:_MOST_COMPARED]

    @property
    def alternatives(self) -> tuple[TypedGraph, ...]:
        """The different bodies that it calls: several that are alike, or none."""
        return bodies(self.kinds)

    @property
    def detail(self) -> str:
        """The few characters that tell it from another of its op."""
        return details(self.kinds)

    @cached_property
    def weighed(self) -> tuple[int, ...]:
        """The elements of its weights, in each different call."""
        return tuple(_cost(kind.node, kind.typed).total for kind in self.kinds)

    @cached_property
    def costs(self) -> Costs:
        """What all its copies cost together, in one copy of the body that they stand in."""
        nodes, typed = self.run.nodes, self.typed
        if self.run.others:
            together = sum_costs([_cost(node, typed) for node in nodes])
        else:
            together = sum_costs([_cost(self.node, typed), _cost(nodes[-1], typed).times(len(nodes) - 1)])
        return together.unrun() if self.node.name in typed.graph.auxiliary else together


class Tokens:
    """Numbers for what two networks are made of; one instance serves one comparison of them."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._bodies: dict[Graph, int] = {}
        self._ops: dict[int, int] = {}

    def steps(self, typed: TypedGraph, copies: tuple[TypedGraph, ...], exact: bool) -> list[Step]:
        """The calls of a body; copies that are equal, or unless ``exact`` only alike, are one."""
        found = runs(typed) if exact else alike(typed, growing=True)
        return [Step(run, typed, copies, self._node(run.first)) for run in found]

    def body(self, graph: Graph) -> int:
        """A number for a body with all that it calls."""
        if graph not in self._bodies:
            self._bodies[graph] = self._number(tuple(self._body(graph)))
        return self._bodies[graph]

    def _body(self, graph: Graph) -> Iterator[Hashable]:
        nodes = graph.nodes.head if isinstance(graph.nodes, Copies) else graph.nodes
        places = {name: number for number, name in enumerate((*graph.inputs, *(node.name for node in nodes)))}
        yield (
            graph.kind,
            graph.template,
            len(graph.inputs),
            len(graph.nodes),
            graph.composite and self._op(graph.composite),
        )
        for node in nodes:
            read = tuple((places[value.node], value.port) for value in node.inputs)
            yield self._node(node), read, places[node.module]
        yield tuple((name, places.get(value.node), value.port, name in graph.training) for name, value in graph.outputs)
        yield graph.by_name_always

    def _node(self, node: Node) -> int:
        callee = self._op(node.callee) if isinstance(node.callee, Op) else self.body(node.callee)
        return self._number((given_name(node), isinstance(node.callee, Op), callee, tuple(sorted(node.init.items()))))

    def _op(self, op: Op) -> int:
        """The networks keep their ops alive, so that an op's identity stays its own."""
        if id(op) not in self._ops:
            self._ops[id(op)] = self._number((type(op), *op))
        return self._ops[id(op)]

    def _number(self, key: Hashable) -> int:
        return self._numbers.setdefault(key, len(self._numbers))


def label(node: Node) -> str:
    """What a node calls: an op's name, or a block's."""
    return node.op.op if node.op else node.callee.template if isinstance(node.callee, Graph) else ""


def given_name(node: Node) -> str:
    """The name that a person gave a step, or "" for one that was counted (``conv_2``, copy ``3``)."""
    if node.name.isdecimal():
        return ""
    if isinstance(node.callee, Graph) and node.callee.kind == "branch":
        return node.name
    base = label(node)
    rest = node.name.removeprefix(base)
    counted = node.name.startswith(base) and (not rest or (rest[0] == "_" and rest[1:].isdecimal()))
    return "" if counted else node.name


def cut_alike(before: Sequence[Step], after: Sequence[Step]) -> tuple[list[Step], list[Step]]:
    """The runs of two repeats of one length, cut at the same copies."""
    ends = {*accumulate(step.run.count for step in before), *accumulate(step.run.count for step in after)}
    return _cut(before, sorted(ends)), _cut(after, sorted(ends))


def _cut(steps: Sequence[Step], ends: Sequence[int]) -> list[Step]:
    found: list[Step] = []
    start = 0
    for step in steps:
        inner = [end - start for end in ends if start < end <= start + step.run.count]
        lengths = [end - begin for begin, end in zip([0, *inner], inner, strict=False)]
        others = {node.name for node in step.run.others}
        for run in cut(step.run.nodes, lengths):
            kinds = tuple(node for node in run.nodes if node.name in others) if others else ()
            kinds = kinds if not others or (kinds and kinds[0] is run.first) else (run.first, *kinds)
            found.append(Step(Run(run.nodes, kinds if len(kinds) > 1 else ()), step.typed, step.copies, step.token))
        start += step.run.count
    return found


def ops_inside(graph: Graph, known: dict[Graph, Counter[str]]) -> Counter[str]:
    """How often each op is called in a body and all below it."""
    if graph not in known:
        counts: Counter[str] = Counter()
        for node, times in _weighted(graph):
            if node.op:
                counts[node.op.op] += times
            elif isinstance(node.callee, Graph):
                for op, inner in ops_inside(node.callee, known).items():
                    counts[op] += inner * times
        known[graph] = counts
    return known[graph]


def _weighted(graph: Graph) -> Iterator[tuple[Node, int]]:
    """The nodes of a body, and for how many each stands."""
    if not isinstance(graph.nodes, Copies):
        yield from ((node, 1) for node in graph.nodes)
        return
    *rest, last = graph.nodes.head
    yield from ((node, 1) for node in rest)
    yield last, 1 + graph.nodes.beyond


def _cost(node: Node, typed: TypedGraph) -> Costs:
    found = call_costs(node, typed)
    return found if node.owns else found.again()
