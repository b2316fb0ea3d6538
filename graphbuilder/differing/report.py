"""What changed between two networks, as a list in which one edit of a spec is one difference, and as JSON.

A change of a block is one difference wherever the block is used, and however often it is repeated. The same change of
several steps is one where they are neighbours among what is told, and else one for each.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from graphbuilder.analysis.costs import Costs, costs
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.diagnostics import CompileError
from graphbuilder.differing.bodies import Change, Comparing, Matched, Pair, Several
from graphbuilder.differing.standing import Standing, standing
from graphbuilder.differing.steps import ops_inside
from graphbuilder.ir import Graph, Initialiser, Node

if TYPE_CHECKING:
    from graphbuilder.backends.graphviz.options import Style, Theme
    from graphbuilder.compiler import Network
    from graphbuilder.rendering import Format

_LEAST_ALIKE, _LEAST_STEPS = 0.15, 8
"""The share of their ops that two networks have in common at least, to be told step by step; small ones always are."""
KINDS = ("added", "removed", "renamed", "changed")


@dataclass(eq=False)
class Difference:
    """One difference, and everywhere it is found.

    Attributes:
        kind: ``added``, ``removed``, ``renamed`` or ``changed``; ``changed`` too for the network's inputs and outputs.
        what: the op or block; of a changed one as it is now. "" for the network itself.
        changes: what is said otherwise.
        before: the paths of the steps as they were; of copies with their numbers, ``middle.0-7.relu``.
        after: the paths of the steps as they are.
        parameters: how many learnable elements more there are in all these places.
        macs: how many multiply-accumulates more.
        places: where the spec wrote it, before and after: ``specs/xception.toml:41:3``.
    """

    kind: str
    what: str
    changes: tuple[Change, ...]
    before: list[str] = field(default_factory=list[str])
    after: list[str] = field(default_factory=list[str])
    parameters: int = 0
    macs: int = 0
    places: tuple[list[str], list[str]] = field(default_factory=lambda: ([], []))

    def data(self) -> dict[str, Any]:
        """The difference for JSON."""
        return {
            "kind": self.kind,
            "what": self.what,
            "before": self.before,
            "after": self.after,
            "changes": {change.name: [plain(change.before), plain(change.after)] for change in self.changes},
            "delta": {"parameters": self.parameters, "macs": self.macs},
            "places": {"before": self.places[0], "after": self.places[1]},
        }


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two networks: what it is called, and what was set.

    Attributes:
        renamed: a folder, and what stands for it in the paths of places: that of a revision is gone.
    """

    network: Network
    source: str
    settings: tuple[str, ...] = ()
    renamed: tuple[str, str] = ("", "")

    @property
    def typed(self) -> TypedGraph:
        return self.network.typed

    @property
    def costs(self) -> Costs:
        return costs(self.typed)

    def place(self, node: Node) -> str:
        """Where its spec wrote a step; "" for one that it did not write."""
        if node.place is None:
            return ""
        folder, name = self.renamed
        said = str(node.place.span)
        return name + said.removeprefix(f"{folder}{os.sep}") if folder and said.startswith(folder) else said

    def data(self) -> dict[str, Any]:
        """The network for JSON."""
        found = self.costs
        return {
            "name": self.network.name,
            "source": self.source,
            "settings": list(self.settings),
            "inputs": {name: list(type_.shape) for name, type_ in self.network.inputs.items()},
            "outputs": {name: list(type_.shape) for name, type_ in self.network.outputs.items()},
            "parameters": found.parameters(),
            "macs": found.macs,
            "activations": found.activations,
        }


