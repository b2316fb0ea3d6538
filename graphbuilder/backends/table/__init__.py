"""Tables, as text or data: what a network consists of and costs, block by block; networks side by side
(``comparison``, imported from there by those who compare); the catalogue (``ops``)."""

from graphbuilder.backends.table.summary import Block, Summary, summarise

__all__ = ["Block", "Summary", "summarise"]
