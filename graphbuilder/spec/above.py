"""Params that stand above the header of theirs, in no table, or in one that has none: each is read as one, and they are
told once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

from graphbuilder.diagnostics import Remedy, Sink
from graphbuilder.diagnostics.catalogue.grammar import UnknownKey
from graphbuilder.diagnostics.nearest import much_alike
from graphbuilder.document import Document
from graphbuilder.spec.headers import is_number, is_plain, names_read
from graphbuilder.spec.merged import EXTENSION_KEYS, Keys
from graphbuilder.spec.raw import table_at
from graphbuilder.spec.validation import known_keys

_PARAMS = "params"
_HEADER = f"[{_PARAMS}]"

# Where they may stand: in no table, and in those whose own values are of other kinds.
_OF_ANY_NAME = ("outputs",)
_ELSEWHERE = ((), ("model",), _OF_ANY_NAME)


def with_params_above(document: Document, data: dict[str, Any], sink: Sink, names: dict[Keys, Keys]) -> dict[str, Any]:
    """``data`` with such params among the others; ``names`` is told of every key's place."""
    if not isinstance(data.get(_PARAMS), dict):
        return data
    for table in _ELSEWHERE:
        found = _astray(data, table)
        remedies = tuple(_lines_moved(document, table, found)) if found else ()
        if not remedies:
            continue
        first = next(iter(found))
        where = f"`{table[0]}`" if table else "a spec"
        message = f"{where} has no key `{first}`, and this is of `{_HEADER}`"
        sink.add(UnknownKey.at(document.key_span((*table, first)), message, help=remedies[0].help, untried=remedies))
        names.update(((_PARAMS, key), (*table, key)) for key in found)
        data = _moved(data, table, found)
    return data


def _moved(data: Mapping[str, Any], table: tuple[str, ...], found: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of ``data`` with ``found`` among the params; a table that held nothing else is not kept."""
    rest = {key: value for key, value in (data[table[0]] if table else data).items() if key not in found}
    left = {**data, table[0]: rest} if table else rest
    kept = {key: value for key, value in left.items() if value or (key,) != table}
    return {**kept, _PARAMS: {**data[_PARAMS], **found}}


def _astray(data: Mapping[str, Any], table: tuple[str, ...]) -> Mapping[str, Any]:
    """The values in ``table`` that are none of its own and are read; of a variant also those in no table that what it
    extends may read, unless they are slips of keys of the file."""
    names_any = table == _OF_ANY_NAME
    known, is_value = ((), is_number) if names_any else (known_keys(table), _is_value)
    there = table_at(data, table)
    strays = {key: value for key, value in there.items() if key not in (*known, *data[_PARAMS]) and is_value(value)}
    read, extends = set(names_read(data)) if strays else (), EXTENSION_KEYS[0] in data and not names_any
    return {
        key: value
        for key, value in strays.items()
        if key in read or (extends and not any(much_alike(key, each) for each in known))
    }


def _is_value(value: Any) -> bool:
    """Whether this is plain, and no table or list of such."""
    items = cast("list[Any]", value if isinstance(value, list) else [value])
    return all(is_plain(each) and not isinstance(each, dict) for each in items)


def _lines_moved(document: Document, table: tuple[str, ...], found: Mapping[str, Any]) -> Iterator[Remedy]:
    """The edit that puts the lines of ``found``, of ``table``, below the header, where that stands in a line alone."""
    header = document.key_span((_PARAMS,))
    rows = [(document.key_span((*table, key)), document.span((*table, key))) for key in found]
    lines = header.source.text.split("\n")
    moved = sorted({line for key, value in rows for line in range(key.line, value.end_line + 1)})
    if lines[header.line - 1].partition("#")[0].strip() != _HEADER or not (table or moved[-1] < header.line):
        return
    first, last = min(moved[0], header.line), max(moved[-1], header.line)
    around = [line for line in range(first, last + 1) if line not in moved]
    at = around.index(header.line) + 1
    text = "\n".join(lines[line - 1] for line in (*around[:at], *moved, *around[at:]))
    span = replace(header, line=first, column=1, end_line=last, end_column=len(lines[last - 1]) + 1)
    yield Remedy(f"move it below `{_HEADER}`", span, text)
