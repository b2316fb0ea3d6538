"""Where what stands under the cursor is declared, and where else it is named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lsprotocol import types as lsp

from graphbuilder.lsp.family import family
from graphbuilder.lsp.file import SpecFile
from graphbuilder.lsp.names import (
    arguments_at,
    body_of,
    changed_step,
    name_at,
    names_read,
    owner_of,
    reached,
    siblings,
    within_step,
)
from graphbuilder.lsp.outline import Extent, Item, Key, Keys
from graphbuilder.lsp.reports import location, uri_of
from graphbuilder.spec.overriding import BY_ENTRY

_START = lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0))


def definition(file: SpecFile, offset: int) -> lsp.Location | None:
    """Where the block, step, param, argument or file under the cursor is written; of what a variant overrides, where
    that is declared in what it extends."""
    value = file.outline.at_value(offset)
    if value is not None and value.kind == "text" and value.value[0] < value.value[1]:
        if value.keys == ("extends",):
            return _extended(file)
        keys = _named_by(file, value, offset)
        return _location(file, keys) if keys else None
    key = file.outline.at_key(offset)
    return next(_of_key(file, key.keys), None) if key else None


def _of_key(file: SpecFile, keys: Keys) -> Iterator[lsp.Location]:
    """Where what a key stands for is declared, the nearest first: what it overrides, the argument that it sets, what
    the former is part of."""
    overridden = [file.inherited(each) for each in _overridden(file, keys)]
    locations = [location(file, each.key_span) if each else None for each in overridden]
    declared = [_location(file, each) for each in arguments_at(file, keys)]
    yield from (each for each in (*locations[:1], *declared, *locations[1:]) if each)


def _overridden(file: SpecFile, keys: Keys) -> list[Keys]:
    """What a variant may change at ``keys``, by its path in what it extends, and what that is part of: of what changes
    by entry, up to the entry."""
    step = changed_step(file, keys[:2])
    if step is None and (not {*keys[:1]} & {*BY_ENTRY} or not all(isinstance(key, str) for key in keys)):
        return []
    below = (*step, *keys[2:]) if step else keys
    least = len(step or keys[:2])
    return [below[:length] for length in range(len(below), least - 1, -1)]


def references(file: SpecFile, offset: int, declaration: bool, opened: Iterable[SpecFile] = ()) -> list[lsp.Location]:
    """Where the block, param, argument or let under the cursor is named: in this file, in those that it extends, and
    in those beside it that extend them.

    Args:
        declaration: whether to give where it is declared, too, and overridden.
        opened: what is open in the editor.
    """
    keys = _meant(file, offset)
    if keys is None or not _is_declaration(keys):
        return []
    members, named = family(file, str(keys[-1]), opened), _uses_of if len(keys) == 2 else _uses_in_block
    declared = [_location(file, keys), *(_own(each, keys) for each in members)] if declaration else []
    uses = (lsp.Location(each.uri, each.text.range(*extent)) for each in members for extent in named(each, keys))
    found: list[lsp.Location] = []
    for each in (*declared, *uses):
        found += [each] if each and each not in found else []
    return found


def _is_declaration(keys: Keys) -> bool:
    match keys:
        case ("params" | "blocks", _) | ("blocks", _, "args" | "let", _):
            return True
        case _:
            return False


def _meant(file: SpecFile, offset: int) -> Keys | None:
    """The path to what a text names, or a key declares or sets, at ``offset``."""
    value = file.outline.at_value(offset)
    if value is not None and value.kind == "text":
        return _named_by(file, value, offset)
    key = file.outline.at_key(offset)
    return next(iter(arguments_at(file, key.keys)), key.keys) if key else None


def _uses_of(file: SpecFile, keys: Keys) -> Iterator[Extent]:
    """Where what is declared at ``keys`` is named: a param in all expressions, a block by steps."""
    for item in file.outline.items:
        if keys[0] == "params":
            yield from _readings(file, item, keys[-1])
        elif "use" in item.keys[-2:] and item.kind == "text" and file.outline.value(item.keys) == keys[-1]:
            yield item.value


def _uses_in_block(file: SpecFile, keys: Keys) -> Iterator[Extent]:
    """Where an argument or let is named: in the expressions of its block, and by the steps that set it."""
    for item in file.outline.items:
        if item.key and item.keys[-1:] == keys[-1:] and keys in arguments_at(file, item.keys):
            yield item.key
        home = changed_step(file, item.keys[:2]) or item.keys
        if home[:2] == keys[:2]:
            yield from _readings(file, item, keys[-1])


def _readings(file: SpecFile, item: Item, name: Key) -> Iterator[Extent]:
    """Where an expression reads ``name``."""
    return (extent for read, extent in names_read(file, item) if read == name)


def _named_by(file: SpecFile, item: Item, offset: int) -> Keys | None:
    """The path to what a text names at ``offset``."""
    if file.text.source.startswith("=", item.value[0] + 1):
        named = name_at(file, item, offset)
        return named[0].keys if named else None
    value: Any = file.outline.value(item.keys)
    within = within_step(item.keys)
    words = within.words if within else item.keys[2:]
    match words:
        case ("use",) | ("use", _):
            return ("blocks", value)
        case ("share",) if within:
            return next((each.keys for each in siblings(file, within.step) if each.name == value), None)
        case ("from", *_) | ("outputs", _) | ():
            return _reached(file, item, offset)
        case _:
            return None


def _reached(file: SpecFile, item: Item, offset: int) -> Keys | None:
    """The step that the path under the cursor names, up to the part that it stands on."""
    if item.keys[0] not in ("model", "blocks", "outputs", "steps"):
        return None
    within = within_step(item.keys)
    owner = owner_of(file, item.keys)
    around = siblings(file, within.step) if within else body_of(file, owner)
    start, end = item.value[0] + 1, item.value[1] - item.closed
    stop = file.text.source.find(".", offset, end)
    path = file.text.source[start : stop if stop >= 0 else end]
    found = reached(file, around, path)
    if found is not None:
        return found.keys
    branch = (*owner, "branches", path)
    if file.value(branch) is not None:
        return branch
    return ("inputs", path) if owner == ("model",) and path in file.table("inputs") else None


def _extended(file: SpecFile) -> lsp.Location | None:
    """The file that this one extends, where it is one that may be."""
    written: Any = file.outline.value(("extends",))
    if file.folder is None or not isinstance(written, str):
        return None
    name = str(file.folder / written)
    return lsp.Location(uri_of(name), _START) if name in file.files else None


def _location(file: SpecFile, keys: Keys) -> lsp.Location | None:
    """Where what stands at ``keys`` is written, here or in a file that this one extends; of a table without a line of
    its own, where it begins."""
    own, place = _own(file, keys), file.inherited(keys)
    return own or (location(file, place.key_span) if place else None)


def _own(file: SpecFile, keys: Keys) -> lsp.Location | None:
    """Where ``file`` itself writes what stands at ``keys``."""
    item = file.outline.beginning(keys)
    return lsp.Location(file.uri, file.text.range(*(item.key or item.value))) if item else None
