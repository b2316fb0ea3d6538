"""Where what stands under the cursor is declared, and where else it is named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lsprotocol import types as lsp

from graphbuilder.lsp.file import SpecFile
from graphbuilder.lsp.language import changed_step
from graphbuilder.lsp.names import body_of, reached, scope, siblings, within_step
from graphbuilder.lsp.outline import Item, Keys
from graphbuilder.lsp.reports import location, uri_of
from graphbuilder.spec.overriding import BY_ENTRY

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
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
    return _overridden(file, key.keys) if key else None


def _overridden(file: SpecFile, keys: Keys) -> lsp.Location | None:
    """Where what a variant changes at ``keys`` is declared: what changes by entry, in the entry that it is part of."""
    step = changed_step(file, keys[:2])
    if step is None and (not {*keys[:1]} & {*BY_ENTRY} or not all(isinstance(key, str) for key in keys)):
        return None
    below = (*step, *keys[2:]) if step else keys
    least = len(step or keys[:2])
    places = (file.inherited(below[:length]) for length in range(len(below), least - 1, -1))
    place = next((each for each in places if each), None)
    return location(file, place.key_span) if place else None


def references(file: SpecFile, offset: int, declaration: bool) -> list[lsp.Location]:
    """Where the block, param or argument under the cursor is named in this file."""
    keys = _meant(file, offset)
    if keys is None or not (keys[:1] == ("params",) or keys[:1] == ("blocks",)):
        return []
    own = _location(file, keys) if declaration else None
    return [*([own] if own else []), *_uses_of(file, keys)]


def _meant(file: SpecFile, offset: int) -> Keys | None:
    """The path to what a text names, or a key declares, at ``offset``."""
    value = file.outline.at_value(offset)
    if value is not None and value.kind == "text":
        return _named_by(file, value, offset)
    key = file.outline.at_key(offset)
    return key.keys if key else None


def _uses_of(file: SpecFile, keys: Keys) -> Iterator[lsp.Location]:
    name = str(keys[-1])
    for item in file.outline.items:
        if item.kind != "text":
            continue
        if len(keys) == 2 and keys[0] == "blocks":
            if "use" in item.keys[-2:] and file.outline.value(item.keys) == name:
                yield lsp.Location(file.uri, file.text.range(*item.value))
        elif keys[0] == "params" or item.keys[:2] == keys[:2]:
            yield from _in_expression(file, item, name)


def _in_expression(file: SpecFile, item: Item, name: str) -> Iterator[lsp.Location]:
    if not file.text.source.startswith("=", item.value[0] + 1):
        return
    for found in _NAME.finditer(file.text.source, *item.value):
        if found.group() == name:
            yield lsp.Location(file.uri, file.text.range(*found.span()))


def _named_by(file: SpecFile, item: Item, offset: int) -> Keys | None:
    """The path to what a text names at ``offset``."""
    if file.text.source.startswith("=", item.value[0] + 1):
        return _read(file, item, offset)
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


def _read(file: SpecFile, item: Item, offset: int) -> Keys | None:
    """Where the name of an expression is declared."""
    for found in _NAME.finditer(file.text.source, *item.value):
        if found.start() <= offset <= found.end():
            meanings = (each.keys for each in scope(file, item.keys) if each.name == found.group())
            return next(meanings, None)
    return None


def _reached(file: SpecFile, item: Item, offset: int) -> Keys | None:
    """The step that the path under the cursor names, up to the part that it stands on."""
    if item.keys[0] not in ("model", "blocks", "outputs", "steps"):
        return None
    within = within_step(item.keys)
    owner: Keys = item.keys[:2] if item.keys[0] == "blocks" else ("model",)
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
    """Where what stands at ``keys`` is written, here or in a file that this one extends."""
    item = file.outline.by_keys.get(keys)
    if item is not None:
        return lsp.Location(file.uri, file.text.range(*(item.key or item.value)))
    place = file.inherited(keys)
    return location(file, place.key_span) if place else None
