"""The network as a Mermaid flowchart, which code hosts draw where a README has it in a fence.

It shows what the figure of ``backends.graphviz`` shows, folded alike; Mermaid places it.
"""

from __future__ import annotations

from graphbuilder.backends.mermaid.writer import write

__all__ = ["write"]
