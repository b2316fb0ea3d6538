"""Values as TOML gives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard, cast

from graphbuilder.spec.merged import Keys


def as_table(value: object) -> dict[str, Any]:
    """``value`` where it is a table, else an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def table_at(data: Mapping[str, Any], keys: Keys) -> dict[str, Any]:
    """The table at ``keys``; an empty one where there is none."""
    table = as_table(data)
    for key in keys:
        table = as_table(table.get(str(key)))
    return table


def with_table(data: Mapping[str, Any], keys: Keys, table: dict[str, Any]) -> dict[str, Any]:
    """A copy of ``data`` with ``table`` at ``keys``, where none need be."""
    if not keys:
        return table
    key = str(keys[0])
    return {**data, key: with_table(as_table(data.get(key)), keys[1:], table)}


def is_formula(value: object) -> TypeGuard[str]:
    """Whether this is text that is to be computed."""
    return isinstance(value, str) and value.startswith("=")
