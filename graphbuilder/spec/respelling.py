"""Misspelt keys of the grammar, reported and then read as the keys that they are near to; blocks that stand among the
tables of the file, `[stem]` for `[blocks.stem]`; and keys of the file that stand in a table, below its header.

So a ``[parms]`` costs one error, and not one more for each param that expressions then lack. A key is read as another
only where that other is not there and takes such a value. One that is near to none is read as what is missing, where
its value says that it is that: a list of steps as the ``body``. Arguments, names and the words of steps
are no keys of the grammar's own, and are left to those who know them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, cast

from graphbuilder.diagnostics import Meant, Sink, Span
from graphbuilder.diagnostics.catalogue.grammar import UnknownKey
from graphbuilder.diagnostics.nearest import nearest
from graphbuilder.document import Document
from graphbuilder.spec.above import with_params_above
from graphbuilder.spec.headers import with_headers
from graphbuilder.spec.merged import Keys
from graphbuilder.spec.nested import with_tables_apart
from graphbuilder.spec.parted import used_blocks
from graphbuilder.spec.raw import is_formula
from graphbuilder.spec.validation import keys_of, known_keys, unknown_key

# What the keys take that take no table.
_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "after": list,
    "before": list,
    "body": list,
    "choices": list,
    "default": (bool, int, float, str, list),
    "dialect": str,
    "extends": str,
    "format": int,
    "from": str,
    "inputs": (dict, list),
    "layout": str,
    "max": (int, float),
    "merge": str,
    "min": (int, float),
    "name": str,
    "outputs": (dict, list),
    "shape": list,
    "shortcut": (str, list),
    "shortcut_when": (bool, str),
    "title": str,
    "training": bool,
    "by_name": bool,
}


# Of the keys that a table does not know, those that are looked at: more of them are no slips.
_STRANGERS = 100
# What stands alone at the top of a file, and what of it cannot be missing.
_NEEDED_ALONE = ("format", "name")
_ALONE = (*_NEEDED_ALONE, "title", "dialect", "extends")


@dataclass(frozen=True, eq=False)
class Respelt(Document):
    """A document with some keys spelt right.

    Attributes:
        written: the document as it stands.
        names: for the path of a key spelt right, the path of the key as written.
    """

    written: Document
    names: Mapping[Keys, Keys] = field(repr=False)

    def _as_written(self, keys: Keys) -> Keys:
        for length in range(len(keys), 0, -1):
            if found := self.names.get(keys[:length]):
                return (*found, *keys[length:])
        return keys

    def span(self, keys: Keys) -> Span:
        return self.written.span(self._as_written(keys))

    def key_span(self, keys: Keys) -> Span:
        return self.written.key_span(self._as_written(keys))


def respelt(document: Document, sink: Sink) -> Document:
    """``document`` itself, or with its misspelt keys, each reported, as what they are near to."""
    names: dict[Keys, Keys] = {}
    data = with_tables_apart(document, _with_blocks(document, sink, names), sink, names)
    data = with_headers(document, data, sink, names)
    data = with_params_above(document, data, sink, names)
    data = _table(document, sink, (), (), _in_one(document, data, sink, names), names)
    for keys in list(_strays(data)):
        data = _at_home(document, sink, keys, data, names)
    for table in ("blocks", "inputs", "outputs", "params", "model"):
        if not isinstance(data.get(table), dict):
            continue
        for keys, written, inner in list(_inner(data, table, names)):
            spelt = _table(document, sink, keys, written, inner, names)
            if spelt is not inner:
                data = _replaced(data, keys, spelt)
    if data is document.data:
        return document
    return Respelt(document.source, data, document, names, unread=document.unread, unfinished=document.unfinished)


def _in_one(document: Document, data: dict[str, Any], sink: Sink, names: dict[Keys, Keys]) -> dict[str, Any]:
    """``data`` with what stands below a misspelt name of a table that is there, too, in that, each name reported."""
    known = keys_of(document, ())
    strangers = (key for key, value in data.items() if key not in known and isinstance(value, dict))
    for key in list(islice(strangers, _STRANGERS)):
        near = nearest(key, known)
        if near is None or not isinstance(data.get(near), dict) or not data[near].keys().isdisjoint(data[key]):
            continue
        sink.add(unknown_key(document, (key,), ()))
        names.update(((near, name), (key, name)) for name in data[key])
        rest = {name: value for name, value in data.items() if name != key}
        data = {**rest, near: {**data[near], **data[key]}}
    return data


def _with_blocks(document: Document, sink: Sink, names: dict[Keys, Keys]) -> dict[str, Any]:
    """The values of ``document``, its tables that are none but blocks among the blocks, each reported."""
    known = known_keys(())
    strangers = [key for key in document.data if key not in known and isinstance(document.data[key], dict)]
    tables: dict[str, dict[str, Any]] = {key: document.data[key] for key in strangers}
    blocks = document.data.get("blocks", {})
    if not tables or not isinstance(blocks, dict):
        return document.data
    used = {*used_blocks(document.data)}.difference(cast("dict[str, object]", blocks))
    found = dict[str, Any]()
    for key, value in tables.items():
        if key not in used and not _is_block(key, value, document):
            continue
        help_ = Meant((f"blocks.{key}",), "write [{}]", quote="")
        message = f"a spec has no key `{key}`, and this is a block"
        sink.add(UnknownKey.at(document.key_span((key,)), message, help=help_))
        names["blocks", key] = (key,)
        found[key] = value
    rest = {key: value for key, value in document.data.items() if key not in found}
    return {**rest, "blocks": {**blocks, **found}} if found else document.data


def _is_block(key: str, table: Mapping[str, Any], document: Document) -> bool:
    """Whether a table of the file, which no step uses by its name, is a block, and none of the file's own tables."""
    if "model" not in document.data and "extends" not in document.data:
        return False
    return _is_body(table.get("body")) and nearest(key, keys_of(document, ())) is None


