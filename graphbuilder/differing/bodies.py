"""What differs between two bodies: which steps are one, what each of these does otherwise, and what stands alone.

A difference is what a person would write: an argument, a step, a name, what is read. Shapes and costs that follow from
it are none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from graphbuilder.analysis.collapse import Run
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.differing.causes import Around, Cause, around
from graphbuilder.differing.matching import Matching
from graphbuilder.differing.steps import Step, Tokens, cut_alike
from graphbuilder.differing.wiring import Wiring
from graphbuilder.ir import Graph, Initialiser, Node, TensorType

if TYPE_CHECKING:
    from graphbuilder.compiler import Network

_Bodies = tuple[TypedGraph, ...]
"""A body, and where it stands for several that are alike, behind it each of them."""


class Several(NamedTuple):
    """What a value is in the first and in the last of several copies that are alike."""

    first: object
    last: object


class Change(NamedTuple):
    """What is said otherwise: an argument, or ``name``, ``use``, ``op``, ``repeat``, ``from``, ``share``, an output."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, eq=False)
class Pair:
    """A step before and after; of one that was added or removed only one is there.

    Attributes:
        changes: what differs in the step itself.
        arguments: what a block is told otherwise; what comes of it differs inside.
        followed: what only comes out otherwise, since something else is read.
        inner: what differs in what it calls; None where nothing can.
    """

    before: Step | None
    after: Step | None
    changes: tuple[Change, ...] = ()
    arguments: tuple[Change, ...] = ()
    followed: tuple[Change, ...] = ()
    inner: Matched | None = None

    @property
    def step(self) -> Step:
        """The step as it is, or was."""
        found = self.after or self.before
        assert found is not None, "one of the two is there"
        return found

    @property
    def kind(self) -> str:
        """``added``, ``removed``, ``renamed``, ``changed``, or "" for what is the same but perhaps inside."""
        if self.before is None:
            return "added"
        if self.after is None:
            return "removed"
        if not self.changes:
            return ""
        names = {"name", "use"} if self.inner is not None and not self.inner.differs else {"name"}
        return "renamed" if names.issuperset(change.name for change in self.changes) else "changed"

    @property
    def is_of_block(self) -> bool:
        """Whether all that is otherwise is what a block is called, by which the step is called too."""
        return self.kind == "renamed" and any(change.name == "use" for change in self.changes)

    @property
    def differs(self) -> bool:
        return bool(self.kind) or (self.inner is not None and self.inner.differs)

    @property
    def follows(self) -> bool:
        """Whether an op that is the same comes out otherwise, or with other weights in any of its copies, because it
        reads something else."""
        if self.differs or self.inner is not None or self.before is None or self.after is None:
            return False
        return bool(self.followed) or any(
            one != other for one, other in zip(self.before.weighed, self.after.weighed, strict=False)
        )

    @property
    def common(self) -> int:
        """How many calls of ops it stands for that are in both."""
        if self.before is None or self.after is None:
            return 0
        each = self.inner.common if self.inner is not None else int(_made_of(self.before) == _made_of(self.after))
        return each * min(self.before.run.count, self.after.run.count)

    @property
    def following(self) -> int:
        """How many ops of it only follow."""
        if self.kind in ("added", "removed") or self.before is None or self.after is None:
            return 0
        if self.inner is not None:
            return self.inner.following
        return int(not self.differs and (self.follows or _makes(self.before) != _makes(self.after)))


@dataclass(frozen=True, eq=False)
class Matched:
    """Two bodies, step by step: a step that is gone stands where it stood.

    Attributes:
        changes: what differs in what the bodies are given and give.
    """

    before: TypedGraph
    after: TypedGraph
    pairs: tuple[Pair, ...]
    changes: tuple[Change, ...]
    differs: bool

    @cached_property
    def following(self) -> int:
        """How many ops are the same and make other shapes, or have other weights; copies that are one count once."""
        return sum(pair.following for pair in self.pairs)

    @cached_property
    def common(self) -> int:
        """How many calls of ops, of all copies, are in both, with whatever arguments."""
        return sum(pair.common for pair in self.pairs)


