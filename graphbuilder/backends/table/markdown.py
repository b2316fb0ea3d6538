"""The table in Markdown. Names are letters, digits and underscores, so only what ops say of themselves is escaped."""

from __future__ import annotations

from collections.abc import Iterator

from graphbuilder.backends.table.rows import Row, headings, rows, totals
from graphbuilder.backends.table.summary import Summary


def markdown(summary: Summary, depth: int) -> str:
    """The table down to ``depth`` levels, and the totals."""
    return "\n".join((*_blocks(summary, depth), "", *_totals(summary), ""))


def _blocks(summary: Summary, depth: int) -> Iterator[str]:
    yield f"| {' | '.join(headings(summary))} |"
    yield "|:--|:--|:--|--:|--:|--:|"
    yield from (_line(row) for row in rows(summary, depth))


def _line(row: Row) -> str:
    return f"| {' | '.join(map(_cell, ('&emsp;' * row.level + row.name, *row.cells)))} |"


def _totals(summary: Summary) -> Iterator[str]:
    yield "| | |"
    yield "|:--|--:|"
    yield from (f"| {_cell(name.strip())} | {_cell(text)} |" for name, text in totals(summary))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