def _strays(data: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """The paths of keys that only the file has, in tables that take none of their name and no such value."""
    for keys, table in _tables(data):
        is_stray = _OF_ANY_NAME.get(keys[0], _is_none_of)
        yield from ((*keys, key) for key in table if _fits(key, table[key]) and is_stray(data, keys, key, table[key]))


def _is_none_of(data: Mapping[str, Any], keys: tuple[str, ...], key: str, value: object) -> bool:
    """Whether a key of the file is none of a table that has its own."""
    return key in _ALONE and key not in known_keys(keys)


def _is_no_param(data: Mapping[str, Any], keys: tuple[str, ...], key: str, value: object) -> bool:
    """Whether a key of the file is no param: it is a table that declares none, or nothing reads it. What is inherited
    may."""
    if key not in known_keys(()):
        return False
    if isinstance(value, dict):
        return {*known_keys(("params", key))}.isdisjoint(cast("dict[str, object]", value))
    return key in _NEEDED_ALONE or (
        key in _ALONE and "extends" not in data and not _reads(data, re.compile(rf"\b{key}\b"))
    )


def _is_no_output(data: Mapping[str, Any], keys: tuple[str, ...], key: str, value: object) -> bool:
    """Whether a key of the file is no output: it names no step. What is inherited may."""
    if key not in _ALONE or not isinstance(value, str) or "extends" in data:
        return key in _NEEDED_ALONE
    model = data.get("model")
    steps = cast("dict[str, Any]", model).get("body") if isinstance(model, dict) else None
    rows = [cast("dict[str, Any]", row) for row in cast("list[Any]", steps or ()) if isinstance(row, dict)]
    return key in _NEEDED_ALONE or value.partition(".")[0] not in {
        row.get(word) for row in rows for word in ("id", "op", "use") if isinstance(row.get(word), str)
    }


# Where names are free.
_OF_ANY_NAME = {"params": _is_no_param, "outputs": _is_no_output}


def _reads(value: object, word: re.Pattern[str]) -> bool:
    """Whether an expression in ``value`` has ``word``."""
    if is_formula(value):
        return word.search(value) is not None
    if isinstance(value, dict):
        return any(_reads(each, word) for each in cast("dict[str, object]", value).values())
    return isinstance(value, list) and any(_reads(each, word) for each in cast("list[object]", value))


def _tables(data: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    for name, table in data.items():
        if not isinstance(table, dict):
            continue
        yield (name,), cast("dict[str, Any]", table)
        for inner, block in cast("dict[str, Any]", table).items() if name == "blocks" else ():
            if isinstance(block, dict):
                yield (name, inner), cast("dict[str, Any]", block)


def _at_home(
    document: Document, sink: Sink, keys: tuple[str, ...], data: dict[str, Any], names: dict[Keys, Keys]
) -> dict[str, Any]:
    """``data`` with the stray at ``keys``, which is reported, as the key of the file."""
    *table, key = keys
    if key in data:
        return data
    written = (*names.get((table[0],), (table[0],)), *keys[1:])
    message = f"`{key}` is a key of the file, and stands in `[{'.'.join(map(str, written[:-1]))}]`"
    sink.add(UnknownKey.at(document.key_span(written), message, help=f"write `{key}` above the first `[...]`"))
    names[key,] = written
    holder, value = _without(data, keys)
    return {**holder, key: value}


def _without(data: Mapping[str, Any], keys: Sequence[str]) -> tuple[dict[str, Any], Any]:
    """A copy of ``data`` without what stands at ``keys``, and that."""
    first, *rest = keys
    if not rest:
        return {key: value for key, value in data.items() if key != first}, data[first]
    inner, value = _without(data[first], rest)
    return {**data, first: inner}, value


def _inner(
    data: Mapping[str, Any], table: str, names: Mapping[Keys, Keys]
) -> Iterator[tuple[Keys, Keys, dict[str, Any]]]:
    """The tables with keys of the grammar under ``table``: their paths as read and as written."""
    written = names.get((table,), (table,))
    if table == "model":
        yield (table,), written, data[table]
        return
    for name, inner in data[table].items():
        if isinstance(inner, dict):
            yield (table, name), names.get((table, name), (*written, name)), cast("dict[str, Any]", inner)


def _table(
    document: Document, sink: Sink, keys: Keys, written: Keys, table: dict[str, Any], names: dict[Keys, Keys]
) -> dict[str, Any]:
    """``table`` with its misspelt keys as what they are near to; itself when there are none."""
    known = keys_of(document, keys)
    if table.keys() <= {*known}:
        return table
    spelt: dict[str, Any] = {}
    strangers = {*islice((key for key in table if key not in known), _STRANGERS)}
    for key, value in table.items():
        near = (nearest(key, known) or _missing(known, table, value)) if key in strangers else None
        if near is None or near == key or near in table or near in spelt or not _fits(near, value):
            spelt[key] = value
            continue
        sink.add(unknown_key(document, (*written, key), keys))
        names[*keys, near] = (*written, key)
        spelt[near] = value
    return spelt if spelt.keys() != table.keys() else table


def _missing(known: Sequence[str], table: Mapping[str, Any], value: object) -> str | None:
    """The key that ``table`` cannot do without and lacks, where ``value`` is what it takes."""
    lacking = (key for key in _NEEDED if key in known and key not in table)
    found = next((key for key in lacking if _NEEDED[key](value)), None)
    return None if found == "body" and "branches" in table else found


def _is_body(value: object) -> bool:
    rows = cast("list[object]", value) if isinstance(value, list) else []
    return bool(rows) and all(isinstance(row, dict) and {"op", "use", "share"} & row.keys() for row in rows)


def _is_shape(value: object) -> bool:
    return isinstance(value, list) and all(type(size) in (int, str) for size in cast("list[object]", value))


def _is_model(value: object) -> bool:
    return isinstance(value, dict) and _is_body(cast("dict[str, object]", value).get("body"))


# What cannot be missing, and how its value is known.
_NEEDED: Mapping[str, Callable[[object], bool]] = {"body": _is_body, "shape": _is_shape, "model": _is_model}


def _fits(key: str, value: object) -> bool:
    return isinstance(value, _KINDS.get(key, dict))


def _replaced(data: dict[str, Any], keys: Keys, value: dict[str, Any]) -> dict[str, Any]:
    """A copy of ``data`` with ``value`` at ``keys``."""
    if not keys:
        return value
    key = cast("str", keys[0])
    return {**data, key: _replaced(data[key], keys[1:], value)}