@dataclass(frozen=True, eq=False)
class Differences:
    """What changed from one network to another; true where anything did.

    Attributes:
        matched: both networks, step by step.
        found: the differences, one for each edit.
    """

    before: Side
    after: Side
    matched: Matched
    found: tuple[Difference, ...]

    @property
    def ops(self) -> tuple[Counter[str], Counter[str]]:
        """How often each op is called in both."""
        ours, theirs = (ops_inside(side.typed.graph, {}) for side in (self.before, self.after))
        return ours, theirs

    @property
    def alike(self) -> bool:
        """Whether so much of one is in the other that step by step can be told what changed."""
        ours, theirs = (count.total() for count in self.ops)
        return 2 * self.matched.common >= _LEAST_ALIKE * (ours + theirs) or min(ours, theirs) < _LEAST_STEPS

    def __bool__(self) -> bool:
        return bool(self.found)

    def __str__(self) -> str:
        return self.text()

    def text(self, width: int = 100, colour: bool = False) -> str:
        """A tree of what changed with what it costs, at most ``width`` columns wide."""
        from graphbuilder.differing.text import text

        return text(self, width, colour)

    def params(self) -> tuple[Change, ...]:
        """The params of both networks that have other values in the second; they are no differences themselves."""
        ours, theirs = self.before.network.params, self.after.network.params
        shared = (Change(name, ours[name], theirs[name]) for name in ours if name in theirs)
        return tuple(change for change in shared if change.before != change.after)

    def brief(self) -> str:
        """One line of what changed: ``+2.10 M parameters, +113 M MACs, maps 19x19 to 10x10; 1 difference``."""
        from graphbuilder.differing.text import brief

        return brief(self)

    def data(self) -> dict[str, Any]:
        """Everything for JSON; these names stay."""
        ours, theirs = self.before.costs, self.after.costs
        return {
            "different": bool(self.found),
            "alike": self.alike,
            "before": self.before.data(),
            "after": self.after.data(),
            "delta": {
                "parameters": theirs.trainable - ours.trainable,
                "total": theirs.total - ours.total,
                "macs": theirs.macs - ours.macs,
                "activations": theirs.activations - ours.activations,
            },
            "params": {change.name: [plain(change.before), plain(change.after)] for change in self.params()},
            "following": self.matched.following,
            "differences": [each.data() for each in self.found],
        }

    def draw(self, path: str | Path, theme: Theme = "auto", style: Style = "colour") -> None:
        """Write a figure of both in one: ``.svg``, ``.png``, ``.pdf`` or another format that a network is drawn in.

        Raises:
            CompileError: when nothing is drawn so, or it cannot be written.
        """
        from graphbuilder.backends.graphviz import Options
        from graphbuilder.differing.merging import merged
        from graphbuilder.files import write_whole
        from graphbuilder.rendering import drawn

        format, marks = format_of(path), merged(self)
        write_whole(path, drawn(marks.root, format, Options(theme=theme, style=style, title=self.title, marks=marks)))

    @property
    def title(self) -> str:
        """Both titles, or of one network what tells the two apart."""
        titles = self.before.network.title, self.after.network.title
        if titles[0] != titles[1]:
            return " → ".join(titles)
        told = [", ".join(side.settings) or side.source for side in (self.before, self.after)]
        return f"{titles[0]}: {' → '.join(told)}"

    @property
    def places(self) -> int:
        """In how many places of the networks all differences are found."""
        return sum(max(len(each.before), len(each.after), 1) for each in self.found)

    def counts(self) -> dict[str, int]:
        """How many differences there are of each kind."""
        counted = Counter(each.kind for each in self.found)
        return {kind: counted[kind] for kind in KINDS if counted[kind]}


def format_of(path: str | Path) -> Format:
    """What the suffix of ``path`` asks for.

    Raises:
        CompileError: when two networks are not drawn so; a page is of one.
    """
    from graphbuilder import rendering
    from graphbuilder.diagnostics.catalogue.usage import OutputSuffix

    format = rendering.format_of(path)
    if format == "html":
        message = f"a page is of one network, and {str(path)!r} of two"
        raise CompileError((OutputSuffix.at(None, message, help="end the path in .svg, .png or .pdf"),))
    return format


def differences(before: Side, after: Side) -> Differences:
    """What changed from ``before`` to ``after``."""
    matched = Comparing().networks(before.network, after.network)
    gathered: dict[object, Difference] = {}
    _add_network(before, after, matched, gathered)
    _Walk(gathered, before, after).body(matched, standing(matched), ("", ""))
    return Differences(before, after, matched, tuple(gathered.values()))


def diff(before: Network | str | Path, after: Network | str | Path) -> Differences:
    """What changed from one network, or spec, to another; true where anything did, and prints as a tree.

    Raises:
        CompileError: when a spec has mistakes.
    """
    return differences(_side(before), _side(after))


def _side(given: Network | str | Path) -> Side:
    from graphbuilder.compiler import load

    return Side(load(given), str(given)) if isinstance(given, str | Path) else Side(given, given.name)


