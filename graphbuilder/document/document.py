"""A TOML file read: its values at once, its positions when somebody asks.

Nothing here knows what a spec is; a value is whatever TOML says it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import tomli

from graphbuilder.diagnostics import CompileError, Diagnostic, Source, Span
from graphbuilder.diagnostics.catalogue.files import IntegerTooLarge
from graphbuilder.document.caps import MAX_LEVELS, MAX_PARTS, beyond_64_bits, refuse_nesting
from graphbuilder.document.lines import Lines
from graphbuilder.document.reading import MAX_BYTES, read_text, refuse_halves, too_large
from graphbuilder.document.scanner import Extent, Key, Keys, Scanner
from graphbuilder.garbage import no_search

_ENDLESS_INTEGER = re.compile(r"[0-9][0-9_]{639,}")


@dataclass(frozen=True, eq=False)
class Document:
    """A parsed TOML text. Positions come from a second reading, made when the first is asked for.

    A path that is not there stands where its nearest ancestor stands, the empty path at the start of the text.
    """

    source: Source
    data: dict[str, Any] = field(repr=False)

    def span(self, keys: Keys) -> Span:
        """Where the value at ``keys`` stands. That of ``[a.b]`` and of an item of ``[[a.b]]`` is the header."""
        return self._lines.span(*self._extent(keys).value)

    def key_span(self, keys: Keys) -> Span:
        """Where the key that names the value at ``keys`` stands; for an item of an array, where the item stands."""
        return self._lines.span(*self._extent(keys).key)

    def _extent(self, keys: Keys) -> Extent:
        while keys and keys not in self._extents:
            keys = keys[:-1]
        return self._extents[keys] if keys else Extent((0, 0), (0, 0))

    @cached_property
    def _extents(self) -> Mapping[Keys, Extent]:
        scanner = Scanner(self.source.text)
        scanner.scan()
        return scanner.extents

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self.source)


@dataclass(frozen=True, slots=True)
class Place:
    """A key path in a document; costs nothing until its span is asked for."""

    document: Document
    keys: Keys = ()

    def __truediv__(self, key: Key) -> Place:
        return Place(self.document, (*self.keys, key))

    @property
    def value(self) -> object:
        """The value as tomli read it."""
        value: Any = self.document.data
        for key in self.keys:
            value = value[key]
        return value

    @property
    def span(self) -> Span:
        """The value's span."""
        return self.document.span(self.keys)

    @property
    def key_span(self) -> Span:
        """The key's span."""
        return self.document.key_span(self.keys)


def load(
    path: str | Path, *, max_bytes: int = MAX_BYTES, max_levels: int = MAX_LEVELS, max_parts: int = MAX_PARTS
) -> Document:
    """The file at ``path``, which errors name as it is written here.

    Raises:
        CompileError: when it cannot be read, is not UTF-8, is not TOML or is over a limit.
    """
    text = read_text(Path(path), str(path), max_bytes)
    return parse(text, str(path), max_bytes=max_bytes, max_levels=max_levels, max_parts=max_parts)


@no_search()
def parse(
    text: str, path: str, *, max_bytes: int = MAX_BYTES, max_levels: int = MAX_LEVELS, max_parts: int = MAX_PARTS
) -> Document:
    """``text`` as TOML 1.1; ``path`` is what errors call it. A byte order mark is passed over.

    Raises:
        CompileError: when it is not TOML or is over a limit.
    """
    if len(text) > max_bytes or len(text.encode(errors="replace")) > max_bytes:
        raise CompileError((too_large(path, max_bytes),))
    refuse_halves(text, path)
    source = Source(path, text.removeprefix("\ufeff").replace("\r\n", "\n"))
    refuse_nesting(source, max_levels, max_parts)
    document = Document(source, _values(source))
    large = [document.span(keys) for keys in beyond_64_bits(source.text, document.data)]
    if large:
        raise CompileError(tuple(_too_large_integer(span) for span in large))
    return document


def _values(source: Source) -> dict[str, Any]:
    try:
        return tomli.loads(source.text)
    except tomli.TOMLDecodeError as error:
        # Few runs need the words for what tomli refuses.
        from graphbuilder.document.syntax import explain

        raise CompileError((explain(error, source),)) from None
    except ValueError:
        # Python itself refuses to read an integer of thousands of digits.
        found = _ENDLESS_INTEGER.search(source.text)
        span = Lines(source).span(*found.span()) if found else None
        raise CompileError((_too_large_integer(span),)) from None


def _too_large_integer(span: Span | None) -> Diagnostic:
    return IntegerTooLarge.at(span, "an integer of more than 64 bits", help="write a smaller number, or text in quotes")
