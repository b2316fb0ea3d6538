"""Where things stand, in the protocol's words: from offsets and spans to its positions and back.

A position counts lines from 0 and, in a line, whatever units the client asked for: those of UTF-16 as a rule, so that a
character beyond the basic plane counts twice.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable

from lsprotocol import types as lsp

from graphbuilder.diagnostics import Span

_END = re.compile(r"\r\n|\n|\r")

Units = Callable[[str], int]


def utf16(text: str) -> int:
    """The units that ``text`` counts for in UTF-16."""
    return len(text) + sum(character > "\uffff" for character in text)


def _halves(character: str) -> tuple[str, str]:
    """The units of UTF-16 that a character beyond the basic plane is a pair of."""
    pair = character.encode("utf-16-le")
    return pair[:2].decode("utf-16-le", "surrogatepass"), pair[2:].decode("utf-16-le", "surrogatepass")


class Text:
    """A text and its lines. ``source`` is as a document keeps it: lines end with a line feed, no byte order mark."""

    def __init__(self, source: str, units: Units = utf16) -> None:
        self.source = source.removeprefix("\ufeff").replace("\r\n", "\n")
        self.units = units
        self._starts = [0, *(found.end() for found in _END.finditer(self.source))]
        self._rows = [0, *(at + 1 for at, character in enumerate(self.source) if character == "\n")]

    def offset(self, position: lsp.Position) -> int:
        """The offset of ``position``; one behind a line's end stands for that end."""
        if position.line >= len(self._starts):
            return len(self.source)
        start = self._starts[position.line]
        units = 0
        for at, character in enumerate(self._line(position.line)):
            if units >= position.character:
                return start + at
            units += self.units(character)
        return start + len(self._line(position.line))

    def position(self, offset: int) -> lsp.Position:
        """The position of ``offset``."""
        line = bisect_right(self._starts, offset) - 1
        return lsp.Position(line, self.units(self.source[self._starts[line] : offset]))

    def after(self, changes: Iterable[lsp.TextDocumentContentChangeEvent]) -> str:
        """The text after ``changes``, each of the text that the one before it left: of a range, or of the whole."""
        text = self
        for change in changes:
            of_range = isinstance(change, lsp.TextDocumentContentChangePartial)
            text = Text(text._with(change.range, change.text) if of_range else change.text, self.units)
        return text.source

    def _with(self, replaced: lsp.Range, new: str) -> str:
        """The text with ``new`` in a range; an editor that compares texts by units may part a pair of them."""
        start, end = self.offset(replaced.start), max(self.offset(replaced.start), self.offset(replaced.end))
        ahead, behind = self.source[:start], self.source[end:]
        if self._parts(replaced.start, start):
            ahead = ahead[:-1] + _halves(ahead[-1])[0]
        if self._parts(replaced.end, end):
            behind = _halves(self.source[end - 1])[1] + behind
        return f"{ahead}{new}{behind}".encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")

    def _parts(self, position: lsp.Position, offset: int) -> bool:
        """Whether ``position``, for which ``offset`` stands, is amid a pair."""
        is_pair = offset > 0 and self.source[offset - 1] > "\uffff"
        return is_pair and self.position(offset).character > position.character

    def range(self, start: int, end: int) -> lsp.Range:
        """The range of the characters from ``start`` up to ``end``."""
        return lsp.Range(self.position(start), self.position(end))

    def range_of(self, span: Span) -> lsp.Range:
        """The range of ``span``, which counts in code points and knows line feeds alone."""
        return self.range(self._at(span.line, span.column), self._at(span.end_line, span.end_column))

    def _at(self, row: int, column: int) -> int:
        start = self._rows[min(row, len(self._rows)) - 1]
        return min(start + column - 1, len(self.source))

    def _line(self, number: int) -> str:
        end = self._starts[number + 1] if number + 1 < len(self._starts) else len(self.source)
        return self.source[self._starts[number] : end].rstrip("\r\n")