class Comparing:
    """Compares bodies, each two once; ``exact`` tells copies apart that are only alike."""

    def __init__(self, exact: bool = False) -> None:
        self._exact = exact
        self._tokens = Tokens()
        self._matching = Matching()
        self._known: dict[tuple[_Bodies, _Bodies, Around], Matched] = {}

    def networks(self, before: Network, after: Network) -> Matched:
        """The bodies of two networks."""
        return self._bodies((before.typed,), (after.typed,), around(before, after))

    def _bodies(self, ours: _Bodies, theirs: _Bodies, place: Around) -> Matched:
        """Two bodies, each the first of those that it stands for."""
        key = ours, theirs, place
        if key not in self._known:
            self._known[key] = self._compared(ours, theirs, place)
        return self._known[key]

    def _compared(self, ours: _Bodies, theirs: _Bodies, place: Around) -> Matched:
        before, after = ours[0], theirs[0]
        steps = self._tokens.steps(before, ours[1:], self._exact), self._tokens.steps(after, theirs[1:], self._exact)
        if before.graph.kind == after.graph.kind == "repeat" and len(before.graph.nodes) == len(after.graph.nodes):
            steps = cut_alike(*steps)
            found = [(number, number) for number in range(len(steps[0]))]
        else:
            found = self._matching.pairs(*steps)
        wiring = Wiring(before, after, {steps[0][one].node.name: steps[1][other].node.name for one, other in found})
        pairs = tuple(self._pair(one, other, wiring, place) for one, other in _woven(*steps, found))
        changes = tuple(Change(*each) for each in wiring.outputs())
        return Matched(before, after, pairs, changes, bool(changes) or any(pair.differs for pair in pairs))

    def _pair(self, before: Step | None, after: Step | None, wiring: Wiring, place: Around) -> Pair:
        if before is None or after is None:
            return Pair(before, after)
        ours, theirs = _copy(before, after), _copy(after, before)
        inner = self._inner(ours, theirs, place)
        fields = [(place.cause(ours.node, theirs.node, each.name), each) for each in _fields(ours, theirs)]
        changes = [*_identity(before, after), *_made_otherwise(ours, theirs, inner)]
        changes += [each for cause, each in fields if cause is Cause.CHANGED]
        changes += _initialisers(ours, theirs)
        changes += (Change(*each) for each in wiring.reads(before.node, after.node))
        changes += inner.changes if inner is not None else ()
        followed = tuple(each for cause, each in fields if cause is not Cause.CHANGED)
        return Pair(before, after, tuple(changes), tuple(_arguments(ours.node, theirs.node)), followed, inner)

    def _inner(self, before: Step, after: Step, place: Around) -> Matched | None:
        """What differs in what two steps call, where that is two bodies."""
        if before.body is None or after.body is None:
            return None
        ours, theirs = (before.body, *before.alternatives), (after.body, *after.alternatives)
        return self._bodies(ours, theirs, place.inside(before.node, after.node))


def _makes(step: Step) -> list[tuple[TensorType, ...]]:
    """The types of what a step gives, in each different call."""
    return [kind.typed.outputs_of(kind.node) for kind in step.kinds]


def _copy(step: Step, other: Step) -> Step:
    """A step, or the first of its copies where ``other`` has none: what runs once may come to run often."""
    if not repeats_it(step, other) or step.body is None:
        return step
    return Step(Run((step.body.graph.nodes[0],)), step.body, (), step.token)


def repeats_it(step: Step, other: Step) -> bool:
    """Whether a step has copies where ``other`` has none."""
    kinds = [each.body.graph.kind if each.body else "op" for each in (step, other)]
    return kinds[0] == "repeat" != kinds[1]


def _woven(
    before: Sequence[Step], after: Sequence[Step], pairs: Sequence[tuple[int, int]]
) -> Iterator[tuple[Step | None, Step | None]]:
    """All steps in the order of ``after``, those that are gone before what stood behind them."""
    partner = {other: one for one, other in pairs}
    kept = set(partner.values())
    gone: dict[int, list[Step]] = {}
    number = 0
    for place, step in enumerate(before):
        if place in kept:
            number = place + 1
        else:
            gone.setdefault(number, []).append(step)
    yield from ((step, None) for step in gone.get(0, ()))
    for place, step in enumerate(after):
        one = partner.get(place)
        yield (None if one is None else before[one], step)
        if one is not None:
            yield from ((each, None) for each in gone.get(one + 1, ()))


