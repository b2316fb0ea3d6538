"""Copies that are one thing to a reader though no two of them are equal, and what they differ in.

Copies are alike where they differ in fractions that change neither a shape nor a weight (drop rates that grow with
depth) or in their initialisers. They may also be alike where each gives so many channels more than it reads (the layers
of a dense block). A whole number, a word, a title or another structure makes another thing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from itertools import groupby
from typing import NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from graphbuilder.analysis.collapse import Run, cut, runs
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.ir import Copies, Graph, Node, Op, TensorType

Look = tuple[object, ...]
Found = TypeVar("Found")
_LONGEST_TURN, _MOST_TURNS = 4, 1000
"""Between how many kinds copies alternate at most, and the most copies that are looked at for that."""


class Kind(NamedTuple):
    """One of several calls that are drawn or written as one, and the body in which it stands."""

    node: Node
    typed: TypedGraph

    @property
    def body(self) -> TypedGraph | None:
        """What is called, where that is a body."""
        return self.typed.bodies.get(self.node.name)


def _remembered(find: Callable[[TypedGraph, bool], Found]) -> Callable[[TypedGraph, bool], Found]:
    """``find``, its answers kept for as long as the body lives that they are of."""
    known: WeakKeyDictionary[TypedGraph, dict[bool, Found]] = WeakKeyDictionary()

    @wraps(find)
    def found(typed: TypedGraph, growing: bool) -> Found:
        answers = known.setdefault(typed, {})
        if growing not in answers:
            answers[growing] = find(typed, growing)
        return answers[growing]

    return found


def alike(typed: TypedGraph, growing: bool = False) -> tuple[Run, ...]:
    """``runs``, those of copies that are alike joined; ``growing`` says that copies may add channels each."""
    return _alike(typed, growing)


@_remembered
def _alike(typed: TypedGraph, growing: bool) -> tuple[Run, ...]:
    equal = runs(typed)
    if len(equal) == 1 or typed.graph.kind != "repeat":
        return equal
    groups = [list(group) for _, group in groupby(equal, lambda run: _copy(run.first, typed, growing))]
    whole = cut(typed.graph.nodes, (sum(run.count for run in group) for group in groups))
    return tuple(Run(run.nodes, tuple(each.first for each in group)) for run, group in zip(whole, groups, strict=True))


def side_by_side(typed: TypedGraph, least: int) -> tuple[Run, ...]:
    """The calls of a block in order, those of ``least`` neighbours or more joined that are alike and read the same."""
    found: list[Run] = []
    for _, group in groupby(typed.graph.nodes, lambda node: node.inputs):
        near = tuple(group)
        if len(near) < least:
            found += [Run((node,)) for node in near]
            continue
        for _, same in groupby(near, lambda node: _call(node, typed, growing=False)):
            copies = tuple(same)
            found += [Run(copies, copies)] if len(copies) >= least else [Run((node,)) for node in copies]
    return tuple(found)


def turns(typed: TypedGraph) -> tuple[Run, ...]:
    """The kinds of a repeat whose copies alternate between two to four of them, each as a run of all its copies."""
    nodes = typed.graph.nodes
    if typed.graph.kind != "repeat" or not 4 <= len(nodes) <= _MOST_TURNS:
        return ()
    looks = [_copy(node, typed, growing=True) for node in nodes]
    for period in range(2, min(_LONGEST_TURN, len(nodes) // 2) + 1):
        kinds = looks[:period]
        if len(set(kinds)) > 1 and len(nodes) % period == 0 and looks == kinds * (len(nodes) // period):
            return tuple(Run(tuple(nodes[kind::period]), tuple(nodes[kind::period])) for kind in range(period))
    return ()


def variants(run: Run, typed: TypedGraph, copies: Sequence[TypedGraph]) -> tuple[Kind, ...]:
    """The different calls that ``run`` stands for, where ``typed`` is the first of ``copies`` that are alike."""
    return tuple(Kind(body.graph.by_name[node.name], body) for body in copies or (typed,) for node in run.kinds)


def bodies(kinds: Sequence[Kind]) -> tuple[TypedGraph, ...]:
    """The different bodies that are called: several that are alike, or none where all are one."""
    found = tuple({id(kind.body): kind.body for kind in kinds if kind.body}.values())
    return found if len(found) > 1 else ()


def details(kinds: Sequence[Kind]) -> str:
    """What an op says of itself; of several the least and the most: ``0 to 0.1``."""
    words = list(dict.fromkeys(kind.node.op.detail(kind.typed.inputs_of(kind.node)) for kind in kinds if kind.node.op))
    if len(words) < 2:
        return "".join(words)
    try:
        numbers = sorted(map(float, words))
    except ValueError:
        return f"{words[0]} to {words[-1]}"
    return f"{numbers[0]:.2g} to {numbers[-1]:.2g}"


@_remembered
def _look(typed: TypedGraph, growing: bool) -> Look:
    """What copies have in common that are alike."""
    graph = typed.graph
    nodes = graph.nodes.head if isinstance(graph.nodes, Copies) else graph.nodes
    calls = tuple((node.name, node.inputs, _call(node, typed, growing)) for node in nodes)
    # A branch is called what its step is.
    name = "" if graph.kind == "branch" else graph.template
    return name, graph.kind, graph.outputs, len(graph.nodes), calls


def _copy(node: Node, typed: TypedGraph, growing: bool) -> Look:
    """What makes a copy: how many channels it adds, where that may be all in which it differs from the next."""
    steps = _steps(typed.inputs_of(node), typed.outputs_of(node)) if growing else ()
    return steps, *_call(node, typed, any(steps))


def _call(node: Node, typed: TypedGraph, growing: bool) -> Look:
    inputs, outputs = typed.inputs_of(node), typed.outputs_of(node)
    body = _look(typed.bodies[node.name], growing) if isinstance(node.callee, Graph) else ()
    types = tuple(_types((*inputs, *outputs), growing))
    return node.title, "" if node.owns else node.module, body, tuple(_op(node.op, inputs, growing)), types


def _steps(inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]) -> tuple[int, ...]:
    """How many channels each output has more than the first input; 0 where it has no more, or is of another size."""
    return tuple(
        max(0, output.channels - inputs[0].channels) if inputs and output.spatial == inputs[0].spatial else 0
        for output in outputs
    )


def _types(types: Sequence[TensorType], growing: bool) -> Iterator[object]:
    return ((type_.spatial, type_.layout) for type_ in types) if growing else iter(types)


def _op(op: Op | None, inputs: tuple[TensorType, ...], growing: bool) -> Iterator[object]:
    """An op but for its fractions, and the shapes of its weights, which a fraction may change."""
    if op is None:
        return
    yield type(op)
    yield tuple((name, value) for name, value in op if not isinstance(value, float))
    if not growing:
        yield tuple(weight.shape for weight in op.weights(inputs))
