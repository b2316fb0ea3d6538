"""A document that several files make up: one tree of values, each of which knows the file that wrote it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from graphbuilder.diagnostics import Span
from graphbuilder.document import Document, Place

Keys = tuple[str | int, ...]

# What tells how to merge, and so is no part of what is merged.
EXTENSION_KEYS = ("extends", "steps")


@dataclass(frozen=True, eq=False)
class Merged(Document):
    """The values of ``child`` over those of ``parent``, which it extends.

    Attributes:
        child: the file that extends.
        parent: what it extends, perhaps merged itself.
        origins: for a path of keys, where it and all below it were written; the longest that leads to a value counts.
    """

    child: Document
    parent: Document
    origins: Mapping[Keys, Place] = field(repr=False)

    def origin(self, keys: Keys) -> Place:
        """Where the value at ``keys`` was written: a path in a file that is no merger."""
        for length in range(len(keys), -1, -1):
            if found := self.origins.get(keys[:length]):
                return written(Place(found.document, (*found.keys, *keys[length:])))
        return Place(self.child, keys)

    def generation(self, keys: Keys) -> int:
        """0 for what stands at ``keys`` in its own place, else how late the file is that inserted it by ``[steps]``."""
        origin = self.origin(keys)
        if origin.keys[:1] != ("steps",):
            return 0
        paths = files(self)
        return len(paths) - paths.index(origin.document.source.path)

    def span(self, keys: Keys) -> Span:
        return self.origin(keys).span

    def key_span(self, keys: Keys) -> Span:
        return self.origin(keys).key_span


def written(place: Place) -> Place:
    """Where what stands at ``place`` was written: a path in a file that is no merger."""
    return place.document.origin(place.keys) if isinstance(place.document, Merged) else place


def files(document: Document) -> list[str]:
    """The paths of the files that make up ``document``: its own, then what it extends, the nearest first."""
    return [each.source.path for each in documents(document)]


def documents(document: Document) -> Iterator[Document]:
    """The files that make up ``document``, in the same order."""
    while isinstance(document, Merged):
        yield document.child
        document = document.parent
    yield document


def is_half(document: Document, keys: Keys) -> bool:
    """Whether a file of ``document`` breaks off in the value at ``keys``."""
    return any(each.unfinished and keys in each.unread for each in documents(document))


def characters(document: Document) -> int:
    """How long the texts of the files that make up ``document`` are together."""
    if not isinstance(document, Merged):
        return len(document.source.text)
    return characters(document.child) + characters(document.parent)


def own(place: Place) -> Place | None:
    """The place in the file itself, or None where another wrote it."""
    if not isinstance(place.document, Merged):
        return place
    origin = place.document.origin(place.keys)
    return origin if origin.document is place.document.child else None


def longer(table: str, pair: str) -> str:
    """A table with one more pair: an inline one, or the header of one."""
    if not table.startswith("{"):
        return f"{table}\n{pair}"
    inside = table[1:-1].strip()
    comma = "" if not inside or inside.endswith(",") else ","
    return f"{{ {inside}{comma} {pair} }}"