def ends(before: Side, after: Side) -> Iterator[Change]:
    """What the networks read otherwise."""
    ours, theirs = before.network.inputs, after.network.inputs
    for name in {**ours, **theirs}:
        if ours.get(name) != theirs.get(name):
            yield Change(f"inputs.{name}", _shape(ours.get(name)), _shape(theirs.get(name)))


def _shape(type_: object) -> str | None:
    return None if type_ is None else str(type_)


def _add_network(before: Side, after: Side, matched: Matched, gathered: dict[object, Difference]) -> None:
    for change in (*ends(before, after), *matched.changes):
        gathered[change.name] = Difference("changed", "", (change,))


class _Walk:
    """Gathers differences on the way down; a change of one block, met again, is the same one."""

    def __init__(self, gathered: dict[object, Difference], before: Side, after: Side) -> None:
        self._gathered = gathered
        self._sides = before, after

    def body(self, matched: Matched, pairs: Iterable[Standing], prefixes: tuple[str, str], owner: object = "") -> None:
        """The differences of a body whose paths begin so; ``owner`` is the block it is of."""
        owner = _owner(matched, owner)
        told = (each for each in pairs if each.pair.differs or each.pair.follows)
        first: Pair | None = None
        for each in told:
            pair = each.pair
            if first is None or _said(first) != _said(pair):
                first = pair
            if pair.kind:
                self._add(each, prefixes, (owner, _place(first) if pair.kind == "changed" else pair.step.name))
            if pair.inner is not None and pair.inner.differs:
                assert pair.before and pair.after, "what has two bodies is on both sides"
                steps = pair.before, pair.after
                inner = tuple(f"{prefix}{step.name}." for prefix, step in zip(prefixes, steps, strict=True))
                self.body(pair.inner, each.inside(), (inner[0], inner[1]), owner)

    def _add(self, standing: Standing, prefixes: tuple[str, str], owner: object) -> None:
        pair = standing.pair
        key = (owner, *_said(pair)) if not pair.is_of_block else ("use", repr(pair.changes))
        found = self._gathered.setdefault(key, Difference(pair.kind, pair.step.label, pair.changes))
        for side, step in enumerate((pair.before, pair.after)):
            if step is not None:
                (found.before, found.after)[side].append(f"{prefixes[side]}{step.name}")
                place = self._sides[side].place(step.node)
                if place and place not in found.places[side]:
                    found.places[side].append(place)
        ours, theirs = standing.costs
        found.parameters += theirs.trainable - ours.trainable
        found.macs += theirs.macs - ours.macs


def _place(pair: Pair) -> str:
    """Which step of its block it is; copies of a repeat are no other step."""
    return "" if pair.step.node.name.isdecimal() else pair.step.name


def _said(pair: Pair) -> tuple[object, ...]:
    """What neighbours have in common that are one difference."""
    return pair.kind, pair.step.label, pair.follows, repr(pair.changes)


def _owner(matched: Matched, around: object) -> object:
    """The blocks whose bodies these are; what has no name of its own belongs to what is around it."""
    graphs: Sequence[Graph] = (matched.before.graph, matched.after.graph)
    if all(graph.kind in ("block", "model") for graph in graphs):
        return tuple((graph.kind, graph.template if graph.kind == "block" else "") for graph in graphs)
    return (around, *(graph.template for graph in graphs))


def plain(value: object) -> Any:
    """A value for JSON."""
    if isinstance(value, Initialiser):
        return value._asdict()
    if isinstance(value, Several):
        return {"first": plain(value.first), "last": plain(value.last)}
    if isinstance(value, tuple | list):
        return [plain(each) for each in cast("Sequence[object]", value)]
    if isinstance(value, dict):
        return {str(name): plain(each) for name, each in cast("dict[object, object]", value).items()}
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def shown(value: object) -> str:
    """A value for a person."""
    if isinstance(value, Several):
        return f"{shown(value.first)} to {shown(value.last)}"
    if isinstance(value, Initialiser):
        given = zip(value._fields, value, Initialiser(value.kind), strict=True)
        return " ".join((value.kind, *(f"{name} {shown(each)}" for name, each, usual in given if each != usual)))
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(shown, cast('Sequence[object]', value)))}]"
    if value is None or isinstance(value, bool):
        return {None: "none", True: "true", False: "false"}[value]
    return f"{value:g}" if isinstance(value, float) else str(value)
