"""The summary as plain text, as wide as it needs to be: for files, pipes and ``print``. Terminals get ``screen``."""

from __future__ import annotations

from graphbuilder.backends.table.columns import plain as plain_lines
from graphbuilder.backends.table.rows import columns, heading, totals
from graphbuilder.backends.table.summary import Summary


def plain(summary: Summary, depth: int) -> str:
    """A heading, the blocks down to ``depth`` levels, the totals."""
    names = max(len(name) for name, _ in totals(summary))
    lines = [heading(summary), "", *plain_lines(columns(summary, depth)), ""]
    lines += [f"{name:{names}}  {text}" for name, text in totals(summary)]
    return "".join(f"{line.rstrip()}\n" for line in lines)
