"""Blocks of a variant that replace the inherited one whole and leave out arguments or lets of it that are still read.

Each such block is told once, and what it leaves out stands in for the rest of the run: else every expression that reads
such a name, and every step that gives it, would be told instead. A block that leaves out what nobody reads is sound.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, cast

from graphbuilder.diagnostics import Diagnostic, Label, Remedy, Sink
from graphbuilder.diagnostics.catalogue.grammar import BlockReplaced
from graphbuilder.document import Document, Place
from graphbuilder.spec.expressions import ExpressionError, free_names, parse
from graphbuilder.spec.mending import Mending
from graphbuilder.spec.merged import Merged, longer, own
from graphbuilder.spec.names import FACTS, SCOPE, STEP_WORDS, types_of
from graphbuilder.spec.raw import as_table, is_formula
from graphbuilder.spec.unknown import POISON

_BODIES = ("before", "body", "after", "shortcut")

# By the word of the block, `args` and `let`, what it leaves out: the names with where they stand.
Lost = dict[str, dict[str, Place]]


class _Around(NamedTuple):
    """What every block may read, and for each block the arguments that steps give it."""

    names: frozenset[str]
    given: Mapping[str, set[str]]


class _Replaced(NamedTuple):
    """A block that replaces another: its values, where it stands, and where the inherited one does."""

    name: str
    block: dict[str, Any]
    place: Place
    inherited: Place


def restore_arguments(document: Document, mending: Mending, sink: Sink) -> None:
    """Report what blocks of ``document`` leave out of those that they replace, and put it back into ``mending``."""
    replaced = list(_replaced(document, mending.data))
    around = _around(mending.data if replaced else {})
    for each in replaced:
        lost = _lost(each, around)
        if not lost:
            continue
        sink.add(_diagnostic(document, each, lost))
        for word, places in lost.items():
            table = _settled(each, around) if word == "args" else each.block.get(word, {})
            # Lets are computed in the order written, and those of the variant may read the inherited ones.
            mending.put(("blocks", each.name, word), {**{name: _value(at) for name, at in places.items()}, **table})


def _settled(each: _Replaced, around: _Around) -> dict[str, Any]:
    """The block's own arguments; steps that give the inherited ones are not told to give others in their place."""
    given = around.given.get(each.name, ())
    own = as_table(each.block.get("args"))
    return {name: POISON if types_of(value) and name not in given else value for name, value in own.items()}


def _replaced(document: Document, data: Mapping[str, Any]) -> Iterator[_Replaced]:
    for name, block in as_table(data.get("blocks")).items():
        inherited = _inherited(document, name)
        tables = [cast("dict[str, Any]", block).get(word, {}) for word in ("args", "let")] if _is_table(block) else []
        if inherited and tables and all(map(_is_table, tables)):
            yield _Replaced(name, block, Place(document, ("blocks", name)), inherited)


def _inherited(document: Document, name: str) -> Place | None:
    """The block that the one called ``name`` replaces; None where it is the first, or changes words of another."""
    while isinstance(document, Merged):
        written = as_table(document.child.data.get("blocks")).get(name)
        if {"body", "branches"} & as_table(written).keys():
            there = _is_table(as_table(document.parent.data.get("blocks")).get(name))
            return Place(document.parent, ("blocks", name)) if there else None
        document = document.parent
    return None


def _lost(each: _Replaced, around: _Around) -> Lost:
    """What of the inherited arguments and lets the block reads, or steps give it, and no longer has."""
    written = cast("Mapping[str, Any]", each.inherited.value)
    args, lets = (as_table(written.get(word)) for word in ("args", "let"))
    own = _known(each.block)

    def new(names: Iterable[str]) -> set[str]:
        return {name for name in names if name not in own and name not in around.names}

    read = new(free_names(each.block))
    kept = new(_with_what_they_read(lets, read))
    read |= new(free_names([_value(each.inherited / "let" / name) for name in kept]))
    wanted = read | new(around.given.get(each.name, ()))
    rows = {
        "args": {name: each.inherited / "args" / name for name in args if name in wanted},
        "let": {name: each.inherited / "let" / name for name in lets if name in kept},
    }
    return {word: places for word, places in rows.items() if places}


