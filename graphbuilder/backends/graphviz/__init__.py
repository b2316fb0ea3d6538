"""The figure of a network: places everything itself, and has Graphviz only draw it."""

from __future__ import annotations

from graphbuilder.backends.graphviz.figure import dot, render
from graphbuilder.backends.graphviz.options import Options

__all__ = ["Options", "dot", "render"]
