"""The table as text: in colour for a terminal, plain for all else. The only place here that imports rich."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from graphbuilder.backends.table.rows import Row, rows, share_of, totals
from graphbuilder.backends.table.summary import Summary

MANY_COLUMNS = 10_000
BAR_COLUMNS = 100  # a narrower console has no room for bars


def plain(summary: Summary, depth: int) -> str:
    """The table without colour, as wide as its widest row."""
    console = Console(
        file=StringIO(), width=MANY_COLUMNS, color_system=None, force_terminal=False, legacy_windows=False
    )
    show(summary, depth, console)
    written = console.file
    assert isinstance(written, StringIO)
    return "".join(f"{line.rstrip()}\n" for line in written.getvalue().splitlines())


def show(summary: Summary, depth: int, console: Console) -> None:
    """Print a heading, the blocks and the totals."""
    console.print(Text.assemble((summary.name, "bold"), f"  {printable(summary.title)}" if summary.title else ""))
    console.print(_blocks(summary, depth, bars=console.width >= BAR_COLUMNS))
    console.print(_totals(summary))


def printable(text: str) -> str:
    """``text`` with what would not be seen, or would move what stands around it, written as its number."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def _blocks(summary: Summary, depth: int, *, bars: bool) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("block", no_wrap=True)
    table.add_column("op", overflow="fold")
    table.add_column("output", no_wrap=True)
    for title in ("parameters", "MACs", f"{share_of(summary)}, share"):
        table.add_column(title, justify="right", no_wrap=True)
    if bars:
        table.add_column("", style="cyan", no_wrap=True)
    for row in rows(summary, depth):
        table.add_row(*_cells(row), *([row.bar] if bars else ()))
    return table


def _cells(row: Row) -> Iterator[Text]:
    yield Text("  " * row.level + row.name, "" if row.is_op else "bold")
    yield Text(row.what, "dim" if row.is_op else "")
    yield from (Text(cell) for cell in (row.output, row.parameters, row.macs, row.share))


def _totals(summary: Summary) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, text in totals(summary):
        table.add_row(Text(name, "dim" if name.startswith(" ") else "bold"), Text(text))
    return table