def _identity(before: Step, after: Step) -> Iterator[Change]:
    """How a step is called, how often it runs, and whose weights it runs."""
    if _given_names(before, after) and before.node.name != after.node.name:
        yield Change("name", before.node.name, after.node.name)
    times = _times(before, after), _times(after, before)
    if times[0] != times[1]:
        yield Change("repeat", *times)
    shared = tuple(None if step.node.owns else step.node.module for step in (before, after))
    if (shared[0] is None) != (shared[1] is None):
        yield Change("share", *shared)


def _times(step: Step, other: Step) -> int | None:
    """How many copies a step is; of a repeat that was none, how many are in it. Others tell their count inside."""
    if repeats_it(other, step):
        return None
    return len(step.body.graph.nodes) if step.body and repeats_it(step, other) else step.run.count


def _made_otherwise(before: Step, after: Step, inner: Matched | None) -> Iterator[Change]:
    """What a step calls.

    What a block with the same in it is called is nobody's concern but its spec's, unless steps are named after it.
    """
    ours, theirs = _made_of(before), _made_of(after)
    if inner is not None and not inner.differs:
        ours, theirs = (("use", step.label) for step in (before, after))
        if before.node.name == after.node.name or _given_names(before, after):
            return
    if ours != theirs:
        yield Change(ours[0] if ours[0] == theirs[0] else "step", ours[1], theirs[1])


def _given_names(before: Step, after: Step) -> bool:
    return bool(before.given or after.given)


def _made_of(step: Step) -> tuple[str, str]:
    """Whether a step is an op or a block, and which; branches are known by their names, repeats by what is in them."""
    if step.op:
        return "op", step.label
    return "use", "" if step.body and step.body.graph.kind in ("branch", "repeat") else step.label


def _fields(before: Step, after: Step) -> Iterator[Change]:
    """The arguments that differ, where both call one op."""
    if before.op is None or _made_of(before) != _made_of(after):
        return
    ours, theirs = (_values([kind.node for kind in step.kinds]) for step in (before, after))
    yield from (Change(name, ours[name], theirs[name]) for name in ours if not _equal(ours[name], theirs[name]))


def _equal(one: object, other: object) -> bool:
    """Whether two values are one; a number for all axes is as good as one for each."""
    return one == other or _repeats(one, other) or _repeats(other, one)


def _repeats(values: object, value: object) -> bool:
    """Whether ``values`` is a list of ``value`` and nothing else."""
    if isinstance(values, Several) or not isinstance(values, tuple) or not isinstance(value, int):
        return False
    return all(each == value for each in cast("tuple[object, ...]", values))


def _values(nodes: Sequence[Node]) -> Mapping[str, object]:
    """Every argument of an op; of several calls what the first and the last have where they differ."""
    ops = [dict(node.op) for node in nodes if node.op]
    return {
        name: ops[0][name] if all(op[name] == ops[0][name] for op in ops) else Several(ops[0][name], ops[-1][name])
        for name in ops[0]
    }


def _initialisers(before: Step, after: Step) -> Iterator[Change]:
    """How weights are drawn otherwise, where both call one op."""
    if before.op is None or _made_of(before) != _made_of(after):
        return
    ours, theirs = _draws(before.node), _draws(after.node)
    for name in {**ours, **theirs}:
        if ours.get(name) != theirs.get(name):
            yield Change(f"init.{name}", ours.get(name), theirs.get(name))


def _draws(node: Node) -> dict[str, Initialiser]:
    """How each weight of an op is drawn, where not as usual."""
    if not isinstance(node.callee, Graph):
        return dict(node.init)
    return {f"{inner.name}.{name}": init for inner in node.callee.nodes for name, init in inner.init.items()}


def _arguments(before: Node, after: Node) -> Iterator[Change]:
    ours, theirs = before.callee, after.callee
    if isinstance(ours, Graph) and isinstance(theirs, Graph) and before.op is None and after.op is None:
        for name in {**ours.args, **theirs.args}:
            if ours.args.get(name) != theirs.args.get(name):
                yield Change(name, ours.args.get(name), theirs.args.get(name))
