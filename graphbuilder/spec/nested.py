"""Tables of the file that stand in its model or in a block, as `[model.params]` for `[params]`: each is told once, and
read as if it stood alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, cast

from graphbuilder.diagnostics import Diagnostic, Remedy, Sink, Span
from graphbuilder.diagnostics.catalogue.grammar import UnknownKey
from graphbuilder.document import Document
from graphbuilder.spec.merged import Keys
from graphbuilder.spec.raw import as_table, table_at, with_table
from graphbuilder.spec.validation import known_keys

_TABLES = ("params", "inputs", "defaults", "init", "outputs", "steps")
_BLOCKS = "blocks"

# More of them are no slips.
_MOST = 100


def with_tables_apart(document: Document, data: dict[str, Any], sink: Sink, names: dict[Keys, Keys]) -> dict[str, Any]:
    """``data`` with such tables among those of the file; ``names`` is told of their places."""
    for keys, length in list(islice(_nested(data), _MOST)):
        table, holder = keys[length:], names.get(keys[:length], keys[:length])
        written = (*holder, *table)
        sink.add(_diagnostic(document, written, len(holder)))
        found, there = table_at(data, keys), table_at(data, table)
        data = _without(data, keys)
        if there and len(table) > 1:
            continue  # two blocks of one name
        names.update({(*table, key): (*written, key) for key in found if key not in there})
        if not there:
            names[table] = written
        data = with_table(data, table, {**found, **there})
    return data


def _nested(data: Mapping[str, Any]) -> Iterator[tuple[Keys, int]]:
    """The paths of such tables, and how many keys of each lead to the table that they stand in."""
    blocks = ((_BLOCKS, name) for name in as_table(data.get(_BLOCKS)))
    for holder in (("model",), *blocks):
        for key, value in table_at(data, holder).items():
            if not isinstance(value, dict) or key in known_keys(holder):
                continue
            if key in _TABLES:
                yield (*holder, key), len(holder)
            for name, block in cast("dict[str, object]", value).items() if key == _BLOCKS else ():
                if isinstance(block, dict):
                    yield (*holder, key, name), len(holder)


def _diagnostic(document: Document, keys: Keys, length: int) -> Diagnostic:
    holder, table = (".".join(map(str, part)) for part in (keys[:length], keys[length:]))
    message = f"`[{table}]` is a table of the file, and stands in `[{holder}]`"
    help_, headers = f"write [{table}]", _headers(document, keys, length)
    untried = (_apart(headers, help_),) if headers else ()
    span = headers[0][0] if headers else document.key_span(keys)
    return UnknownKey.at(span, message, help=help_, untried=untried)


def _headers(document: Document, keys: Keys, length: int) -> list[tuple[Span, str]]:
    """The headers of the table at ``keys`` and of those in it, and how they are to be, as they stand in the file."""
    parts = r"\s*\.\s*".join(rf"""["']?{re.escape(str(key))}["']?""" for key in keys[:length])
    pattern = re.compile(rf"(\[{{1,2}})\s*{parts}\s*\.\s*(?=.*\]$)")
    spans = {span.offsets: span for span in map(document.span, _tables_below(keys, table_at(document.data, keys)))}
    rows = ((spans[at], pattern.match(spans[at].text)) for at in sorted(spans))
    return [(span, found[1] + span.text[found.end() :]) for span, found in rows if found]


def _tables_below(keys: Keys, value: object) -> Iterator[Keys]:
    """The path of ``value`` and those of all tables in it, and in lists in it."""
    if isinstance(value, dict):
        yield keys
    items: Iterable[tuple[str | int, object]] = (
        cast("dict[str, object]", value).items()
        if isinstance(value, dict)
        else enumerate(cast("list[object]", value) if isinstance(value, list) else ())
    )
    for key, item in items:
        yield from _tables_below((*keys, key), item)


def _apart(headers: list[tuple[Span, str]], help_: str) -> Remedy:
    """The edit of all ``headers`` at once."""
    (first, text), source = headers[0], headers[0][0].source.text
    end = first
    for span, written in headers[1:]:
        text += source[end.offsets[1] : span.offsets[0]] + written
        end = span
    return Remedy(help_, replace(first, end_line=end.end_line, end_column=end.end_column), text)


def _without(data: Mapping[str, Any], keys: Keys) -> dict[str, Any]:
    """A copy of ``data`` without what stands at ``keys``, and without tables that held nothing else."""
    key = str(keys[0])
    inner = _without(data[key], keys[1:]) if len(keys) > 1 else {}
    rest = {name: value for name, value in data.items() if name != key}
    return {name: inner if name == key else data[name] for name in data} if inner else rest
