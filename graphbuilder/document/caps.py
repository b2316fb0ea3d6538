"""Caps on a text, counted before tomli reads it: deep nesting would cost it the stack, a long key much time, and very
many values all that goes through them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

from graphbuilder.diagnostics import CompileError, Diagnostic, Source, Span
from graphbuilder.diagnostics.catalogue.files import IntegerTooLarge
from graphbuilder.diagnostics.catalogue.limits import TooDeep, TooManyParts, TooManyWords
from graphbuilder.document.lexer import KEY_PART, TOKEN
from graphbuilder.document.lines import Lines
from graphbuilder.document.reading import MAX_BYTES
from graphbuilder.document.scanner import Keys

MAX_LEVELS = 32
MAX_PARTS = 32
BYTES_A_WORD = 5  # of those that a text may have; where a line is a step, a word takes some eight
_MOST = 200  # levels and parts: above, tomli and the scanner would run out of stack
_WORDS = ("key", "open", "long")
_DEEPER = {"open": 1, "close": -1}
_LONG_NUMBER = re.compile(r"[0-9A-Fa-f_]{16}")


def refuse_excess(source: Source, max_levels: int, max_parts: int, max_words: int) -> int:
    """Count brackets, the parts of keys, and words: all that is a key, is a value or opens one. This ends where the
    text stops being TOML, if it does. What is given is how many words there are.

    Neither of the first two limits can be raised above 200.

    Raises:
        CompileError: at the first bracket, key or value that is too much.
    """
    level, words, max_levels, max_parts = 0, 0, min(max_levels, _MOST), min(max_parts, _MOST)
    for token in TOKEN.finditer(source.text):
        kind = token.lastgroup or ""
        words += kind in _WORDS
        if words > max_words:
            raise _too_many_words(source, *token.span(), max_words)
        if kind == "key" and _parts(token.group(), max_parts) > max_parts:
            raise _too_many_parts(source, *token.span(), max_parts)
        level += _DEEPER.get(kind, 0)
        if level > max_levels:
            raise _too_deep(source, token.start(), max_levels)
        if level < 0 or kind == "broken":
            break
    return words


def _parts(key: str, most: int) -> int:
    """How many parts ``key`` has, where these are more than ``most``; dots are counted first, since a string is a key
    too and may hold many of them."""
    return len(KEY_PART.findall(key)) if key.count(".") >= most else 1


def is_excessive(text: str) -> bool:
    """Whether ``text`` is beyond the limits, as where a string that held brackets or keys is closed ahead of them."""
    max_words = max(len(text), MAX_BYTES) // BYTES_A_WORD
    try:
        refuse_excess(Source("", text), MAX_LEVELS, MAX_PARTS, max_words)
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


def _too_many_words(source: Source, start: int, end: int, max_words: int) -> CompileError:
    span, message = Lines(source).span(start, end), f"more than {max_words:,} words: keys and values"
    remedy = "write what repeats once, with `repeat`, keep data elsewhere, or raise the limit: `--limit bytes=N`"
    return CompileError((TooManyWords.at(span, message, label="one too many", help=remedy),))


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
