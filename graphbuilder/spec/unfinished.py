"""Lines that break off behind a word that is no key of the grammar: nobody knows what was to come, and nothing of it is
told but that.

Such a word may be the beginning of any key. So nothing is known of a table that has one and lacks what it needs. Names
of params, inputs and the like are free, and their values alone are not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from graphbuilder.document import Document, Unread
from graphbuilder.spec.merged import Keys
from graphbuilder.spec.validation import known_keys

# What makes a table of the grammar whole, by the first part of its path: one of these.
_NEEDED: Mapping[str, tuple[set[str], ...]] = {
    "": ({"format", "name", "inputs", "model"}, {"extends"}),
    "model": ({"body"},),
    "blocks": ({"body"}, {"branches", "merge"}),
    "inputs": ({"shape"},),
    "outputs": ({"from"},),
    "params": ({"default"},),
}


def without_unfinished(document: Document) -> Document | None:
    """``document`` without such lines; None where nothing is known of the file itself."""
    data: Any = document.data
    for *table, key in document.unread:
        if _is_of_grammar(tuple(table)) and key not in known_keys(tuple(table)):
            data = _without(data, tuple(table), str(key), str([*table, ""][0]))
    return None if isinstance(data, Unread) else replace(document, data=data) if data is not document.data else document


def _is_of_grammar(table: Keys) -> bool:
    return table in ((), ("model",)) or (len(table) == 2 and table[0] in _NEEDED)


def _without(data: Any, table: Keys, key: str, first: str) -> Any:
    """A copy of ``data`` without the line of ``key`` in ``table``, of which nothing is known if it is not whole."""
    if not isinstance(data, dict):
        return data
    tables = cast("dict[str | int, Any]", data)
    if table:
        return {**tables, table[0]: _without(tables[table[0]], table[1:], key, first)}
    rest = {name: value for name, value in tables.items() if name != key}
    return rest if any(needed <= rest.keys() for needed in _NEEDED[first]) else Unread()
