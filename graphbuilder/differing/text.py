"""What changed as a tree: what was added, removed and changed under the blocks that hold it, and what that costs.

Every line is fitted to a width, and what a file brings is made safe to show.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from graphbuilder.analysis.costs import sum_costs
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.analysis.likeness import details
from graphbuilder.backends.table.numbers import counted, scaled
from graphbuilder.diagnostics.screen import columns, safe, wrap
from graphbuilder.differing.bodies import Change, Matched, Pair
from graphbuilder.differing.report import Differences, ends, shown
from graphbuilder.differing.standing import Standing, standing
from graphbuilder.ops.guards import counted as many

SIGNS = {"added": "+", "removed": "-", "changed": "~", "renamed": "~"}
_COLOURS = {"+": "32", "-": "31", "~": "33", "head": "1", "faint": "2"}
_LEAST, _MOST_NAMES = 40, 3
_HEADINGS = ("parameters", "MACs")
_BEFORE = {"line": "on", "place": "in"}
_NOTABLE = 20
"""A block that only follows is told where it has more than one part in so many of what all costs changed."""


@dataclass(frozen=True)
class _Row:
    """A line: its sign, how deep it stands, what it says, what it costs more, and what stands under it."""

    sign: str
    depth: int
    name: str
    what: str
    deltas: tuple[str, str]
    notes: tuple[str, ...] = ()


def text(differences: Differences, width: int, colour: bool) -> str:
    """The tree with a heading and the totals, no line wider than ``width`` (at least 40) unless a word is."""
    pen = _Pen(max(width, _LEAST), colour)
    told = bool(differences) and differences.alike
    rows = [*_ends(differences), *_Tree(differences.matched).rows()] if told else []
    lines = [*_heading(differences, pen, sum(1 for row in rows if row.sign in SIGNS.values()))]
    if rows:
        lines += ["", *pen.table(rows)]
    lines += ["", *pen.totals(differences)]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def tally(differences: Differences, number: int = 0, word: str = "line") -> str:
    """``3 differences: 1 added, 1 removed, 1 changed``; of networks that are not alike how little they share.

    Where they are told on more or fewer lines with a sign, or in other places, it says in how many: ``3 differences on
    5 lines: 3 added``.
    """
    if not differences.alike:
        ours, theirs = (count.total() for count in differences.ops)
        return f"too unlike to tell step by step: of {ours} and {theirs} steps, {differences.matched.common} in both"
    counts = differences.counts()
    total = sum(counts.values())
    if not total:
        return "no difference"
    kinds = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    told = f" {_BEFORE[word]} {many(number, word)}" if number not in (0, total) else ""
    return f"{many(total, 'difference')}{told}: {kinds}"


def followed(differences: Differences) -> str:
    """``12 steps follow``: those that are the same, and make other shapes or have other weights; or nothing."""
    count = differences.matched.following if differences.alike else 0
    return f"{count} step{'s follow' if count > 1 else ' follows'}" if count else ""


def brief(differences: Differences) -> str:
    """One line of what changed: costs, sizes, and how many differences."""
    ours, theirs = differences.before.costs, differences.after.costs
    costs = [("parameters", ours.trainable, theirs.trainable), ("MACs", ours.macs, theirs.macs)]
    words = [f"{delta(before, after)} {name}" for name, before, after in costs if before != after]
    sizes = [_last_size(side.typed) for side in (differences.before, differences.after)]
    words += [f"last maps {sizes[0]} to {sizes[1]}"] if sizes[0] != sizes[1] else []
    outputs = differences.before.network.outputs, differences.after.network.outputs
    shared = [name for name in outputs[0] if name in outputs[1] and outputs[0][name] != outputs[1][name]]
    words += [f"{name} {outputs[0][name]} to {outputs[1][name]}" for name in shared]
    return safe("; ".join(filter(None, (", ".join(words), tally(differences)))))


def _last_size(typed: TypedGraph) -> str:
    """The sizes of the last maps that a step of the network itself gives: ``10x10``, or "none"."""
    maps = (type_.spatial for node in reversed(typed.graph.nodes) for type_ in typed.outputs_of(node) if type_.spatial)
    return "x".join(map(str, next(maps, ()))) or "none"


def said(change: Change) -> str:
    """``padding valid → same``."""
    return f"{change.name} {shown(change.before)} → {shown(change.after)}"


def delta(before: int, after: int) -> str:
    """``+2.10 M``, ``−12``; nothing for no change."""
    if before == after:
        return ""
    return ("+" if after > before else "−") + scaled(abs(after - before))


def _heading(differences: Differences, pen: _Pen, lines: int) -> Iterator[str]:
    names = [" ".join((side.source, *side.settings)) for side in (differences.before, differences.after)]
    yield from pen.wrapped(f"{names[0]} → {names[1]}", "head")
    yield from pen.wrapped("; ".join(filter(None, (tally(differences, lines), followed(differences)))))
    params = differences.params()
    if params:
        yield from pen.wrapped(f"params: {', '.join(map(said, params))}", indent=0)


def _ends(differences: Differences) -> Iterator[_Row]:
    """What the networks read and give otherwise."""
    for change in (*ends(differences.before, differences.after), *differences.matched.changes):
        yield _Row("~", 0, change.name, f"{shown(change.before)} → {shown(change.after)}", ("", ""))


class _Tree:
    """Tells what changed in a network, and which blocks that only follow cost notably more or less."""

    def __init__(self, matched: Matched) -> None:
        self._matched = matched
        each = zip(*map(_more, standing(matched)), strict=True)
        self._all = [sum(map(abs, numbers)) for numbers in each]

    def rows(self) -> Iterator[_Row]:
        return self._rows([standing(self._matched)], 0)

    def _rows(self, places: Sequence[Iterable[Standing]], depth: int) -> Iterator[_Row]:
        """What to tell of a body; of several in which that is the same, it is told once and costs what it does in all.

        What follows is looked for where it is one body.
        """
        alone = len(places) == 1
        found = (
            [each for each in pairs if _is_told(each.pair) or (alone and self._is_notable(each))] for pairs in places
        )
        for _, group in groupby(zip(*found, strict=True), lambda places: _signature(places[0].pair)):
            yield from self._group(list(group), depth)

    def _is_notable(self, place: Standing) -> bool:
        if place.pair.inner is None:
            return False
        return any(abs(more) * _NOTABLE > whole for more, whole in zip(_more(place), self._all, strict=True))

    def _group(self, steps: Sequence[Sequence[Standing]], depth: int) -> Iterator[_Row]:
        """Neighbours with the same to tell, each wherever it stands, and what is inside."""
        pairs, places = [each[0].pair for each in steps], [place for each in steps for place in each]
        first = pairs[0]
        lone = _lone(first.inner)
        sign = SIGNS.get(first.kind or (lone.kind if lone else ""), "" if first.differs else "·")
        what = _what([place.pair for place in places], lone)
        yield _Row(sign, depth, _name(pairs, lone), what, _deltas(places), tuple(_notes(first, lone)))
        if lone is not None:
            places = [each for place in places for each in place.inside() if _is_told(each.pair)]
        if places[0].pair.inner is not None and places[0].pair.inner.differs:
            yield from self._rows([place.inside() for place in places], depth + 1)


def _more(place: Standing) -> tuple[int, int]:
    """How many parameters and multiply-accumulates more there are."""
    ours, theirs = place.costs
    return theirs.trainable - ours.trainable, theirs.macs - ours.macs


def _is_told(pair: Pair) -> bool:
    return pair.differs or pair.follows


def _signature(pair: Pair) -> object:
    """What steps have in common that are told as one."""
    inside: tuple[object, ...] = ()
    if pair.inner is not None and pair.inner.differs:
        inside = tuple((each.step.name, _signature(each)) for each in pair.inner.pairs if each.differs or each.follows)
    told = (change for change in (*pair.changes, *pair.arguments, *pair.followed) if change.name != "name")
    alone = id(pair) if _renamed(pair) else 0
    return pair.kind, pair.follows, pair.step.label, pair.step.run.count, repr(tuple(told)), inside, alone


def _renamed(pair: Pair) -> bool:
    return any(change.name == "name" for change in pair.changes)


def _deltas(places: Sequence[Standing]) -> tuple[str, str]:
    """How many parameters and multiply-accumulates more there are in all places together."""
    ours, theirs = (sum_costs(costs) for costs in zip(*(place.costs for place in places), strict=True))
    return delta(ours.trainable, theirs.trainable), delta(ours.macs, theirs.macs)


def _lone(inner: Matched | None) -> Pair | None:
    """The copies of a repeat, where that is all it is: they are told in its place."""
    if inner is None or not inner.differs or len(inner.pairs) != 1 or inner.after.graph.kind != "repeat":
        return None
    pair = inner.pairs[0]
    return pair if pair.before and pair.after else None


def _name(pairs: Sequence[Pair], lone: Pair | None) -> str:
    names = [_one_name(pair) for pair in pairs]
    if len(names) > _MOST_NAMES:
        names = [names[0], "…", f"{names[-1]} ({len(names)})"]
        return " ".join(names)
    count = (lone or pairs[0]).step.run.count
    return ", ".join(names) + (f" ×{count}" if count > 1 else "")


def _one_name(pair: Pair) -> str:
    if pair.before and pair.after and _renamed(pair):
        return f"{pair.before.name} → {pair.after.name}"
    return pair.step.name


def _what(pairs: Sequence[Pair], lone: Pair | None) -> str:
    """What steps are, where their names do not say it, of what is new or gone the rest, and what all read otherwise."""
    pair = pairs[0]
    step = (lone or pair).step
    label = step.label if step.label not in pair.step.name else ""
    detail = details([kind for each in pairs for kind in each.step.kinds]) if pair.kind in ("added", "removed") else ""
    read = {""} if pair.differs else {_read(each) for each in pairs}
    return " ".join(filter(None, (label, detail, read.pop() if len(read) == 1 else "")))


def _read(pair: Pair) -> str:
    """``out 64 → 128``, or ``reads 64x56x56 → 128x56x56``; nothing where copies read the same or each another."""
    if pair.followed:
        return ", ".join(map(said, pair.followed))
    read = [{kind.typed.inputs_of(kind.node)[0] for kind in side.kinds} for side in (pair.before, pair.after) if side]
    if read[0] == read[1] or any(len(each) > 1 for each in read):
        return ""
    return f"reads {read[0].pop()} → {read[1].pop()}"


def _notes(pair: Pair, lone: Pair | None) -> Iterator[str]:
    changes = [*pair.changes, *(lone.changes if lone else ())]
    yield from (said(change) for change in changes if change.name != "name")
    yield from (f"{said(change)}, which follows" for change in pair.followed if pair.differs)
    if pair.differs and pair.kind != "renamed" and (not changes or pair.inner is not None):
        yield from (said(change) for change in (*pair.arguments, *(lone.arguments if lone else ())))


class _Pen:
    """Writes lines of at most ``width`` columns."""

    def __init__(self, width: int, colour: bool) -> None:
        self._width = width
        self._colour = colour

    def wrapped(self, words: str, style: str = "", indent: int = 0) -> Iterator[str]:
        """``words`` in as many lines as they take."""
        room = self._width - indent
        for number, line in enumerate(wrap(safe(words), room, room - 2)):
            yield self._painted(f"{' ' * (indent + 2 * bool(number))}{line}", style)

    def table(self, rows: Sequence[_Row]) -> Iterator[str]:
        """``rows`` with their numbers right of them, under headings where there are numbers."""
        wide = [max([len(each.deltas[side]) for each in rows]) for side in (0, 1)]
        wide = [max(number, len(heading)) if number else 0 for number, heading in zip(wide, _HEADINGS, strict=True)]
        numbers = sum(number + 2 for number in wide if number)
        longest = max(columns(safe(_words(row))) for row in rows)
        room = max(min(longest, self._width - numbers), 16)
        headings = [heading if number else "" for heading, number in zip(_HEADINGS, wide, strict=True)]
        if any(wide):
            yield self._painted(" " * room + _cells(headings, wide), "faint")
        for row in rows:
            yield from self._row(row, room, wide)

    def _row(self, row: _Row, room: int, wide: Sequence[int]) -> Iterator[str]:
        lead = 2 + 2 * row.depth
        first, *rest = wrap(safe(_words(row)[lead:]), max(room - lead, 12), max(room - lead - 2, 12))
        start = f"{row.sign:2}{' ' * (lead - 2)}{first}"
        gap = " " * max(0, room - columns(start))
        yield self._painted(f"{start}{gap}{_cells(row.deltas, wide)}", row.sign)
        yield from (self._painted(f"{' ' * (lead + 2)}{line}", row.sign) for line in rest)
        for note in row.notes:
            yield from self.wrapped(note, row.sign, lead + 4)

    def totals(self, differences: Differences) -> Iterator[str]:
        """What both cost, and what they give."""
        ours, theirs = differences.before.costs, differences.after.costs
        rows = [
            ("parameters", ours.trainable, theirs.trainable, counted),
            ("MACs", ours.macs, theirs.macs, scaled),
            ("activations", ours.activations, theirs.activations, scaled),
        ]
        for name, one, other, form in rows:
            yield from self.wrapped(f"{name:13}{_total(one, other, form)}")
        before, after = differences.before.network, differences.after.network
        ends = [("output", before.outputs, after.outputs)]
        if not differences.alike:
            ends.insert(0, ("input", before.inputs, after.inputs))
        for word, one, other in ends:
            yield from self._ends(word, one, other)
        if not differences.alike:
            yield from self._ops(*differences.ops)

    def _ends(self, word: str, before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[str]:
        for name in {**before, **after}:
            one, other = (str(each.get(name, "none")) for each in (before, after))
            if one != other:
                yield from self.wrapped(f"{word:13}{name} {one} → {other}")

    def _ops(self, before: Counter[str], after: Counter[str]) -> Iterator[str]:
        """How often each op is called in both, the most frequent first."""
        yield from self.wrapped(f"{'steps':13}{_total(before.total(), after.total(), str)}")
        names = sorted({**before, **after}, key=lambda name: (-max(before[name], after[name]), name))
        yield from self.wrapped(", ".join(f"{name} {before[name]} → {after[name]}" for name in names), indent=13)

    def _painted(self, line: str, style: str) -> str:
        code = _COLOURS.get(style) if self._colour else None
        return f"\033[{code}m{line}\033[0m" if code else line


def _words(row: _Row) -> str:
    lead = 2 + 2 * row.depth
    return f"{row.sign:{lead}}{row.name}{'  ' if row.what else ''}{row.what}"


def _cells(cells: Sequence[str], wide: Sequence[int]) -> str:
    return "".join(f"  {cell:>{number}}" for cell, number in zip(cells, wide, strict=True) if number)


def _total(before: int, after: int, told: Callable[[int], str]) -> str:
    if before == after:
        return f"{told(after)}, unchanged"
    share = f", {100 * (after - before) / before:+.1f} %".replace("-", "−") if before else ""
    return f"{told(before)} → {told(after)}  ({delta(before, after)}{share})"
