"""What of a network folds: every block, composite and stack of copies as one box, and what is in each.

Where the figure opens a block in place, this reads it closed and keeps what it takes to open it, so that a page can do
either. Places nothing; what is too small to be worth a frame is read in place, as in the figure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from math import inf
from typing import Literal

from graphbuilder.analysis.collapse import Run
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.analysis.likeness import alike
from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.options import Options
from graphbuilder.backends.graphviz.read.gather import LEGIBLE
from graphbuilder.backends.graphviz.read.habits import Habits
from graphbuilder.backends.graphviz.read.passing import passed
from graphbuilder.backends.graphviz.read.policy import Policy, Where
from graphbuilder.backends.graphviz.read.reader import Reader, box_of, opened, single, words_of
from graphbuilder.backends.graphviz.read.scene import OUTSIDE, Box, Card, End, Link, Region, Section
from graphbuilder.ir import Node, Value

Kind = Literal["panel", "card", "composite", "stack"]
MOST_COPIES = 64
"""The most copies of a stack that are drawn one by one."""


@dataclass(frozen=True, eq=False, slots=True)
class Fold:
    """A box that opens.

    Attributes:
        kind: what it is drawn as when it is open.
        run: the call, or the copies of a stack.
        typed: the body in which it stands.
        where: the place of that.
        title: what its header says.
        note: its parameters.
        words: what is said of copies.
        turns: of copies of several kinds in turn, one of each.
        section: whether it is a panel of the figure, in which blocks have cards, however it is drawn here.
    """

    kind: Kind
    run: Run
    typed: TypedGraph
    where: Where
    title: str
    note: str
    words: tuple[str, ...] = ()
    turns: tuple[Run, ...] = ()
    section: bool = False

    @property
    def body(self) -> TypedGraph | None:
        """What is called, where that is a body."""
        return self.typed.bodies.get(self.run.first.name)

    def beside(self) -> Fold:
        """This fold where it does not stand alone: a panel is then a card."""
        return replace(self, kind="card") if self.kind == "panel" else self

    @property
    def prefix(self) -> str:
        """The beginning of the paths of what is in it."""
        alone = bool(self.turns) or self.body is None
        return self.where.prefix if alone else f"{self.where.path(self.run.first)}."

    @property
    def unfolds(self) -> bool:
        """Whether its copies can be drawn one by one."""
        return self.kind == "stack" and self.run.count <= MOST_COPIES

    @property
    def alike(self) -> tuple[object, ...]:
        """Equal for two folds in which the same is drawn."""
        copies = tuple(map(id, self.where.copies))
        whole = self.body is None or self.turns or self.kind == "stack"
        called = (id(self.typed), self.run.first.name, self.run.count) if whole else (id(self.body),)
        return (self.kind, self.section, *called, copies)


class Folding(Reader):
    """Reads one body, everything in it closed; ``folds`` then says which of its boxes open.

    What holds whole stages is read in place where that is legible, which ``stages`` says; ``flat`` reads blocks in a
    card in place, too, as the figure does, where they are no more than can be read. ``cards`` are those of the figure,
    none of which is a section.
    """

    def __init__(
        self, habits: Habits, shapes: bool, cards: Collection[str], stages: bool = True, flat: bool = False
    ) -> None:
        self._closing = _Closing(habits, stages, flat)
        self._cards = cards
        super().__init__(self._closing, habits, shapes, most=LEGIBLE if flat else inf)
        self.folds: dict[str, Fold] = {}

    @property
    def has_stages(self) -> bool:
        """Whether something was read in place that holds stages."""
        return self._closing.has_stages

    def inside(self, fold: Fold) -> Region:
        """What is in ``fold``, of a stack what is in one copy.

        Raises:
            TooMuch: when blocks are read in place that are more than can be read.
        """
        if fold.turns:
            return self._chained(tuple(run.first for run in fold.turns), fold)
        run, typed = fold.run, fold.typed
        if fold.body is None:
            box = box_of(replace(run, nodes=run.nodes[:1]), typed, fold.where.framed())
            return single(box, typed.inputs_of(run.first), typed.outputs_of(run.first))
        where = fold.where.inside(run, typed).framed()
        where = replace(where, frame="panel") if fold.section else where
        if fold.body.graph.kind == "repeat":
            # Its copies need not say its title again.
            where = replace(where, section=Section(fold.where.path(run.first), fold.title))
        region = self.region(fold.body, where)
        return _as_last(region, run) if fold.kind == "stack" else region

    def copies(self, fold: Fold) -> Region:
        """Every copy of a stack."""
        return self._chained(tuple(fold.run.nodes), fold)

    def _chained(self, nodes: tuple[Node, ...], fold: Fold) -> Region:
        """``nodes`` as they read each other, what they read from elsewhere coming in and what leaves them going out."""
        first, typed = fold.run.first, fold.typed
        region, ends = opened(typed.inputs_of(first))
        values = dict(zip(first.inputs, ends, strict=True))
        given = ends
        for node in nodes:
            known = [values.get(value) for value in node.inputs]
            # A copy that reads one which is not drawn stands behind the one that is.
            inputs = tuple(end or given[number % len(given)] for number, end in enumerate(known))
            given = self._call(region, node, typed, inputs, fold.where.framed())
            values.update(zip((Value(node.name, port) for port in node.results), given, strict=True))
        region.give(tuple(dict.fromkeys(self._leaving(nodes, values, given))))
        return region

    def _leaving(self, nodes: tuple[Node, ...], values: dict[Value, End], given: tuple[End, ...]) -> tuple[End, ...]:
        """What the last copy gives, or of copies side by side each."""
        if len(nodes) < 2 or nodes[1].inputs != nodes[0].inputs:
            return given
        return tuple(values[Value(node.name, port)] for node in nodes for port in node.results)

    def _call(
        self, region: Region, node: Node, typed: TypedGraph, inputs: tuple[End, ...], where: Where
    ) -> tuple[End, ...]:
        body, path = typed.bodies.get(node.name), where.path(node)
        if body is None or self._habits.hides(node, typed, where.copies) or not self._closes(node, typed, where):
            return super()._call(region, node, typed, inputs, where)
        kind: Kind = "composite" if body.graph.kind == "composite" else "card"
        kind = "panel" if self._closing.is_panel(path, body, where) else kind
        box = self._keep(kind, Run((node,)), typed, where)
        return self._add(region, box, inputs, typed.outputs_of(node), where)

    def _closes(self, node: Node, typed: TypedGraph, where: Where) -> bool:
        """Whether a call is a box that opens; one with a title of its own is, however small."""
        body = typed.bodies[node.name]
        if self._closing.is_exchange(node, typed, where):
            return True
        titled = node.title is not None and body.graph.kind == "block"
        return self._closing.is_closed(where.path(node), body, where) or self._closing.is_card(body, where, titled)

    def _stacked(self, run: Run, typed: TypedGraph, where: Where) -> Box | Card:
        words = tuple(words_of(run, typed))
        return self._keep("stack", run, typed, where, words)

    def _add_rounds(
        self, region: Region, rounds: tuple[Run, ...], typed: TypedGraph, inputs: tuple[End, ...], where: Where
    ) -> tuple[End, ...]:
        whole = Run(typed.graph.nodes)
        words = f"repeated {rounds[0].count} times", f"{len(rounds)} kinds in turn"
        box = self._keep("stack", whole, typed, where, words, rounds)
        return self._add(region, box, inputs, typed.outputs_of(whole.nodes[-1]), where)

    def _keep(
        self,
        kind: Kind,
        run: Run,
        typed: TypedGraph,
        where: Where,
        words: tuple[str, ...] = (),
        turns: tuple[Run, ...] = (),
    ) -> Box:
        """The box of a fold, which is remembered."""
        box = box_of(run, typed, where)
        title, note = (box.title, box.detail) if box.look == "block" else (where.title(run, typed.graph), box.detail)
        if box.look == "block" and kind == "stack":
            box = replace(box, title=title, detail=note)
        elif kind == "stack":
            box = replace(box, detail=text.clean(f"{box.detail} × {run.count}".strip()))
        note = "" if box.look == "fault" else note
        section = kind == "panel" and box.path not in self._cards
        self.folds[box.path] = Fold(kind, run, typed, where, title, note, words, turns, section)
        return box


def _as_last(region: Region, run: Run) -> Region:
    """``region``, what is in a copy of ``run``, giving what the last gives of all that comes to the first."""
    inputs = tuple(End(OUTSIDE, port) for port in range(len(run.first.inputs)))
    own = tuple(End(run.first.name, port) for port in range(len(run.first.results)))
    for slot, end in enumerate(passed(region, run, inputs, own)):
        if end not in own:
            region.links.append(Link(end, OUTSIDE, slot))
    return region


class _Closing(Policy):
    """Closes whatever is worth a frame; ``stages`` says whether what holds stages is none, ``flat`` what cards hold."""

    def __init__(self, habits: Habits, stages: bool, flat: bool) -> None:
        super().__init__(Options(), habits, "nothing", frozenset())
        self._stages = stages
        self._flat = flat
        self.has_stages = False

    def runs(self, typed: TypedGraph, where: Where) -> Iterator[Run]:
        # The page tells copies by their numbers, and branches have names.
        yield from alike(typed, growing=True)

    def is_closed(self, path: str, body: TypedGraph, where: Where) -> bool:
        if body.graph.kind == "composite" or self.is_panel(path, body, where):
            return True
        stages = self._stages and where.frame == "sheet" and self._holds_stages(body)
        self.has_stages |= stages
        inline = self._flat and where.frame == "card"
        return self._may_be_card(body) and not stages and not inline
