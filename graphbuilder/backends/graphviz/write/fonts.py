"""Typefaces by their names, and the size at which each takes no more room than the layout has for words.

The layout measures every text in Helvetica; a face of other widths is set as large as it can be there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.lay.drawing import Run


@dataclass(frozen=True, slots=True)
class Font:
    """A typeface.

    Attributes:
        face: whose widths it has.
        dot: what Graphviz calls it.
        css: the families that a browser may take, the best first.
        pdf: the families, of fonts that GraphBuilder depends on, that a PDF embeds, the best first.
        tex: the LaTeX package that has it.
        larger: how much larger than the layout asks for it looks as large as the layout means.
    """

    face: text.Face
    dot: str
    css: str
    pdf: tuple[str, ...]
    tex: str
    larger: float = 1.0

    def fitted(self, run: Run) -> Run:
        """``run`` at the size that it has in this face."""
        if self.face == "sans" or not run.text:
            return run
        room = text.width(run.text, run.size, run.bold) / self.width(run)
        return replace(run, size=run.size * min(self.larger, room))

    def width(self, run: Run) -> float:
        """How wide ``run`` is, at the size that it says."""
        return text.width(run.text, run.size, run.bold, self.face)


SANS = Font(
    "sans",
    "Arial",
    'Arial,Arimo,"Liberation Sans",Helvetica,sans-serif',
    ("Arimo",),
    "helvet",
)
SERIF = Font(
    "serif",
    "Times",  # Pango takes the last word of "Times New Roman" for a style
    '"Times New Roman",Tinos,"Liberation Serif",Times,serif',
    ("Noto Serif", "Arimo"),
    "mathptmx",
    larger=1.1,
)
