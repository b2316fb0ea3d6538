"""Params that stand above the header of theirs, in no table: each is read as one, and they are told once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

from graphbuilder.diagnostics import Remedy, Sink
from graphbuilder.diagnostics.catalogue.grammar import UnknownKey
from graphbuilder.diagnostics.nearest import much_alike
from graphbuilder.document import Document
from graphbuilder.spec.headers import is_plain, names_read
from graphbuilder.spec.merged import EXTENSION_KEYS, Keys
from graphbuilder.spec.validation import known_keys

_PARAMS = "params"
_HEADER = f"[{_PARAMS}]"


def with_params_above(document: Document, data: dict[str, Any], sink: Sink, names: dict[Keys, Keys]) -> dict[str, Any]:
    """``data`` with such params among the others; ``names`` is told of every key's place."""
    if not isinstance(data.get(_PARAMS), dict) or not (found := _above(data)):
        return data
    if not (remedies := tuple(_lines_moved(document, found))):
        return data
    first = next(iter(found))
    message = f"a spec has no key `{first}`, and this is of `{_HEADER}`"
    sink.add(UnknownKey.at(document.key_span((first,)), message, help=remedies[0].help, untried=remedies))
    names.update(((_PARAMS, key), (key,)) for key in found)
    rest = {key: value for key, value in data.items() if key not in found}
    return {**rest, _PARAMS: {**data[_PARAMS], **found}}


def _above(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values that are in no table and are read; of a variant also those that what it extends may read, unless they
    are slips of keys of the file."""
    known = known_keys(())
    strays = {key: value for key, value in data.items() if key not in (*known, *data[_PARAMS]) and _is_value(value)}
    read, extends = set(names_read(data)) if strays else (), EXTENSION_KEYS[0] in data
    return {
        key: value
        for key, value in strays.items()
        if key in read or (extends and not any(much_alike(key, each) for each in known))
    }


def _is_value(value: Any) -> bool:
    """Whether this is plain, and no table or list of such."""
    items = cast("list[Any]", value if isinstance(value, list) else [value])
    return all(is_plain(each) and not isinstance(each, dict) for each in items)


def _lines_moved(document: Document, found: Mapping[str, Any]) -> Iterator[Remedy]:
    """The edit that puts the lines of ``found`` below the header, where that stands below them."""
    header = document.key_span((_PARAMS,))
    rows = [(document.key_span((key,)), document.span((key,))) for key in found]
    first, lines = rows[0][0], header.source.text.split("\n")
    moved = sorted({line for key, value in rows for line in range(key.line, value.end_line + 1)})
    if lines[header.line - 1].partition("#")[0].strip() != _HEADER or moved[-1] >= header.line:
        return
    kept = [line for line in range(first.line, header.line + 1) if line not in moved]
    text = "\n".join(lines[line - 1] for line in (*kept, *moved))
    end = len(lines[header.line - 1]) + 1
    span = replace(first, column=1, end_line=header.line, end_column=end)
    yield Remedy(f"move it below `{_HEADER}`", span, text)
