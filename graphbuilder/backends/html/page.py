"""Puts a page together: one file, in which what may run is named by its hash."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from itertools import chain
from typing import Any

from graphbuilder.backends.html.looks import style_sheet
from graphbuilder.backends.html.tables import Table

_SCRIPTS = (
    *("network.js", "costs.js", "layout.js", "columns.js", "figure.js", "view.js", "pointers.js", "minimap.js"),
    *("details.js", "finding.js", "links.js", "keys.js", "export.js", "main.js"),
)
_ROWS = (("bodies", "calls"), ("pieces", "boxes"))
_INDENT = re.compile(r"^(\s+|//.*\n)+", re.MULTILINE)
_POLICY = (
    "default-src 'none'; script-src {scripts}; style-src {style}; img-src data: blob:; connect-src {connect}; "
    "base-uri 'none'; form-action 'none'"
)


def page(data: dict[str, Any], live: str = "") -> str:
    """The page of ``data``, as ``network_data`` gives them.

    Args:
        live: a script of whoever serves the page. It runs behind the page's own, may connect to its server, and must
            not hold ``</script``.
    """
    style, script = _style(), _script()
    scripts = [script, *([live] if live else [])]
    policy = _POLICY.format(
        scripts=" ".join(map(_hash, scripts)), style=_hash(style), connect="'self'" if live else "'none'"
    )
    return _read("page.html").format(
        policy=policy,
        title=escape(data["title"]),
        style=style,
        data=_json(packed(data)),
        script=script,
        live=f"<script>{live}</script>\n" if live else "",
    )


def packed(data: dict[str, Any]) -> dict[str, Any]:
    """``data`` with what it says again and again said once; ``static/network.js`` unpacks them.

    Of each row only its values are left, None where it has none; what is equal in several is a number into a table; of
    paths each name is written once for all that it begins.
    """
    keys = {rows: _keys(row for each in data[holder] for row in each[rows]) for holder, rows in _ROWS}
    holders = {
        holder: [{**each, rows: [_values(row, keys[rows]) for row in each[rows]]} for each in data[holder]]
        for holder, rows in _ROWS
    }
    tables = {"at": Table(), "lines": Table(), "wires": Table()}
    for piece in holders["pieces"]:
        piece["wires"] = tables["wires"].number(piece["wires"])
        for row in piece["boxes"]:
            _number(row, keys["boxes"], tables)
    said = {name: table.rows() for name, table in tables.items()}
    return {**data, **holders, "keys": keys, "tables": said, "fields": _tree(data["fields"])}


def _keys(rows: Iterable[dict[str, Any]]) -> list[str]:
    """All keys of ``rows``, the commonest first."""
    return [key for key, _ in Counter(chain.from_iterable(rows)).most_common()]


def _values(row: dict[str, Any], keys: list[str]) -> list[Any]:
    last = max(keys.index(key) for key in row)
    return [row.get(key) for key in keys[: last + 1]]


def _number(row: list[Any], keys: list[str], tables: dict[str, Table]) -> None:
    """Put numbers into ``row`` for what the ``tables`` hold."""
    for number, value in enumerate(row):
        if keys[number] in tables:
            row[number] = tables[keys[number]].number(value)


def _tree(found: dict[str, int]) -> dict[str, Any]:
    """What is ``found`` at paths, each name within the one before it, whose own is called ""."""
    tree: dict[str, Any] = {}
    for path, value in found.items():
        inner = tree
        for name in path.split("."):
            inner = inner.setdefault(name, {})
        inner[""] = value
    return _leaved(tree)


def _leaved(tree: dict[str, Any]) -> dict[str, Any]:
    """``tree`` where what holds only its own stands for itself."""
    return {
        name: each if isinstance(each, int) else each[""] if each.keys() == {""} else _leaved(each)
        for name, each in tree.items()
    }


def _json(data: dict[str, Any]) -> str:
    """``data`` so that nothing in them ends the element in which they stand, or begins a comment in it."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@cache
def _style() -> str:
    return "\n".join((_read("page.css"), _read("sheet.css"), style_sheet()))


@cache
def _script() -> str:
    """One function, so that only ``window.graphbuilder`` is seen from outside; without comments and indents."""
    parts = "\n".join(_INDENT.sub("", _read(name)) for name in _SCRIPTS)
    return f'(() => {{\n"use strict";\n{parts}\n}})();'


@cache
def _read(name: str) -> str:
    return (files("graphbuilder.backends.html") / "static" / name).read_text(encoding="utf-8")