def _around(data: Mapping[str, Any]) -> _Around:
    given: dict[str, set[str]] = {}
    for step in _steps(data):
        words = [word for word in step if word not in STEP_WORDS]
        for name in _blocks_of(step) if words else ():
            given.setdefault(name, set()).update(words)
    return _Around(frozenset((*as_table(data.get("params")), *SCOPE)), given)


def _known(block: Mapping[str, Any]) -> set[str]:
    """What an expression of the block may read, besides what every block may."""
    inputs = cast("list[Any]", block["inputs"]) if isinstance(block.get("inputs"), list) else []
    facts = {f"{name}_{fact}" for name in inputs for fact in FACTS}
    return {*as_table(block.get("args")), *as_table(block.get("let")), *facts}


def _with_what_they_read(lets: Mapping[str, Any], names: Collection[str]) -> set[str]:
    """The lets of these ``names``, and those that they read in turn."""
    found: set[str] = set()
    pending = [name for name in names if name in lets]
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += [each for each in free_names(_read(lets[name])) if each in lets]
    return found


def _blocks_of(step: Mapping[str, Any]) -> set[str]:
    used = step.get("use")
    return {each for each in (cast("list[Any]", used) if isinstance(used, list) else [used]) if isinstance(each, str)}


def _steps(data: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every step of the file that is a table."""
    bodies: list[Any] = [as_table(data.get("model")).get("body")]
    for block in map(as_table, as_table(data.get("blocks")).values()):
        bodies += [*(block.get(word) for word in _BODIES), *as_table(block.get("branches")).values()]
    for body in bodies:
        yield from filter(_is_table, cast("list[Any]", body) if isinstance(body, list) else [])


def _diagnostic(document: Document, each: _Replaced, lost: Lost) -> Diagnostic:
    what = " and ".join(f"its `{word}` {', '.join(places)}" for word, places in lost.items())
    message = f"the block `{each.name}` replaces the inherited one whole, and leaves out {what}"
    label = Label(_origin(each.inherited).key_span, "the inherited block has them")
    pairs = {word: [f"{name} = {_origin(at).span.text}" for name, at in rows.items()] for word, rows in lost.items()}
    tables = ", ".join(f"{word} = {{ {', '.join(rows)} }}" for word, rows in pairs.items())
    help_ = f"write them here, too: {tables}"
    untried = tuple(_edit(each, pairs, help_))
    return BlockReplaced.at(each.place.key_span, message, related=(label,), help=help_, untried=untried)


def _edit(each: _Replaced, pairs: Mapping[str, list[str]], help_: str) -> Iterator[Remedy]:
    """All of it written, where one edit can."""
    there = [word for word in pairs if word in each.block]
    place = own(each.place / there[0] if there else each.place)
    if place is None or (there and len(pairs) > 1):
        return
    edited = place.span.text
    for pair in pairs[there[0]] if there else [f"{word} = {{ {', '.join(rows)} }}" for word, rows in pairs.items()]:
        edited = longer(edited, pair)
    yield Remedy(help_, place.span, edited)


def _origin(place: Place) -> Place:
    return place.document.origin(place.keys) if isinstance(place.document, Merged) else place


def _value(place: Place) -> Any:
    return _read(place.value)


def _read(value: Any) -> Any:
    """``value`` with its expressions read; one that cannot be is not known."""
    if isinstance(value, list):
        return [_read(item) for item in cast("list[Any]", value)]
    if not is_formula(value):
        return value
    try:
        return parse(value)
    except ExpressionError:
        return POISON


def _is_table(value: object) -> bool:
    return isinstance(value, dict)
