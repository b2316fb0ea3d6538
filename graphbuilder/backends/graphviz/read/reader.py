"""Reads a TypedGraph into a scene, as the policy has it: the links of the scene are the edges of the graph.

Nothing is placed here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf
from types import MappingProxyType
from typing import NamedTuple

from graphbuilder.analysis.collapse import Run
from graphbuilder.analysis.costs import call_costs
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.analysis.likeness import details, variants
from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.read.habits import Habits, title_of
from graphbuilder.backends.graphviz.read.passing import passed
from graphbuilder.backends.graphviz.read.policy import Policy, Where, is_chained, told
from graphbuilder.backends.graphviz.read.scene import Box, Card, End, Look, Region, Section
from graphbuilder.ir import Copies, Graph, Node, Op, TensorType, Value
from graphbuilder.ir.fault import Fault, faults
from graphbuilder.ops.join import Concat

NONE: Mapping[str, str] = MappingProxyType({})
_SHAPE = re.compile(r"(?<![\w.])\d+(?:x\d+)+(?![\w.])")
_SHARED = "shared"
# Of one item, each as a box of its own.
_MOST_OUTPUTS = 40
_LOOKS: dict[str, Look] = {
    "activation": "pill",
    "normalisation": "pill",
    "regularisation": "pill",
    "shape": "pill",
}


class _Output(NamedTuple):
    """An output of the network, or the first of ``many`` alike that one item gives."""

    name: str
    word: str
    end: End
    type: TensorType
    training: bool
    many: int = 1

    @property
    def path(self) -> str:
        return f"output {self.name}"


class TooMuch(Exception):
    """A network has more boxes than a reader was to read."""


class Reader:
    """Reads one network; ``sections`` then says which item of the root belongs to which panel.

    ``shapes`` says whether the ends of the network carry theirs, ``remedies`` what mends which mistake; ``most`` is how
    many boxes of nodes it reads.
    """

    def __init__(
        self, policy: Policy, habits: Habits, shapes: bool, remedies: Mapping[str, str] = NONE, most: float = inf
    ) -> None:
        self._policy = policy
        self._remedies = remedies
        self._shapes = shapes
        self._habits = habits
        self._abreast: set[End] = set()
        self._left = most
        self.sections: dict[str, Section] = {}

    def root(self, typed: TypedGraph) -> Region:
        """The network with its inputs and outputs as boxes.

        Raises:
            TooMuch: when it has more boxes than are to be read.
        """
        region = Region()
        ends: list[End] = []
        for name, type_ in zip(typed.graph.inputs, typed.inputs, strict=True):
            box = Box(name, "terminal", "terminal", self._end(text.titled(name), type_))
            ends += region.add(box, (), (type_,))
        given = self._fill(region, typed, tuple(ends), Where())
        outputs = list(_outputs(typed, given))
        for output in outputs:
            region.add(Box(output.path, "terminal", "terminal", self._given(output)), (output.end,), ())
        _mark_training(region, {output.path for output in outputs if output.training})
        return region

    def _given(self, output: _Output) -> str:
        """What stands at outputs: their name, or how many they are, and their shape."""
        label = self._end(text.titled(output.word), output.type)
        if output.many > 1:
            label = f"{output.many:,} outputs" + (f", each {text.shape(output.type)}" if self._shapes else "")
        return label + (", training only" if output.training else "")

    def _end(self, word: str, type_: TensorType) -> str:
        """What stands at an end of the network: ``image 299×299×3``, ``1000 logits``."""
        if not self._shapes:
            return word
        return f"{text.shape(type_)} {word}" if type_.rank == 1 else f"{word} {text.shape(type_)}"

    def _fill(self, region: Region, typed: TypedGraph, inputs: tuple[End, ...], where: Where) -> tuple[End, ...]:
        """Draw the body ``typed`` into ``region``; where its outputs come from."""
        values = {Value(name): end for name, end in zip(typed.graph.inputs, inputs, strict=True)}
        rounds = self._policy.rounds(typed, where)
        if rounds:
            return self._add_rounds(region, rounds, typed, inputs, where)
        runs = list(self._policy.runs(typed, where))
        if typed.graph.kind == "repeat" and any(self._policy.stacks(run, typed, where) for run in runs):
            where = where.beside_stacks()
        for run in runs:
            if self._policy.stacks(run, typed, where):
                self._stack(region, run, typed, values, where)
                continue
            for node in run.nodes:
                given = self._call(region, node, typed, self._read(node, values), where)
                values.update(zip((Value(node.name, port) for port in node.results), given, strict=True))
        return tuple(values[value] for _, value in typed.graph.outputs)

    def _read(self, node: Node, values: dict[Value, End]) -> tuple[End, ...]:
        """What ``node`` reads; copies that stand side by side on one stack are read once."""
        ends = tuple(values[value] for value in node.inputs)
        return tuple(dict.fromkeys(ends)) if self._abreast.intersection(ends) else ends

    def _call(
        self, region: Region, node: Node, typed: TypedGraph, inputs: tuple[End, ...], where: Where
    ) -> tuple[End, ...]:
        if self._habits.hides(node, typed, where.copies):
            region.hide(inputs)
            return inputs
        run, path, body = Run((node,)), where.path(node), typed.bodies.get(node.name)
        if body is None or self._is_one_box(node, typed, body, where):
            return self._add(region, self._box(run, typed, where), inputs, typed.outputs_of(node), where)
        inner = where.inside(run, typed)
        title = where.title(run, typed.graph)
        if self._policy.is_panel(path, body, where):
            inner = replace(inner, frame="panel", section=Section(path, where.headed(title)))
        elif self._policy.is_card(body, where, node.title is not None):
            inside = self.region(body, inner.framed())
            note = _copies(run, typed, where)
            reuses, whose = bool(note) and where.reuses(run), _whose(run, where) if note else ""
            card = Card(path, title, note, inside, reuses=reuses, besides=whose)
            given = self._add(region, card, inputs, typed.outputs_of(node), where)
            return passed(inside, run, inputs, given)
        elif self._habits.shows(node, typed):
            return self._add(region, self._box(run, typed, where), inputs, typed.outputs_of(node), where)
        elif where.frame == "sheet" and body.graph.kind == "block":
            inner = replace(inner, heading=where.headed(title))
        return self._fill(region, body, inputs, inner)

    def _is_one_box(self, node: Node, typed: TypedGraph, body: TypedGraph, where: Where) -> bool:
        return self._policy.is_closed(where.path(node), body, where) or self._policy.is_exchange(node, typed, where)

    def _stack(self, region: Region, run: Run, typed: TypedGraph, values: dict[Value, End], where: Where) -> None:
        """Draw the copies of ``run`` once; what reads the last of them, or all, reads that."""
        inputs = tuple(values[value] for value in run.first.inputs)
        item = self._stacked(run, typed, where)
        given = self._add(region, item, inputs, typed.outputs_of(run.nodes[-1]), where)
        if not is_chained(run, typed):
            self._abreast.update(given)
        if isinstance(item, Card):
            given = passed(item.region, run, inputs, given)
        for copy in (*told(run, typed), run.nodes[-1]):
            values.update(zip((Value(copy.name, port) for port in copy.results), given, strict=True))

    def _stacked(self, run: Run, typed: TypedGraph, where: Where) -> Box | Card:
        path, body = where.path(run.first), typed.bodies.get(run.first.name)
        if body is not None and self._policy.is_closed(path, body, where):
            return replace(self._box(run, typed, where), piled=True)
        if body is None:
            box = replace(self._box(replace(run, nodes=run.nodes[:1]), typed, where.framed()), path=f"{path}.")
            region = single(box, typed.inputs_of(run.first), typed.outputs_of(run.first))
        else:
            region = self.region(body, where.inside(run, typed).framed())
        title, note, words = where.title(run, typed.graph), _copies(run, typed, where), tuple(words_of(run, typed))
        reuses = bool(note) and where.reuses(run)
        return Card(path, title, note, region, run.count, words, reuses, besides=_whose(run, where) if note else "")

    def _add_rounds(
        self, region: Region, rounds: tuple[Run, ...], typed: TypedGraph, inputs: tuple[End, ...], where: Where
    ) -> tuple[End, ...]:
        """Draw copies of several kinds in turn once: one of each kind on a stack."""
        whole = Run(typed.graph.nodes)
        inner, ends = opened(typed.inputs_of(whole.first))
        for run in rounds:
            body = typed.bodies[run.first.name]
            if self._policy.is_closed(where.path(run.first), body, where):
                box = self._box(replace(run, nodes=run.nodes[:1]), typed, where.framed())
                ends = inner.add(box, ends, typed.outputs_of(run.first))
            else:
                ends = self._fill(inner, body, ends, where.inside(run, typed).framed())
        inner.give(ends)
        words = f"repeated {rounds[0].count} times", f"{len(rounds)} kinds in turn"
        path, title = where.path(whole.first), where.title(whole, typed.graph)
        note, turns = _copies(whole, typed, where), len(rounds)
        reuses, whose = bool(note) and where.reuses(whole), _whose(whole, where) if note else ""
        card = Card(path, title, note, inner, rounds[0].count, words, reuses, turns=turns, besides=whose)
        return self._add(region, card, inputs, typed.outputs_of(whole.nodes[-1]), where)

    def _box(self, run: Run, typed: TypedGraph, where: Where) -> Box:
        return box_of(run, typed, where, self._remedies)

    def region(self, body: TypedGraph, where: Where) -> Region:
        """What is in ``body``, which stands at ``where``."""
        region, inputs = opened(body.inputs)
        region.give(self._fill(region, body, inputs, where))
        return region

    def _add(
        self, region: Region, item: Box | Card, inputs: tuple[End, ...], outputs: tuple[TensorType, ...], where: Where
    ) -> tuple[End, ...]:
        self._left -= isinstance(item, Box)
        if self._left < 0:
            raise TooMuch
        if where.section:
            self.sections[item.path] = where.section
        return region.add(item, inputs, outputs)


def box_of(run: Run, typed: TypedGraph, where: Where, remedies: Mapping[str, str] = NONE) -> Box:
    """A call, or equal ones, as one box; ``remedies`` say what mends which mistake."""
    node, body = run.first, typed.bodies.get(run.first.name)
    path = where.path(node)
    if node.op is None:
        assert body is not None, "what is no op has a body"
        title, note = where.title(run, typed.graph), _copies(run, typed, where)
        if wrong := list(_errors(body)) if any(True for _ in faults(body.graph)) else ():
            detail, help = _told(wrong, remedies)
            return Box(path, "fault", "fault", title, detail, count=run.count, help=help)
        copies = f"{run.count} copies" if run.count > 1 else ""
        said = ", ".join(filter(None, ("" if note.startswith(f"{run.count} ×") else copies, note)))
        besides = ", ".join(filter(None, (copies, _whose(run, where) if note else "")))
        reuses = bool(note) and where.reuses(run)
        return Box(path, "block", "block", title, said, reuses=reuses, count=run.count, besides=besides)
    if isinstance(node.op, Fault):
        wrong = node.op.errors or node.op.nameless
        look, style = ("fault", "fault") if wrong else ("join" if len(node.op.word) == 1 else "op", "unknown")
        detail, help = _told([(error, node, typed) for error in node.op.errors], remedies)
        return Box(path, look, style, text.titled(node.title or node.op.word), detail, help=help)
    kind, detail = text.clean(title_of(node.op)), text.clean(details(variants(run, typed, where.copies)))
    detail = "" if detail == kind else _in_order(detail, typed.outputs_of(node)[0])
    title = text.titled(node.title or "") or kind
    if title != kind:
        detail = f"{kind} {detail}".rstrip()
    parameters, sizes = call_costs(node, typed).trainable, frozenset(_sizes(node, typed))
    reuses, lender = parameters > 0 and where.reuses(run), where.lender(run)
    if reuses and lender:
        detail = f"{detail}, as {lender}" if detail else f"as {lender}"
    look = "join" if len(title) == 1 and node.op.family == "join" else _LOOKS.get(node.op.family, "op")
    box = Box(path, look, node.op.family, title, detail, parameters, reuses, sizes, kind, count=run.count)
    return replace(box, ordered=isinstance(node.op, Concat))


def _in_order(detail: str, given: TensorType) -> str:
    """``detail``; where it is the whole shape of what is ``given``, as all shapes of a figure are."""
    return text.shape(given) if detail == "×".join(map(str, given.shape)) else detail


_Wrong = tuple[str, Node, TypedGraph]


def _errors(body: TypedGraph) -> Iterator[_Wrong]:
    """What is wrong in ``body`` and in all that it calls, with which call and where."""
    nodes = body.graph.nodes
    for node in nodes.head if isinstance(nodes, Copies) else nodes:
        if isinstance(node.callee, Graph):
            yield from _errors(body.bodies[node.name])
        elif isinstance(node.callee, Fault):
            yield from ((error, node, body) for error in node.callee.errors)


def in_figure(body: TypedGraph, remedies: Mapping[str, str]) -> dict[str, str]:
    """Each mistake in ``body`` and what mends it, as they are told elsewhere and as the figure tells them."""
    wrong = list(_errors(body))
    mended = ((remedies[error], node, typed) for error, node, typed in wrong if error in remedies)
    return {each[0]: in_words(*each) for each in (*wrong, *mended)}


def _told(wrong: Sequence[_Wrong], remedies: Mapping[str, str]) -> tuple[str, str]:
    """What is wrong, and what mends it."""
    errors = dict.fromkeys(in_words(*each) for each in wrong)
    helps = dict.fromkeys(in_words(remedies[error], node, typed) for error, node, typed in wrong if error in remedies)
    return text.clean("; ".join(errors)), text.clean("; ".join(helps))


def in_words(said: str, node: Node, typed: TypedGraph) -> str:
    """``said`` of a call, its shapes as all shapes of a figure are."""
    known = {str(type_): text.shape(type_) for type_ in typed.inputs_of(node)}
    last = any(type_.layout == "last" for type_ in typed.inputs_of(node))

    def shown(found: re.Match[str]) -> str:
        channels, *sizes = found[0].split("x")
        ordered = (channels, *sizes) if last or len(sizes) == 1 else (*sizes, channels)
        return known.get(found[0], "×".join(ordered))

    return _SHAPE.sub(shown, said)


def _outputs(typed: TypedGraph, given: Sequence[End]) -> Iterator[_Output]:
    """The outputs; the first of those that are too many to be read, of one type and one item, stands for all."""
    training = typed.graph.training
    rows = [
        _Output(name, value.node if name == "out" else name, end, type_, name in training)
        for (name, value), end, type_ in zip(typed.graph.outputs, given, typed.outputs, strict=True)
    ]
    lots: dict[tuple[str, TensorType, bool], list[_Output]] = {}
    for row in rows:
        lots.setdefault((row.end.item, row.type, row.training), []).append(row)
    for row in rows:
        lot = lots[row.end.item, row.type, row.training]
        if len(lot) <= _MOST_OUTPUTS:
            yield row
        elif row is lot[0]:
            yield row._replace(many=len(lot))


def _mark_training(region: Region, outputs: set[str]) -> None:
    """Mark ``outputs``, and what nothing but they is made of."""
    if not outputs:
        return
    readers: dict[str, list[str]] = {}
    for link in region.links:
        readers.setdefault(link.source.item, []).append(link.target)
    alone = set(outputs)
    for path in reversed(region.items):
        if path in readers and alone.issuperset(readers[path]):
            alone.add(path)
    region.items.update((path, replace(region.items[path], training=True)) for path in alone)


def opened(types: tuple[TensorType, ...]) -> tuple[Region, tuple[End, ...]]:
    """An empty region and its inputs."""
    region = Region()
    inputs = tuple(End("", port) for port in range(len(types)))
    region.types.update(zip(inputs, types, strict=True))
    return region, inputs


def single(box: Box, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]) -> Region:
    """A region of one op."""
    region, ends = opened(inputs)
    region.give(region.add(box, ends, outputs))
    return region


def _sizes(node: Node, typed: TypedGraph) -> Iterator[int]:
    """The numbers of the inputs of which an op reads the size alone."""
    op = node.callee
    if isinstance(op, Op) and not op.variadic and op.ports != ("x",):
        reads = op.reads(typed.inputs_of(node))
        yield from (number for number, reach in enumerate(reads) if reach is None)


def _copies(run: Run, typed: TypedGraph, where: Where) -> str:
    """The parameters of a call, or of all copies of it."""
    each = {call_costs(node, typed).trainable for node in run.kinds}
    if each == {0}:
        return ""
    if where.lender(run):
        return _whose(run, where)
    if len(each) > 1:
        return f"{text.count(sum(call_costs(node, typed).trainable for node in run.nodes))} in all"
    parameters = each.pop()
    if where.reuses(run):
        return f"{text.count(parameters)}, {_SHARED}"
    return f"{run.count} × {text.count(parameters)}" if run.count > 1 else text.count(parameters)


def _whose(run: Run, where: Where) -> str:
    """Whose weights a call that has some runs, or that all copies of it run one set; nothing where it has its own."""
    if lender := where.lender(run):
        return f"weights of {lender}"
    return _SHARED if where.reuses(run) else ""


def words_of(run: Run, typed: TypedGraph) -> Iterator[str]:
    """What is said under a stack."""
    if not is_chained(run, typed):
        yield f"{run.count} side by side"
        return
    whole = len(typed.graph.nodes)
    yield f"repeated {run.count} times" if run.count == whole else f"{run.count} of {whole} repeats"
    first, last = (typed.outputs_of(node)[0].channels for node in (run.first, run.nodes[-1]))
    if first != last:
        yield f"+{(last - first) // (run.count - 1)} channels each"
