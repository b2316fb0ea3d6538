"""The table in Markdown. Names are letters, digits and underscores, so only what ops say of themselves is escaped."""

from __future__ import annotations

from collections.abc import Iterator

from graphbuilder.backends.table.rows import Row, rows, share_of, totals
from graphbuilder.backends.table.summary import Summary


def markdown(summary: Summary, depth: int) -> str:
    """The table down to ``depth`` levels, and the totals."""
    return "\n".join((*_blocks(summary, depth), "", *_totals(summary), ""))


def _blocks(summary: Summary, depth: int) -> Iterator[str]:
    yield f"| block | op | output | parameters | MACs | {share_of(summary)}, share |"
    yield "|:--|:--|:--|--:|--:|--:|"
    yield from (_line(row) for row in rows(summary, depth))


def _line(row: Row) -> str:
    name = "&emsp;" * row.level + row.name
    return f"| {' | '.join(map(_cell, (name, row.what, row.output, row.parameters, row.macs, row.share)))} |"


def _totals(summary: Summary) -> Iterator[str]:
    yield "| | |"
    yield "|:--|--:|"
    yield from (f"| {_cell(name.strip())} | {_cell(text)} |" for name, text in totals(summary))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
