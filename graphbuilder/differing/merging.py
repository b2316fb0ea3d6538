"""One graph that holds the steps of two networks, for a figure: as the second is, with what is gone where it stood.

What was removed from between two steps stands between them again, so that a chain stays a chain. The graph is made to
be drawn: no module comes of it, and its costs are those of neither network.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from graphbuilder.analysis.costs import Costs, costs
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.read.marks import Mark, Marks
from graphbuilder.differing.bodies import Change, Comparing, Matched, Pair
from graphbuilder.differing.report import shown
from graphbuilder.differing.splicing import Splice
from graphbuilder.differing.stand_ins import stand_in
from graphbuilder.ir import Node, Op, TensorType, Value

if TYPE_CHECKING:
    from graphbuilder.differing.report import Differences

_LONGEST = 3
"""The most changes of one step that are written on it."""


def merged(differences: Differences) -> Marks:
    """Both networks in one graph, and what is said of its steps."""
    merger = Merger()
    before = differences.before.typed
    matched = Comparing(exact=True).networks(differences.before.network, differences.after.network)
    root = merger.body(matched) if differences.alike else merger.beside(matched)
    ours = dict(zip(before.graph.inputs, before.inputs, strict=True))
    return Marks(root, merger.marks, tuple(_facts(differences)), ours)


class Merger:
    """Merges bodies, each two once; ``marks`` is then what is said of their steps."""

    def __init__(self) -> None:
        self._known: dict[Matched, TypedGraph] = {}
        self._apart: dict[tuple[TypedGraph, str], TypedGraph] = {}
        self.marks: dict[TypedGraph, dict[str, Mark]] = {}

    def body(self, matched: Matched) -> TypedGraph:
        """Two bodies as one; where nothing differs it is the second."""
        if not matched.differs and not _is_reshaped(matched):
            return matched.after
        if matched not in self._known:
            body, marks = _Body(self, matched.before, matched.after, matched.pairs).merge()
            self._known[matched] = body
            self.marks[body] = marks
        return self._known[matched]

    def beside(self, matched: Matched) -> TypedGraph:
        """Two bodies side by side: all of the first is gone, and all of the second is new."""
        gone = (replace(pair, after=None, inner=None) for pair in matched.pairs if pair.before)
        new = (replace(pair, before=None, inner=None) for pair in matched.pairs if pair.after)
        body, marks = _Body(self, matched.before, matched.after, (*gone, *new), parted=True).merge()
        self.marks[body] = marks
        return body

    def apart(self, body: TypedGraph, kind: str) -> TypedGraph:
        """``body`` as another block, so that a copy to which something happened is drawn as no other."""
        if not kind or body.graph.kind != "block":
            return body
        if (body, kind) not in self._apart:
            graph = replace(body.graph, template=f"{body.graph.template} {kind}")
            self._apart[body, kind] = replace(body, graph=graph)
            self.marks[self._apart[body, kind]] = self.marks.get(body, {})
        return self._apart[body, kind]


class _Body:
    """Two bodies on the way to being one."""

    def __init__(
        self, merger: Merger, before: TypedGraph, after: TypedGraph, pairs: Sequence[Pair], parted: bool = False
    ) -> None:
        self._merger = merger
        self._before, self._after = before, after
        self._pairs = pairs
        self._splice = Splice(before, after, pairs, parted)
        self._bodies: dict[str, TypedGraph] = {}
        self._types: dict[Value, TensorType] = {}
        self._marks: dict[str, Mark] = {}
        self._kinds: dict[str, str] = {}

    def merge(self) -> tuple[TypedGraph, dict[str, Mark]]:
        """The body, and what is said of its steps."""
        splice, after = self._splice, self._after
        self._types.update(splice.input_types())
        nodes = [node for pair in self._pairs for node in self._nodes(pair)]
        nodes = [self._drawn(node) for node in splice.ordered(nodes)]
        self._pass("")
        graph = replace(after.graph, inputs=splice.inputs, nodes=tuple(nodes), outputs=splice.outputs())
        types = tuple(self._types[Value(name)] for name in splice.inputs)
        return TypedGraph(graph, types, self._types, self._bodies), self._marks

    def _nodes(self, pair: Pair) -> Iterator[Node]:
        """The nodes of one pair, their inputs not yet led."""
        step = pair.step
        typed = step.typed
        inner = self._inner(pair)
        for number, node in enumerate(step.run.nodes):
            name = self._splice.name(node.name, gone=pair.after is None)
            body = inner or typed.bodies.get(node.name)
            self._kinds[name] = pair.kind
            if body is not None:
                body = self._bodies[name] = self._merger.apart(body, pair.kind)
            self._types.update((Value(name, port), typed.types[Value(node.name, port)]) for port in node.results)
            mark = _mark(pair, number, self._merger.marks.get(body, {}) if body is not None else {})
            was = self._was(pair, number)
            if mark is not None or was is not None:
                self._marks[name] = replace(mark or Mark(""), was=was, read=_read(pair, number))
            yield replace(
                node, name=name, module=name if node.owns else node.module, callee=body.graph if body else node.callee
            )

    def _was(self, pair: Pair, number: int) -> tuple[TensorType, ...] | None:
        """The types of what copy ``number`` of a step gave; None where it gives the same. The last was the last."""
        old = _old(pair, number)
        if pair.before is None or old is None:
            return ()
        gave = pair.before.typed.outputs_of(old)
        if pair.after is None:
            return gave
        gives = pair.after.typed.outputs_of(pair.after.run.nodes[number])
        if len(gave) != len(gives):
            return ()
        return gave if gave != gives else None

    def _inner(self, pair: Pair) -> TypedGraph | None:
        """What a step calls, with what is gone from it."""
        if pair.inner is None or pair.after is None or pair.after.body is None:
            return None
        if not pair.inner.differs and not _is_reshaped(pair.inner):
            return None
        body, whole = self._merger.body(pair.inner), pair.after.body
        if pair.inner.after is whole:
            return body
        bodies = {name: body if each is pair.inner.after else each for name, each in whole.bodies.items()}
        nodes = (
            replace(node, callee=bodies[node.name].graph) if node.name in bodies else node for node in whole.graph.nodes
        )
        return TypedGraph(replace(whole.graph, nodes=tuple(nodes)), whole.inputs, whole.types, bodies)

    def _drawn(self, node: Node) -> Node:
        """``node`` reading what it reads here; an op that read something else before stands as it was."""
        led = replace(node, inputs=self._splice.reads(node))
        self._pass(node.name)
        mark = self._marks.get(node.name)
        read = tuple(self._types[value] for value in led.inputs)
        owner = self._splice.own_types(node.name)
        if not isinstance(node.callee, Op) or ((mark is None or not mark.kind) and read == owner):
            return led
        return replace(led, callee=stand_in(node.callee, owner, self._kinds[node.name], mark.words if mark else ""))

    def _pass(self, name: str) -> None:
        """Let what is gone give a step ("": the outputs) what that reads otherwise, so that shapes are those of now."""
        for given, taken in self._splice.passed(name):
            self._types[taken] = self._types[given]


def _is_reshaped(matched: Matched) -> bool:
    """Whether two bodies that are the same make other shapes of others."""
    return matched.before.outputs != matched.after.outputs or matched.before.inputs != matched.after.inputs


def _old(pair: Pair, number: int) -> Node | None:
    """What copy ``number`` of a step was: the last of several was the last, and further ones were not there."""
    if pair.before is None:
        return None
    nodes = pair.before.run.nodes
    if pair.after is not None and number == pair.after.run.count - 1:
        return nodes[-1]
    return nodes[number] if number < len(nodes) else None


def _read(pair: Pair, number: int) -> TensorType | None:
    """The type of what copy ``number`` of a step read in the first network, where that was one value."""
    if pair.before is None or number >= pair.before.run.count:
        return None
    read = pair.before.typed.inputs_of(pair.before.run.nodes[number])
    return read[0] if len(read) == 1 else None


def _mark(pair: Pair, number: int, inside: dict[str, Mark]) -> Mark | None:
    """What is said of copy ``number`` of a step; None for one that is the same through and through."""
    if pair.before is None:
        return Mark("added")
    if pair.after is None:
        return Mark("removed")
    if number >= pair.before.run.count:
        return Mark("added", parameters=_parameters(pair, number))
    count = sum(1 if mark.kind else mark.inside for mark in inside.values())
    parameters = _parameters(pair, number)
    is_changed = bool(pair.kind) and not pair.is_of_block
    if not is_changed and not count and not pair.followed and parameters[0] == parameters[1]:
        return None
    names = [change.before for change in pair.changes if change.name == "name"]
    words = _words([change for change in (*pair.changes, *pair.followed) if change.name != "name"])
    return Mark("changed" if is_changed else "", words, *names, parameters=parameters, inside=count)


def _parameters(pair: Pair, number: int) -> tuple[int, int]:
    """Those of one copy before and after; of the last, those of further ones before too."""
    if pair.before is None or pair.after is None or pair.step.op is not None:
        return 0, 0
    ours, theirs = (step.costs.trainable // step.run.count for step in (pair.before, pair.after))
    counts = pair.before.run.count, pair.after.run.count
    last = number == counts[1] - 1
    return ours * (counts[0] - number if last and counts[0] > number else int(number < counts[0])), theirs


def _words(changes: Sequence[Change]) -> str:
    """``padding valid → same``; of a repeat or another op what it was."""
    ordered = sorted(changes, key=lambda change: change.name.startswith("init."))
    words = list(dict.fromkeys(map(_said, ordered)))
    return text.clean(", ".join((*words[:_LONGEST], *(["…"] if len(words) > _LONGEST else []))))


def _said(change: Change) -> str:
    if change.name == "repeat":
        return f"was {change.before} times" if change.before not in (None, 1) else "was once"
    if change.name in ("use", "op", "step"):
        return f"was {shown(change.before)}"
    return f"{change.name} {shown(change.before)} → {shown(change.after)}"


def _facts(differences: Differences) -> Iterator[str]:
    """What stands below the title."""
    from graphbuilder.differing.text import followed, tally

    ours, theirs = costs(differences.before.typed), costs(differences.after.typed)
    yield "; ".join(filter(None, (tally(differences, differences.places, "place"), followed(differences))))
    for each in differences.found:
        if each.kind == "renamed":
            yield from (f"block {_turn(change)}" for change in each.changes if change.name == "use")
    yield _total(ours, theirs, "trainable", "parameters", 4)
    yield _total(ours, theirs, "macs", "MACs", 3)


def _turn(change: Change) -> str:
    return text.clean(f"{shown(change.before)} → {shown(change.after)}")


def _total(before: Costs, after: Costs, name: str, word: str, digits: int) -> str:
    one, other = getattr(before, name), getattr(after, name)
    if one == other:
        return f"{text.count(one, digits)} {word}, unchanged"
    share = f" ({100 * (other - one) / one:+.1f} %)".replace("-", "−") if one else ""
    return f"{text.count(one, digits)} → {text.count(other, digits)} {word}{share}"
