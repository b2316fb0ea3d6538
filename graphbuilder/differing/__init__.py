"""What changed between two networks: matched step by step, told as a tree, as JSON and as a figure with both merged.

``bodies`` compares two bodies (``steps`` is what is matched, ``matching`` matches, ``wiring`` says who reads what and
``causes`` why an argument differs),
``report`` makes one difference of each edit and ``text`` the tree, with costs that ``standing`` sums over all copies.
``merging`` makes the graph of both that is drawn: ``splicing`` leads its wires, ``stand_ins`` are ops that read there
what they did not. ``revisions`` reads a spec as git knew it. Nothing here writes a file or prints.
"""

from __future__ import annotations

from graphbuilder.differing.report import Difference, Differences, Side, diff, differences

__all__ = ["Difference", "Differences", "Side", "diff", "differences"]
