"""A TOML file read: its values at once, its positions when somebody asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from graphbuilder.diagnostics import Source, Span

Key = str | int


@dataclass(frozen=True, eq=False)
class Document:
    """A parsed TOML text. Positions come from a second reading, made when the first is asked for."""

    source: Source
    data: dict[str, Any] = field(repr=False)

    def span(self, keys: tuple[Key, ...]) -> Span:
        """Where the value at ``keys`` stands."""
        raise NotImplementedError

    def key_span(self, keys: tuple[Key, ...]) -> Span:
        """Where the key that names the value at ``keys`` stands."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Place:
    """A key path in a document; costs nothing until its span is asked for."""

    document: Document
    keys: tuple[Key, ...] = ()

    def __truediv__(self, key: Key) -> Place:
        return Place(self.document, (*self.keys, key))

    @property
    def span(self) -> Span:
        """The value's span."""
        return self.document.span(self.keys)

    @property
    def key_span(self) -> Span:
        """The key's span."""
        return self.document.key_span(self.keys)
