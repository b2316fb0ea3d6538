"""Plots as files: of a comparison, parameters against multiply-accumulates; of a roofline, what a device can reach.

Graphviz draws them, as it does figures.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from graphbuilder.backends.graphviz.options import Theme
from graphbuilder.backends.graphviz.write.engine import NoEngine
from graphbuilder.backends.plot.sheet import Format
from graphbuilder.backends.table.comparison import Comparison
from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.backends import NoGraphviz
from graphbuilder.diagnostics.catalogue.usage import OutputSuffix
from graphbuilder.document.writing import shown
from graphbuilder.files import write_whole

if TYPE_CHECKING:
    from graphbuilder.backends.table.roofline import Roofline

__all__ = ["Format", "checked_format", "write", "write_roofline"]


def write(comparison: Comparison, path: str | Path | None, theme: Theme) -> bytes:
    """The plot of ``comparison``, written whole to ``path`` where one is given.

    Raises:
        CompileError: when the suffix is neither .svg nor .png, no Graphviz is there, or the file cannot be written.
    """
    from graphbuilder.backends.plot.scatter import scatter

    return _written(lambda format: scatter(comparison, format, theme), path)


def write_roofline(roofline: Roofline, path: str | Path | None, theme: Theme) -> bytes:
    """The same of ``roofline``."""
    from graphbuilder.backends.plot.roofline import plot

    return _written(lambda format: plot(roofline, format, theme), path)


def _written(draw: Callable[[Format], bytes], path: str | Path | None) -> bytes:
    format = checked_format(path) if path is not None else "svg"
    try:
        plot = draw(format)
    except NoEngine as error:
        message = f"no Graphviz on this machine draws {format}: {error}"
        raise CompileError((NoGraphviz.at(None, message, help="pip install graphviz-pure"),)) from error
    if path is not None:
        write_whole(path, plot)
    return plot


def checked_format(path: str | Path) -> Format:
    """The format that the suffix of ``path`` names.

    Raises:
        CompileError: it names none.
    """
    match Path(path).suffix.lower():
        case ".svg":
            return "svg"
        case ".png":
            return "png"
        case _:
            message = f"no plot is written as {shown(str(path))}"
            raise CompileError((OutputSuffix.at(None, message, help="end the path in .svg or .png"),))
