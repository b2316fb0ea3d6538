"""Values that were written a little wrong: numbers in quotes, a name without its `=` or in capitals, a float where an
integer stands.

What is said is tried: the caller tells whether a value would do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, cast

from graphbuilder.diagnostics import Write
from graphbuilder.spec.expressions import Expression, parse
from graphbuilder.spec.syntax import ExpressionError
from graphbuilder.spec.unknown import UNKNOWN

Told = str | Write | None

_LONGEST = 2**53
_NUMBER = re.compile(r"\s*[-0-9tf]")
_QUOTIENT = re.compile(r"(?<!/)/(?!/)")
# How templates elsewhere read a name: `${name}`, `{name}`, `$name`.
_TEMPLATE = re.compile(r"^\$?\{+ *(?P<name>[^{}]+?) *\}+$|^\$(?=[A-Za-z_])")
# Arguments that are channels, by what ops and the blocks of most specs call them.
_CHANNELS = re.compile(r"^(out|mid|hidden|planes|width|filters|features)$|channels")


def slip(raw: Any, value: Any, names: Mapping[str, Any], fits: Callable[[Any], bool], name: str = "") -> Told:
    """How ``value``, written as ``raw`` where ``names`` are in scope, is written right; None where nobody knows.

    ``name`` is what it is to be: channels, say.
    """
    if type(value) is int and value in (0, 1) and raw == value and fits(bool(value)):
        return Write("true" if value else "false")
    if isinstance(value, float):
        return _whole(raw, value, names, fits, name)
    if isinstance(raw, str):
        raw = _TEMPLATE.sub(lambda found: found["name"] or "", raw)
    if isinstance(raw, str) and raw in names:
        return _formula(raw) if _would(names[raw], fits) else None
    if isinstance(raw, str):
        return _small(raw, fits) or _computed(raw, names, fits)
    return _unquoted(cast("list[object]", raw), fits) if isinstance(raw, list) else None


def are_channels(name: str) -> bool:
    """Whether an argument of this name is channels, which each step has its own of."""
    return _CHANNELS.search(name) is not None


def _is_whole(value: object) -> bool:
    return isinstance(value, float) and value.is_integer()


def _computed_as(text: str, names: Mapping[str, Any]) -> Any:
    """The value of an expression; UNKNOWN where it has none."""
    try:
        return parse(f"={text}").evaluate(names)
    except ExpressionError:
        return UNKNOWN


def _would(value: Any, fits: Callable[[Any], bool]) -> bool:
    return value is not UNKNOWN and fits(value)


def _formula(text: str) -> Write:
    return Write(f'"={text}"', "an expression starts with `=`: write {}")


def _small(text: str, fits: Callable[[Any], bool]) -> Write | None:
    number = _number(text)
    if number is not None and fits(number):
        return Write(text, "write {} without quotes")
    if (items := _numbers(text)) and fits(items):
        return Write(json.dumps(items))
    return Write(f'"{text.lower()}"') if text.isascii() and text != text.lower() and fits(text.lower()) else None


def _numbers(text: str) -> list[int | float | bool] | None:
    """The numbers of a text that lists some, with or without brackets."""
    found = [_number(each.strip()) for each in text.strip("[]() ").split(",")]
    return [each for each in found if each is not None] if len(found) > 1 and None not in found else None


def _computed(text: str, names: Mapping[str, Any], fits: Callable[[Any], bool]) -> Write | None:
    """What is said to an expression without its `=`."""
    value = _computed_as(text, names)
    return _formula(text) if _would(value, fits) else None


def _unquoted(items: list[object], fits: Callable[[Any], bool]) -> Write | None:
    """What a list says that holds numbers in quotes, where that would do."""
    meant = [each if (number := _number(each)) is None else number for each in items if isinstance(each, str)]
    if len(meant) < len(items) or not fits(meant):
        return None
    return Write(json.dumps(meant), "write {}, without quotes")


def _number(text: str) -> int | float | bool | None:
    """The number or boolean that TOML and JSON read alike."""
    if not _NUMBER.match(text):
        return None
    try:
        value = cast("object", json.loads(text))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, int) or (isinstance(value, float) and isfinite(value)) else None


def _whole(raw: Any, value: float, names: Mapping[str, Any], fits: Callable[[Any], bool], name: str) -> Told:
    """What makes an integer of ``value``, where one would do."""
    if not abs(value) < _LONGEST or not fits(int(value)):
        return None
    if not isinstance(raw, Expression):
        return Write(str(int(value))) if value.is_integer() and raw == value else None
    text = raw.text.removeprefix("=").strip()
    if _QUOTIENT.search(text) and _would(_computed_as(_QUOTIENT.sub("//", text), names), fits):
        return "`/` gives a float; `//` gives an integer of two integers"
    if _QUOTIENT.search(text) and any(_is_whole(names.get(name)) for name in raw.names):
        return None
    other = ", or `make_divisible(...)` for a multiple of 8" if are_channels(name) else ""
    return Write(f'"=int({text})"', f"write {{}}{other}")
