"""Tables: what a network consists of and costs, block by block, and networks side by side; as text or data."""

from graphbuilder.backends.table.comparison import Comparison, Timing, Variant, variant
from graphbuilder.backends.table.summary import Block, Summary, summarise

__all__ = ["Block", "Comparison", "Summary", "Timing", "Variant", "summarise", "variant"]
