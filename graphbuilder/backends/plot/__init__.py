"""The scatter plot of a comparison: parameters against multiply-accumulates. Graphviz draws it, as it does figures."""

from __future__ import annotations

from pathlib import Path

from graphbuilder.backends.graphviz.options import Theme
from graphbuilder.backends.graphviz.write.engine import NoEngine
from graphbuilder.backends.plot.scatter import Format, scatter
from graphbuilder.backends.table.comparison import Comparison
from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.backends import NoGraphviz
from graphbuilder.diagnostics.catalogue.usage import OutputSuffix
from graphbuilder.files import write_whole

__all__ = ["Format", "checked_format", "scatter", "write"]


def write(comparison: Comparison, path: str | Path | None, theme: Theme) -> bytes:
    """The plot, written whole to ``path`` where one is given.

    Raises:
        CompileError: when the suffix is neither .svg nor .png, no Graphviz is there, or the file cannot be written.
    """
    format = checked_format(path) if path is not None else "svg"
    try:
        plot = scatter(comparison, format, theme)
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
            message = f"no plot is written as {str(path)!r}"
            raise CompileError((OutputSuffix.at(None, message, help="end the path in .svg or .png"),))
