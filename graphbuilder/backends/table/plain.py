"""The table as plain text, as wide as it needs to be: for files, pipes and ``print``. Terminals get ``screen``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graphbuilder.backends.table.rows import heading, headings, rows, totals
from graphbuilder.backends.table.summary import Summary

RIGHT = (False, False, False, True, True, True, False)


def plain(summary: Summary, depth: int) -> str:
    """A heading, the blocks down to ``depth`` levels, the totals."""
    cells = [(*headings(summary), ""), *((row.indented, *row.cells, row.bar) for row in rows(summary, depth))]
    head, *body = _aligned(cells)
    names = max(len(name) for name, _ in totals(summary))
    lines = [heading(summary), "", head, "─" * max(map(len, (head, *body))), *body, ""]
    lines += [f"{name:{names}}  {text}" for name, text in totals(summary)]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The rows as lines, every column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(row, widths, RIGHT, strict=True)
        yield "   ".join(f"{cell:>{width}}" if right else f"{cell:{width}}" for cell, width, right in cells).rstrip()
