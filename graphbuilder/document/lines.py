"""From offsets in a text to lines and columns."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from graphbuilder.diagnostics import Source, Span


class Lines:
    """The starts of a source's lines."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._starts = [0, *accumulate(len(line) + 1 for line in source.text.split("\n"))][:-1]

    def span(self, start: int, end: int) -> Span:
        """The span of the characters from offset ``start`` up to ``end``, which may lie behind the text."""
        line, column = self._place(start)
        end_line, end_column = self._place(end)
        return Span(self._source, line, column, end_line, end_column)

    def _place(self, offset: int) -> tuple[int, int]:
        offset = min(offset, len(self._source.text))
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1
