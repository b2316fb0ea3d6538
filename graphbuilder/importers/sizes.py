"""Sizes as arguments have them: one number, or a list of one an axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast


def listed(value: Any) -> list[Any]:
    """A list's items; of what is none, nothing."""
    return list(cast("Sequence[Any]", value)) if isinstance(value, list | tuple) else []


def each(size: Any, rank: int) -> list[Any]:
    """One number for each of ``rank`` axes."""
    return listed(size) or [size] * rank


def short(sizes: Any) -> Any:
    """One number where all axes have the same."""
    if not isinstance(sizes, Sequence) or isinstance(sizes, str):
        return sizes
    items = list(cast("Sequence[Any]", sizes))
    return items[0] if all(item == items[0] for item in items) else items


def paired(sides: Any) -> Any:
    """``[[1, 1], [1, 1]]`` as 1, ``[[0, 0], [1, 1]]`` as ``[0, 1]``; what differs before and behind as it is."""
    pairs = [listed(pair) for pair in listed(sides)]
    if all(len(pair) == 2 and pair[0] == pair[1] for pair in pairs):
        return short([pair[0] for pair in pairs]) if pairs else sides
    return sides if all(pairs) else short(sides)


def is_one(size: Any, wanted: int = 1) -> bool:
    """Whether a size is ``wanted`` on every axis."""
    return all(item == wanted for item in listed(size) or [size])


def plain(value: Any) -> Any:
    """``value`` with every tuple in it made a list, as TOML has them."""
    return [plain(item) for item in listed(value)] if isinstance(value, tuple | list) else value
