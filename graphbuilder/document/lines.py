"""From offsets in a text to lines and columns."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from copy import copy
from itertools import accumulate
from typing import NamedTuple

from graphbuilder.diagnostics import Source, Span


class Moved(NamedTuple):
    """Where an edited text has ``length`` characters from ``start`` on in the place of what was ``written``."""

    start: int
    length: int
    written: str

    @property
    def end(self) -> int:
        return self.start + self.length


class Lines:
    """The starts of a source's lines.

    Args:
        moved: how the text that offsets are given for differs from that of the source, from start to end.
    """

    def __init__(self, source: Source, moved: Sequence[Moved] = ()) -> None:
        self._source = source
        self._moved = moved
        self._starts = [0, *accumulate(len(line) + 1 for line in source.text.split("\n"))][:-1]

    def moving(self, moved: Sequence[Moved]) -> Lines:
        """The same lines for a text that differs by ``moved`` from that of the source."""
        other = copy(self)
        other._moved = moved
        return other

    def span(self, start: int, end: int) -> Span:
        """The span of the characters from offset ``start`` up to ``end``, which may lie behind the text."""
        line, column = self._place(start)
        end_line, end_column = self._place(end)
        return Span(self._source, line, column, end_line, end_column)

    def _place(self, offset: int) -> tuple[int, int]:
        offset = min(self._written(offset), len(self._source.text))
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def _written(self, offset: int) -> int:
        """Where in the text of the source that is which stands at ``offset``."""
        shift = 0
        for moved in self._moved:
            if offset < moved.end:
                return (
                    offset + shift
                    if offset < moved.start
                    else moved.start + shift + min(offset - moved.start, len(moved.written))
                )
            shift += len(moved.written) - moved.length
        return offset + shift
