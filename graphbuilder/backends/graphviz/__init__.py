"""The figure of a network: places everything itself, and has Graphviz only draw it.

The way through, which ``figure`` walks:

- ``read``: a TypedGraph becomes a ``Scene``. ``policy`` decides what is a panel, a card or one box, ``habits`` what
  need not be drawn, ``reader`` reads; ``heat`` measures what items cost and colours them; ``structure`` finds chains,
  branches and tangles in a region.
- ``lay``: a scene becomes a ``Drawing``. From the inside out: ``placing`` puts the items of a region behind and beside
  each other (``parts`` joins two pieces, ``channel`` routes between them, ``mesh`` places tangles, ``ladder`` a U),
  ``panels`` cuts the network, ``columns`` chooses a sheet, ``sheet`` and ``legend`` fill it, ``pen`` draws.
- ``write``: a drawing becomes bytes. ``dot`` spells it, ``engine`` runs Graphviz, ``svg`` finishes, ``pdf`` needs none;
  ``theme`` has the colours, ``fonts`` the faces. TikZ and Mermaid have rooms of their own.

``options`` is what a caller may choose, ``text`` is words and their widths; all rooms use both.
"""

from __future__ import annotations

from graphbuilder.backends.graphviz.figure import dot, drawing, render
from graphbuilder.backends.graphviz.options import Options

__all__ = ["Options", "dot", "drawing", "render"]
