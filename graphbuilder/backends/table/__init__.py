"""The table: what a network consists of and costs, block by block, as text, Markdown or data."""

from graphbuilder.backends.table.summary import Block, Summary, summarise

__all__ = ["Block", "Summary", "summarise"]
