"""The figure in TikZ, to be compiled or taken into a paper: the layout is that of ``backends.graphviz``.

``writer`` spells the drawing, ``escape`` its words. Nothing here places anything.
"""

from __future__ import annotations

from graphbuilder.backends.tikz.escape import lacking
from graphbuilder.backends.tikz.writer import write

__all__ = ["lacking", "write"]
