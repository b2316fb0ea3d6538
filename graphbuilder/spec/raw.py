"""Values as TOML gives them."""

from __future__ import annotations

from typing import Any, TypeGuard, cast


def as_table(value: object) -> dict[str, Any]:
    """``value`` where it is a table, else an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def is_formula(value: object) -> TypeGuard[str]:
    """Whether this is text that is to be computed."""
    return isinstance(value, str) and value.startswith("=")
