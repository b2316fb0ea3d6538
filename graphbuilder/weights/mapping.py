"""Mapping files: whose names a weights file has, and what they are here.

```toml
format = 1
source = "keras"
ignore = ["optimizer/*"]

[rules]
"block{b:5..12}_sepconv{s}" = "middle.{b-5}.unit.{s-1}.sepconv"
```

A rule names a layer, whose tensors follow by themselves, or one tensor. ``"{query+key+value}" = "qkv"`` joins several
of theirs along the first axis as torch has it, and ``"qkv" = "{query+key+value}"`` parts one. ``extends`` takes over
the rules of another mapping in the same folder, ``within`` says below which of the file's layers those now lie,
``under`` below which of our steps, and ``false`` drops one. Rules have no order.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from graphbuilder.diagnostics import CompileError, Sink
from graphbuilder.diagnostics.catalogue.weights import MappingInvalid
from graphbuilder.diagnostics.nearest import meant
from graphbuilder.diagnostics.words import must_either
from graphbuilder.document import Document, Place, load
from graphbuilder.weights.checkpoint import Convention
from graphbuilder.weights.patterns import (
    ZEROS,
    Numbers,
    Pattern,
    PatternError,
    Template,
    glob,
    pattern,
    pieces,
    template,
)

SEPARATORS: Mapping[Convention, str] = {"keras": "/", "torch": "."}

_MAX_DEPTH = 8


@dataclass(frozen=True)
class Rename:
    """One rule: their layer or tensor, and ours.

    Attributes:
        text: the left side, as it was written.
        theirs: one, or those that are joined, in that order; None is zeros.
        ours: one, or those that share theirs, in that order.
    """

    text: str
    theirs: tuple[Pattern | None, ...]
    ours: tuple[Template, ...]
    place: Place

    def match(self, name: str) -> tuple[int, Numbers] | None:
        """Which of ``theirs`` the name is, with the numbers in it; None where it is none."""
        found = ((number, left.match(name)) for number, left in enumerate(self.theirs) if left)
        return next(((number, numbers) for number, numbers in found if numbers is not None), None)


class Written(NamedTuple):
    """A rule that matches a name, which of those it joins that is, and what it makes of it."""

    rule: Rename
    number: int
    places: tuple[str, ...]


@dataclass(frozen=True)
class NameMapping:
    """A mapping file together with what it extends.

    Attributes:
        path: the file.
        source: whose names it renames.
        rules: every rule that holds, by its left side as it was written.
        ignore: what of a weights file is left out on purpose.
    """

    path: Path
    source: Convention
    rules: Mapping[str, Rename]
    ignore: tuple[re.Pattern[str], ...]

    def ignores(self, name: str) -> bool:
        return any(glob_.fullmatch(name) for glob_ in self.ignore)

    def written(self, name: str) -> list[Written]:
        """What the rules that match ``name`` make of it, in their order."""
        near = {at: rule for length in self._lengths for at, rule in self._by_heads.get(name[:length], ())}
        matched = ((rule, rule.match(name)) for _, rule in sorted(near.items(), key=lambda each: each[0]))
        return [
            Written(rule, found[0], tuple(each.write(found[1]) for each in rule.ours))
            for rule, found in matched
            if found
        ]

    @cached_property
    def _by_heads(self) -> Mapping[str, Sequence[tuple[int, Rename]]]:
        """The rules, counted, by what a name that they match begins with: a file may have very many names."""
        found: dict[str, list[tuple[int, Rename]]] = defaultdict(list)
        for at, rule in enumerate(self.rules.values()):
            for head in {left.head for left in rule.theirs if left}:
                found[head].append((at, rule))
        return found

    @cached_property
    def _lengths(self) -> Sequence[int]:
        return [*{len(head) for head in self._by_heads}]


class _File(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    format: Literal[1]
    source: Convention
    extends: str | None = None
    within: str | None = None
    under: str | None = None
    ignore: list[str] = []
    rules: dict[str, str | Literal[False]] = {}


def load_mapping(path: str | Path) -> NameMapping:
    """The mapping file at ``path``.

    Raises:
        CompileError: GB405 for what is wrong in it, and what ``document.load`` raises.
    """
    return _load(Path(path), _MAX_DEPTH)


def _load(path: Path, depth: int) -> NameMapping:
    document = load(path)
    file = _validated(document)
    sink = Sink()
    base = _base(path, document, file, depth, sink)
    written = dict(_rules(document, file, sink))
    for text in [text for text, ours in file.rules.items() if ours is False and text not in base.rules]:
        remedy = _within(text, base, file) or meant(
            text, base.rules, "only a rule of an extended mapping can be dropped", form='"{}"'
        )
        sink.add(MappingInvalid.at(document.key_span(("rules", text)), f'no rule "{text}" to drop', help=remedy))
    sink.raise_if_failed()
    kept = {text: rule for text, rule in base.rules.items() if text not in file.rules}
    return NameMapping(path, file.source, {**kept, **written}, (*base.ignore, *map(glob, file.ignore)))


def _within(text: str, base: NameMapping, file: _File) -> str | None:
    """A remedy where ``text`` is the left side of a rule as it is in the extended file, not as it is moved."""
    below = f"{file.within}{SEPARATORS[file.source]}{text}"
    return f'`within` has moved the rules that are taken over: write "{below}" = false' if below in base.rules else None


def _validated(document: Document) -> _File:
    try:
        return _File.model_validate(document.data)
    except ValidationError as error:
        faults = error.errors(include_url=False)
    by_keys: dict[tuple[str | int, ...], list[ErrorDetails]] = {}
    for fault in faults:
        by_keys.setdefault(fault["loc"][:2], []).append(fault)
    found = {keys: f"{'.'.join(map(str, keys))}: {must_either(faults)}" for keys, faults in by_keys.items()}
    remedy = f"`graphbuilder explain {MappingInvalid.code}` tells what a mapping says"
    raise CompileError(
        tuple(MappingInvalid.at(document.span(keys), message, help=remedy) for keys, message in found.items())
    )


def _base(path: Path, document: Document, file: _File, depth: int, sink: Sink) -> NameMapping:
    """What ``file`` extends, its rules moved below ``within``; without ``extends``, a mapping with no rules."""
    nothing = NameMapping(path, file.source, {}, ())
    if file.extends is None:
        for word in [word for word in ("within", "under") if getattr(file, word) is not None]:
            message, help_ = f"{word} moves the rules of what the file extends", "leave it out, or add `extends`"
            sink.add(MappingInvalid.at(document.key_span((word,)), message, help=help_))
        return nothing
    refused = _refused_base(path, file.extends, depth)
    if refused:
        message, help_ = refused
        sink.add(MappingInvalid.at(document.span(("extends",)), message, help=help_))
        return nothing
    base = _load(path.parent / file.extends, depth - 1)
    if base.source != file.source:
        message = f'{file.extends} has source = "{base.source}", and this file "{file.source}"'
        help_ = f'extend a mapping with source = "{file.source}"'
        sink.add(MappingInvalid.at(document.span(("source",)), message, help=help_))
        return nothing
    found = base
    moves = (("within", file.within, moved), ("under", file.under, _lowered))
    for word, given, move in [row for row in moves if row[1] is not None]:
        try:
            found = move(found, str(given))
        except PatternError as error:
            sink.add(MappingInvalid.at(document.span((word,)), str(error), help=error.help))
            return nothing
    return found


def _refused_base(path: Path, name: str, depth: int) -> tuple[str, str] | None:
    """Why a mapping cannot extend the file ``name``, and what to do."""
    if Path(name).name != name:
        return "extends names a file in the same folder", "move that mapping here, and write its name alone"
    if depth == 0:
        return f"more than {_MAX_DEPTH} mappings extend each other", "extend one nearer to the first"
    return None


def moved(base: NameMapping, within: str) -> NameMapping:
    """The mapping for a file in which all that it names lies below ``within``.

    Raises:
        PatternError: ``within`` has a brace that is no placeholder.
    """
    below = {f"{within}{SEPARATORS[base.source]}{text}": rule for text, rule in base.rules.items()}
    return replace(base, rules={text: replace(rule, text=text, theirs=_left(text)) for text, rule in below.items()})


def _lowered(base: NameMapping, under: str) -> NameMapping:
    def lowered(rule: Rename) -> Rename:
        known = _placeholders(rule.theirs)
        return replace(rule, ours=tuple(template(f"{under}.{each.text}", known) for each in rule.ours))

    return replace(base, rules={text: lowered(rule) for text, rule in base.rules.items()})


def _rules(document: Document, file: _File, sink: Sink) -> Iterator[tuple[str, Rename]]:
    for theirs, ours in file.rules.items():
        if ours is False:
            continue
        place = Place(document, ("rules", theirs))
        try:
            left = _left(theirs)
        except PatternError as error:
            sink.add(MappingInvalid.at(place.key_span, str(error), help=error.help))
            continue
        try:
            yield theirs, Rename(theirs, left, _right(ours, left), place)
        except PatternError as error:
            sink.add(MappingInvalid.at(place.span, str(error), help=error.help))


def _left(text: str) -> tuple[Pattern | None, ...]:
    """The left side of a rule: one pattern, or those whose tensors are joined."""
    return tuple(None if word == ZEROS else pattern(each) for word, each in pieces(text).items())


def _right(text: str, left: tuple[Pattern | None, ...]) -> tuple[Template, ...]:
    """The right side of a rule with that ``left`` side: one template, or those that share a tensor."""
    found = tuple(template(each, _placeholders(left)) for each in pieces(text).values())
    if len(left) > 1 and len(found) > 1:
        help_ = "`{p:q|k}` on the left and `{p:query|key}` on the right rename one by one"
        raise PatternError("both sides have `+`: several are joined into one, or one is parted into several", help_)
    return found


def _placeholders(left: tuple[Pattern | None, ...]) -> Pattern:
    """A pattern of a left side, for the placeholders that all have; at least one is no zeros."""
    return next(each for each in left if each)
