"""What differs between the copies of a block, and how it is said: as a number, an argument, or by the channels.

A column is what one argument of one step is in every copy. Columns that agree are one argument; one that is a multiple
or a part of another, or of the channels that the block reads, is an expression and no argument.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graphbuilder.importers.sizes import each, listed

Column = tuple[Any, ...]

# What begins the slot of a step that some copies leave out; its op is behind.
WHEN = "when "


class Slot(NamedTuple):
    """One argument of one step of a block.

    Attributes:
        place: where the step stands: the list, and its number there.
        name: the argument, or ``WHEN`` and the op.
        channels: whether it counts channels, so that expressions are looked for.
    """

    place: tuple[str, int]
    name: str
    channels: bool


@dataclass
class Argument:
    """An argument of a block: what it is in every copy, and what it is where nothing is said."""

    name: str
    column: Column
    channels: bool
    default: Any = None

    @property
    def declared(self) -> Any:
        if self.default is not None:
            return self.default
        return " | ".join(sorted({_TYPES[type(value)] for value in self.column}))


_TYPES = {int: "int", float: "float", bool: "bool", str: "str", list: "list", tuple: "list"}


@dataclass
class Resolved:
    """How a block is written: for each slot a value or an expression, and its arguments."""

    written: dict[Slot, Any] = field(default_factory=dict[Slot, Any])
    arguments: dict[str, Argument] = field(default_factory=dict[str, Argument])

    def row(self, copy: int) -> dict[str, Any]:
        """The arguments of one copy."""
        return {name: argument.column[copy] for name, argument in self.arguments.items()}


def resolved(columns: Mapping[Slot, Column], channels: Sequence[int], taken: Iterable[str]) -> Resolved:
    """Say every column.

    Args:
        channels: those that each copy reads.
        taken: names that no argument may have.
    """
    found = Resolved()
    names = _Names(columns, set(taken))
    for slot in sorted(columns, key=_rank(columns)):
        column = _of_one_kind(columns[slot])
        found.written[slot] = _said(slot, column, channels, found, names)
    for argument in found.arguments.values():
        argument.default = _default(argument)
    used = " ".join(str(found.written[slot]) for slot in columns)
    order = sorted(found.arguments.values(), key=lambda argument: (not argument.channels, _place(argument.name, used)))
    found.arguments = {argument.name: argument for argument in order}
    return found


def _place(name: str, text: str) -> int:
    """Where ``name`` is first said."""
    said = re.search(rf"\b{name}\b", text)
    return said.start() if said else len(text)


def _said(slot: Slot, column: Column, channels: Sequence[int], found: Resolved, names: _Names) -> Any:
    if all(value == column[0] and type(value) is type(column[0]) for value in column):
        return column[0]
    for argument in found.arguments.values():
        if argument.column == column:
            return f"={argument.name}"
    if slot.channels:
        known = {"in_channels": tuple(channels)}
        known |= {other.name: other.column for other in found.arguments.values() if other.channels}
        for name, other in known.items():
            if text := _by(name, other, column):
                return text
    name = names.of(slot, column)
    found.arguments[name] = Argument(name, column, slot.channels)
    return f"={name}"


def _by(name: str, other: Column, column: Column) -> str | None:
    """``column`` as a whole multiple or part of ``other``."""
    pairs = list(zip(column, other, strict=True))
    if not all(isinstance(value, int) and isinstance(base, int) and value > 0 for value, base in pairs):
        return None
    if all(value % base == 0 and value // base == column[0] // other[0] for value, base in pairs):
        factor = column[0] // other[0]
        return f"={name}" if factor == 1 else f"={factor} * {name}"
    if all(base % value == 0 and base // value == other[0] // column[0] for value, base in pairs):
        return f"={name} // {other[0] // column[0]}"
    return None


def _of_one_kind(column: Column) -> Column:
    """Sizes of one kind, where one of them can be a default: where some are a number an axis, all are."""
    rank = max(len(listed(value)) for value in column)
    even = [each(value, rank) for value in column]
    if (
        not rank
        or max(map(even.count, even)) * 2 <= len(even)
        or not all(isinstance(value, list | int) for value in column)
    ):
        return column
    return tuple(each(value, rank) for value in column)


def _default(argument: Argument) -> Any:
    """The commonest value, where most copies have it; channels are always said."""
    if argument.channels:
        return None
    values = Counter(map(repr, argument.column))
    commonest, count = values.most_common(1)[0]
    if count * 2 <= len(argument.column):
        return None
    return next(value for value in argument.column if repr(value) == commonest)


def _rank(columns: Mapping[Slot, Column]) -> Any:
    """The last channels first: they are what a block gives, and the others follow from them."""
    order = {slot: number for number, slot in enumerate(columns)}

    def rank(slot: Slot) -> tuple[int, int]:
        if slot.channels:
            return (0 if slot.place[0] == "main" else 1, -order[slot])
        return (2, order[slot])

    return rank


class _Names:
    """Names for arguments: by what they set, channels by where they stand."""

    def __init__(self, columns: Mapping[Slot, Column], taken: set[str]) -> None:
        self._taken = taken
        self._last = {slot.place[0]: slot.place for slot in columns if slot.channels}

    def of(self, slot: Slot, column: Column) -> str:
        base = "copies" if slot.name == "repeat" and isinstance(column[0], list) else self._base(slot)
        number = 1
        while (name := base if number == 1 else f"{base}_{number}") in self._taken:
            number += 1
        self._taken.add(name)
        return name

    def _base(self, slot: Slot) -> str:
        if not slot.channels or slot.name not in ("out", "mid"):
            return {"repeat": "depth"}.get(slot.name, slot.name.removeprefix(WHEN).replace(" ", "_"))
        kind, _, branch = slot.place[0].partition(" ")
        is_last = self._last[slot.place[0]] == slot.place
        if branch and is_last:
            return f"{re.sub(r'[^A-Za-z0-9_]', '_', branch)}_out"
        return "out" if is_last and kind == "main" and slot.name == "out" else "mid"
