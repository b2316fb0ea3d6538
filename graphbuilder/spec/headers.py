"""Tables whose headers are missing: what was written below one stands in the table above it, or in none, and is read
as of its own. It is told once, at the first of its keys.

Only a table that is not there can be missed, and only where what stands elsewhere can be of it alone: params are plain
and are read, an input has sizes, a default is a table of an op, a body is a list of steps.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple, cast

from graphbuilder.diagnostics import Remedy, Sink
from graphbuilder.diagnostics.catalogue.grammar import UnknownKey
from graphbuilder.document import Document
from graphbuilder.spec.merged import EXTENSION_KEYS, Keys
from graphbuilder.spec.validation import known_keys

_NAMES = re.compile(r"[A-Za-z_]\w*")

_Table = Mapping[str, Any]


class _Mentions:
    """The names that expressions read, and the ops that steps run, looked for where something may be astray."""

    def __init__(self, data: _Table) -> None:
        self._data = data

    @cached_property
    def names(self) -> set[str]:
        return set(_read(self._data))

    @cached_property
    def ops(self) -> set[str]:
        return set(_run(self._data))


class _Missing(NamedTuple):
    """A table that may be missing, what is written above it, and whether a key and its value are of it."""

    table: str
    above: tuple[str, ...]
    holds: Callable[[str, object, _Mentions], bool]
    all_together: bool = False


def with_headers(document: Document, data: dict[str, Any], sink: Sink, names: dict[Keys, Keys]) -> dict[str, Any]:
    """``data`` with the tables whose headers are missing, each reported; ``names`` is told of every key's place."""
    mentions = _Mentions(data)
    for missing in _MISSING[:1] if EXTENSION_KEYS[0] in data else _MISSING:  # the others may be inherited
        if missing.table in data:
            continue
        for above in missing.above:
            found = _strays(data, above, missing, mentions)
            if found:
                data = _moved(document, data, above, missing.table, found, sink, names)
                break
    return data


def _strays(data: _Table, above: str, missing: _Missing, mentions: _Mentions) -> _Table:
    """What stands in the table ``above``, or in none, and is of the one that is missing."""
    there = data if not above else data.get(above)
    known = known_keys(()) if not above else ()
    rows = cast("_Table", there).items() if isinstance(there, dict) else ()
    strays = {key: value for key, value in rows if key not in known}
    found = {key: value for key, value in strays.items() if missing.holds(key, value, mentions)}
    if not missing.all_together or not (found or EXTENSION_KEYS[0] in data):
        return found
    return {key: value for key, value in strays.items() if _is_plain(value)}


def _moved(
    document: Document,
    data: dict[str, Any],
    above: str,
    table: str,
    found: _Table,
    sink: Sink,
    names: dict[Keys, Keys],
) -> dict[str, Any]:
    old: Keys = (above,) if above else ()
    first = next(iter(found))
    where = f"`{above}`" if above else "a spec"
    message = f"{where} has no key `{first}`, and this is of `[{table}]`"
    span, help_ = document.key_span((*old, first)), f"write [{table}] above it"
    remedy = Remedy(help_, span, f"[{table}]\n{span.text}")
    sink.add(UnknownKey.at(span, message, help=help_, untried=(remedy,)))
    names.update(((table, key), (*old, key)) for key in found)
    names[table,] = (*old, first)
    if not above:
        return {**{key: value for key, value in data.items() if key not in found}, table: dict(found)}
    left = {key: value for key, value in data[above].items() if key not in found}
    return {**data, above: left, table: dict(found)}


def _read(value: object) -> Iterator[str]:
    """The names in all expressions."""
    if isinstance(value, str) and value.startswith("="):
        yield from _NAMES.findall(value)
    elif isinstance(value, dict | list):
        items = cast("_Table", value).values() if isinstance(value, dict) else cast("list[object]", value)
        yield from (name for item in items for name in _read(item))


def _run(value: object) -> Iterator[str]:
    """The ops of all steps."""
    if isinstance(value, dict):
        table = cast("_Table", value)
        yield from (table["op"],) if isinstance(table.get("op"), str) else ()
        yield from (op for item in table.values() for op in _run(item))
    elif isinstance(value, list):
        yield from (op for item in cast("list[object]", value) for op in _run(item))


def _is_param(key: str, value: object, mentions: _Mentions) -> bool:
    return key in mentions.names and _is_plain(value)


def _is_plain(value: object) -> bool:
    """Whether this may be the value of a param, or a table that declares one."""
    return "default" in value if isinstance(value, dict) else not any(_read(value))


def _is_input(key: str, value: object, mentions: _Mentions) -> bool:
    """Whether these are sizes, of which one is computed: no param is."""
    sizes = cast("list[object]", value) if isinstance(value, list) else []
    return any(map(_is_computed, sizes)) and all(type(each) is int or _is_computed(each) for each in sizes)


def _is_computed(value: object) -> bool:
    return isinstance(value, str) and value.startswith("=")


def _is_default(key: str, value: object, mentions: _Mentions) -> bool:
    """Whether this is a table of an op, and none that declares an input or a param."""
    if not isinstance(value, dict) or key not in mentions.ops:
        return False
    words = {*known_keys(("inputs", "")), *known_keys(("params", ""))}
    return words.isdisjoint(cast("_Table", value))


def _is_body(key: str, value: object, mentions: _Mentions) -> bool:
    rows = cast("list[object]", value) if isinstance(value, list) else []
    return key == "body" and bool(rows) and all(isinstance(row, dict) for row in rows)


_MISSING = (
    _Missing("params", ("",), _is_param, all_together=True),
    _Missing("inputs", ("params", ""), _is_input),
    _Missing("defaults", ("inputs", "params"), _is_default),
    _Missing("model", ("defaults", "inputs", "params", "init", "outputs"), _is_body),
)
