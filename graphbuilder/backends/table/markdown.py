"""The summary in Markdown."""

from __future__ import annotations

from graphbuilder.backends.table.columns import markdown as markdown_lines
from graphbuilder.backends.table.rows import columns, totals
from graphbuilder.backends.table.summary import Summary


def markdown(summary: Summary, depth: int) -> str:
    """The table down to ``depth`` levels, and the totals."""
    lines = [*markdown_lines(columns(summary, depth)[:-1]), "", "| | |", "|:--|--:|"]
    lines += [f"| {name.strip()} | {text.strip()} |" for name, text in totals(summary)]
    return "\n".join((*lines, ""))
