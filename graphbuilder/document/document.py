"""A TOML file read: its values at once, its positions when somebody asks.

Nothing here knows what a spec is; a value is whatever TOML says it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import tomli

from graphbuilder.diagnostics import CompileError, Sink, Source, Span
from graphbuilder.document.caps import (
    BYTES_A_WORD,
    MAX_LEVELS,
    MAX_PARTS,
    beyond_64_bits,
    refuse_excess,
    too_large_integer,
)
from graphbuilder.document.lines import Lines, Moved
from graphbuilder.document.reading import MAX_BYTES, read_text, refuse_halves, too_large, with_line_feeds
from graphbuilder.document.scanner import Extent, Key, Keys, Scanner
from graphbuilder.garbage import no_search


class Unread(str):
    """What stands for a value that could not be read: text that would be computed, and that nobody can compute."""

    __slots__ = ()

    def __new__(cls) -> Unread:
        return super().__new__(cls, "=?")


@dataclass(frozen=True, eq=False)
class Document:
    """A parsed TOML text. Positions come from a second reading, made when the first is asked for.

    A path that is not there stands where its nearest ancestor stands, the empty path at the start of the text.

    Attributes:
        read: the text that was read, where that of the source has faults.
        moved: where it is not as it was written.
        unread: the paths of values that could not be read, in whose places something else stands.
        unfinished: whether the text breaks off, so that what is missing may be what was to come.
        words: how many keys and values there are, up to where the text stops being TOML, if it does.
    """

    source: Source
    data: dict[str, Any] = field(repr=False)
    read: str = field(default="", repr=False, kw_only=True)
    moved: tuple[Moved, ...] = field(default=(), repr=False, kw_only=True)
    unread: frozenset[Keys] = field(default=frozenset(), repr=False, kw_only=True)
    unfinished: bool = field(default=False, repr=False, kw_only=True)
    words: int = field(default=0, repr=False, kw_only=True)

    @property
    def weight(self) -> int:
        """How many of the bytes that a text may have are taken up by this one: with very many words, more than it
        has."""
        return max(len(self.source.text.encode()), BYTES_A_WORD * self.words)

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
        scanner = Scanner(self.read if self.moved else self.source.text)
        scanner.scan()
        return scanner.extents

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self.source, self.moved)


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
    path: str | Path,
    *,
    max_bytes: int = MAX_BYTES,
    max_levels: int = MAX_LEVELS,
    max_parts: int = MAX_PARTS,
    sink: Sink | None = None,
) -> Document:
    """The file at ``path``, which errors name as it is written here.

    Raises:
        CompileError: when it cannot be read, is not UTF-8, is not TOML or is over a limit.
    """
    text = read_text(Path(path), str(path), max_bytes)
    return parse(text, str(path), max_bytes=max_bytes, max_levels=max_levels, max_parts=max_parts, sink=sink)


@no_search()
def parse(
    text: str,
    path: str,
    *,
    max_bytes: int = MAX_BYTES,
    max_levels: int = MAX_LEVELS,
    max_parts: int = MAX_PARTS,
    sink: Sink | None = None,
) -> Document:
    """``text`` as TOML 1.1; ``path`` is what errors call it. A byte order mark is passed over.

    Args:
        max_bytes: the most that it may have; a fifth of it is the most keys and values.
        sink: takes what is not TOML, where that is a few values; all the rest is then in what is given.

    Raises:
        CompileError: when it is not TOML or is over a limit.
    """
    if len(text) > max_bytes or len(text.encode(errors="replace")) > max_bytes:
        raise CompileError((too_large(path, max_bytes),))
    refuse_halves(text, path)
    source = Source(path, with_line_feeds(text.removeprefix("\ufeff")))
    words = refuse_excess(source, max_levels, max_parts, max_bytes // BYTES_A_WORD)
    faults = Sink()
    document = _read(source, words, faults)
    large = list(beyond_64_bits(source.text, document.data))
    for keys in large:
        faults.add(too_large_integer(document.span(keys)))
    if sink is None or large:
        faults.raise_if_failed()
        return document
    for fault in faults.diagnostics:
        sink.add(fault)
    return document


def _read(source: Source, words: int, faults: Sink) -> Document:
    try:
        return Document(source, tomli.loads(source.text), words=words)
    except ValueError:
        # Few runs need the words for what tomli refuses.
        from graphbuilder.document.recovery import recovered

        found = recovered(source)
    for fault in found.faults:
        faults.add(fault)
    if found.data is None:
        faults.raise_if_failed()
    read = Document(source, found.data or {}, read=found.text, moved=found.moved, unread=found.unread)
    return replace(read, unfinished=found.unfinished, words=words)
