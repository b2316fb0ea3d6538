"""Where a value was written that is read by a name elsewhere: a param, an item of its lists, a `let`, an argument.

A value that is computed was written where its expression stands, and is blamed on what that reads where this is wrong
itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

from graphbuilder.diagnostics import Label, Write
from graphbuilder.document import Place
from graphbuilder.document.writing import shown
from graphbuilder.elaborate.slips import Told, slip
from graphbuilder.spec.expressions import Expression, free_names

# A list by its name and the way to an item of it, in brackets.
_ITEM = re.compile(r"\b([A-Za-z_]\w*)((?:\[-?\w+\])+)")
_INDEX = re.compile(r"-?\w+")


class Origin(NamedTuple):
    """Where a value was written, as what, the numbers that were computed with, each with where it was written, and what
    was in scope."""

    place: Place
    raw: Any
    read: tuple[tuple[int | float, Origin], ...] = ()
    names: Mapping[str, Any] = {}

    def item(self, index: object) -> Origin | None:
        """That of one item of a list; of one that is computed, its own."""
        raw = cast("object", self.raw)
        if isinstance(raw, Expression):
            return self
        items = cast("list[Any]", raw) if isinstance(raw, list) else []
        if type(index) is not int or not -len(items) <= index < len(items):
            return None
        return Origin(self.place / (index % len(items)), items[index], self.read)

    def cause(self, fits: Callable[[Any], bool]) -> Origin:
        """Where a value that does not fit comes from: a number that was computed with and would not fit either, or
        here."""
        return next((origin.cause(fits) for number, origin in self.read if not fits(number)), self)

    def slip(self, value: Any, fits: Callable[[Any], bool]) -> Told:
        """How ``value`` is written right here; None where it is as good as any."""
        if isinstance(value, float) and not value.is_integer():
            return None
        return slip(self.raw, value, self.names, fits)


Origins = Mapping[str, Origin]
NOWHERE: Origins = {}


def origin_of(raw: Any, place: Place, names: Mapping[str, Any], origins: Origins) -> Origin:
    """Where the value of ``raw``, which stands at ``place``, was written: there, unless it is but read from a name."""
    if not isinstance(raw, Expression):
        return Origin(place, raw, _numbers_read(raw, names, origins))
    elsewhere = _elsewhere(raw, names, origins)
    return elsewhere or Origin(place, raw, _numbers_read(raw, names, origins), names)


def _elsewhere(raw: Expression, names: Mapping[str, Any], origins: Origins) -> Origin | None:
    """That of a name, or of an item of a list by its name."""
    if raw.bare:
        return origins.get(raw.bare)
    found = _ITEM.fullmatch(raw.text.removeprefix("=").strip()) if "[" in raw.text else None
    return _item(found, names, origins)[1] if found else None


def _item(found: re.Match[str], names: Mapping[str, Any], origins: Origins) -> tuple[Any, Origin | None]:
    """An item of a list, as far as that is known, and where it was written."""
    value, origin = names.get(found[1]), origins.get(found[1])
    for index in _INDEX.findall(found[2]):
        number = int(index) if index.lstrip("-").isdecimal() else names.get(index)
        origin = origin.item(number) if origin else None
        items = cast("list[Any]", value) if isinstance(value, list) else []
        value = items[number] if type(number) is int and -len(items) <= number < len(items) else None
    return value, origin


def _numbers_read(raw: Any, names: Mapping[str, Any], origins: Origins) -> tuple[tuple[int | float, Origin], ...]:
    free = raw.places if isinstance(raw, Expression) else free_names(raw)
    read: list[tuple[Any, Origin | None]] = [(names.get(name), origins[name]) for name in free if name in origins]
    if isinstance(raw, Expression) and "[" in raw.text:
        read += [_item(found, names, origins) for found in _ITEM.finditer(raw.text)]
    return tuple((number, origin) for number, origin in read if origin and type(number) in (int, float))


def lists_read(raw: Expression, place: Place, names: Mapping[str, Any], origins: Origins) -> tuple[Label, ...]:
    """The lists that an expression at ``place`` reads, where they were written."""
    read = [name for name in raw.places if isinstance(names.get(name), list) and name in origins]
    rows = [(name, origins[name].place.span) for name in read if origins[name].place.keys != place.keys]
    return tuple(Label(span, f"`{name}` is this, of {len(names[name])} items") for name, span in rows)


def miswritten(raw: Expression, names: Mapping[str, Any], origins: Origins) -> tuple[Origin, str | Write] | None:
    """The first number in quotes, or list of such, among what an expression reads, or one that it takes an item of; and
    how it is written right."""
    for name in raw.places:
        if isinstance(names.get(name), str) and name in origins:
            better = origins[name].slip(names[name], lambda value: type(value) in (int, float, list))
            if better:
                return origins[name], better
    for name in dict.fromkeys(found[1] for found in _ITEM.finditer(raw.text)):
        if name in origins and type(origins[name].raw) in (int, float):
            return origins[name], Write(f"[{shown(origins[name].raw)}]", "write a list: {}")
    return None


def given_as(value: Any, place: Place) -> tuple[Label, ...]:
    """The place that reads a value which was written wrong elsewhere."""
    return (Label(place.span, f"{shown(value)} does not fit here"),)
