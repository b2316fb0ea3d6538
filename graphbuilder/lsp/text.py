"""Where things stand, in the protocol's words: from offsets and spans to its positions and back.

A position counts lines from 0 and, in a line, whatever units the client asked for: those of UTF-16 as a rule, so that a
character beyond the basic plane counts twice.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable

from lsprotocol import types as lsp

from graphbuilder.diagnostics import Span

_END = re.compile(r"\r\n|\n|\r")


Units = Callable[[str], int]


def utf16(text: str) -> int:
    """The units that ``text`` counts for in UTF-16."""
    return len(text) + sum(character > "\uffff" for character in text)


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
