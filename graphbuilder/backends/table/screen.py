"""The summary, or the roofline, on a terminal: in colour, and fitted to its width."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from graphbuilder.backends.table import roofline_rows
from graphbuilder.backends.table.columns import screen
from graphbuilder.backends.table.roofline import Roofline
from graphbuilder.backends.table.rows import columns, heading, totals
from graphbuilder.backends.table.summary import Summary


def show(summary: Summary | Roofline, depth: int, console: Console) -> None:
    """Print a heading, the blocks down to ``depth`` levels, and the totals."""
    if isinstance(summary, Roofline):
        roofline_rows.show(summary, depth, console)
        return
    console.print(Text(heading(summary), "bold"), "", screen(columns(summary, depth), console.width), "", sep="\n")
    console.print(_totals(summary))


def _totals(summary: Summary) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, text in totals(summary):
        table.add_row(Text(name, "dim" if name.startswith(" ") else "bold"), Text(text))
    return table
