"""Caps on a text, counted before tomli reads it: deep nesting would cost it the stack, a long key much time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

from graphbuilder.diagnostics import CompileError, Diagnostic, Source, Span
from graphbuilder.diagnostics.catalogue.files import IntegerTooLarge
from graphbuilder.diagnostics.catalogue.limits import TooDeep, TooManyParts
from graphbuilder.document.lexer import KEY_PART, TOKEN
from graphbuilder.document.lines import Lines
from graphbuilder.document.scanner import Keys

MAX_LEVELS = 32
MAX_PARTS = 32
_MOST = 200  # levels and parts: above, tomli and the scanner would run out of stack
_LONG_NUMBER = re.compile(r"[0-9A-Fa-f_]{16}")


def refuse_nesting(source: Source, max_levels: int, max_parts: int) -> None:
    """Count brackets and the parts of keys, up to where the text stops being TOML if it does.

    Neither limit can be raised above 200.

    Raises:
        CompileError: at the first bracket or key that is too much.
    """
    level, max_levels, max_parts = 0, min(max_levels, _MOST), min(max_parts, _MOST)
    for token in TOKEN.finditer(source.text):
        kind = token.lastgroup
        if kind == "key":
            if token.end() - token.start() > max_parts and _parts(token.group(), max_parts) > max_parts:
                raise _too_many_parts(source, token.start(), token.end(), max_parts)
        elif kind == "open":
            level += 1
            if level > max_levels:
                raise _too_deep(source, token.start(), max_levels)
        elif kind == "close":
            level -= 1
        if level < 0 or kind == "broken":
            return


def _parts(key: str, most: int) -> int:
    """How many parts ``key`` has, where these are more than ``most``; dots are counted first, since a string is a key
    too and may hold many of them."""
    return len(KEY_PART.findall(key)) if key.count(".") >= most else 1


def is_nested(text: str) -> bool:
    """Whether ``text`` has brackets or keys beyond the limits, as where a string that held them is closed ahead of
    them."""
    try:
        refuse_nesting(Source("", text), MAX_LEVELS, MAX_PARTS)
    except CompileError:
        return True
    return False


def _too_deep(source: Source, offset: int, max_levels: int) -> CompileError:
    span = Lines(source).span(offset, offset + 1)
    message = f"brackets are nested more than {max_levels} deep"
    return CompileError((TooDeep.at(span, message, label="one level too many", help="name parts of it, as blocks"),))


def _too_many_parts(source: Source, start: int, end: int, max_parts: int) -> CompileError:
    span = Lines(source).span(start, end)
    message = f"a key of more than {max_parts} parts"
    return CompileError((TooManyParts.at(span, message, help="no key of a spec has more than four"),))


def too_large_integer(span: Span | None) -> Diagnostic:
    """That the integer at ``span`` is too large for TOML."""
    return IntegerTooLarge.at(span, "an integer of more than 64 bits", help="write a smaller number, or text in quotes")


def beyond_64_bits(text: str, data: dict[str, Any]) -> Iterator[Keys]:
    """The paths of the integers in ``data``, which was read from ``text``, that TOML has no room for."""
    open_: list[tuple[Keys, Any]] = [((), data)] if _LONG_NUMBER.search(text) else []
    while open_:
        keys, value = open_.pop()
        if isinstance(value, dict):
            open_.extend(((*keys, key), item) for key, item in cast("dict[str, Any]", value).items())
        elif isinstance(value, list):
            open_.extend(((*keys, number), item) for number, item in enumerate(cast("list[Any]", value)))
        elif isinstance(value, int) and not -(2**63) <= value < 2**63:
            yield keys
