"""The table on a terminal: in colour, and fitted to its width. The only place here that imports rich."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from graphbuilder.backends.table.rows import heading, headings, rows, totals
from graphbuilder.backends.table.summary import Summary

BAR_COLUMNS = 100  # a narrower console has no room for bars
SHARE_COLUMNS = 70  # nor, below this, for shares


def show(summary: Summary, depth: int, console: Console) -> None:
    """Print a heading, the blocks down to ``depth`` levels, and the totals."""
    console.print(Text(heading(summary), "bold"))
    shares, bars = console.width >= SHARE_COLUMNS, console.width >= BAR_COLUMNS
    console.print(_blocks(summary, depth, shares=shares, bars=bars))
    console.print(_totals(summary))


def _blocks(summary: Summary, depth: int, *, shares: bool, bars: bool) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    block, op, output, *numbers = headings(summary)[: None if shares else -1]
    longest = max((len(row.indented) for row in rows(summary, depth)), default=0)
    table.add_column(block, no_wrap=True, min_width=min(16, longest))
    table.add_column(op, overflow="fold")
    table.add_column(output, no_wrap=True)
    for title in numbers:
        table.add_column(title, justify="right", no_wrap=True)
    if bars:
        table.add_column("", style="cyan", no_wrap=True)
    for row in rows(summary, depth):
        what, *others = row.cells[: None if shares else -1]
        name = Text(row.indented, "" if row.is_op else "bold")
        table.add_row(name, Text(what, "dim" if row.is_op else ""), *map(Text, others), *([row.bar] if bars else ()))
    return table


def _totals(summary: Summary) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, text in totals(summary):
        table.add_row(Text(name, "dim" if name.startswith(" ") else "bold"), Text(text))
    return table
