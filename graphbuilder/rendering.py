"""From a network to its figure, in every format that there is; each backend is imported when it is asked for.

Nothing here draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack, cast, get_args, overload

from graphbuilder.diagnostics import CompileError

if TYPE_CHECKING:
    from graphbuilder.analysis.inference import TypedGraph
    from graphbuilder.backends.graphviz.options import Direction, Options, Shapes, Style, Theme
    from graphbuilder.compiler import Network

Format = Literal["svg", "png", "pdf", "dot", "html", "tex", "mmd"]


class Choices(TypedDict, total=False):
    """How to draw: the fields of ``backends.graphviz.Options``, where a single pattern may stand for several."""

    shapes: Shapes
    names: bool
    direction: Direction
    expand: str | Sequence[str]
    collapse: str | Sequence[str]
    level: int | None
    dpi: int
    theme: Theme
    title: str | None
    style: Style


@overload
def render(
    network: Network | str | Path, path: None = ..., *, format: Format | None = ..., **choices: Unpack[Choices]
) -> bytes: ...
@overload
def render(
    network: Network | str | Path, path: str | Path, *, format: Format | None = ..., **choices: Unpack[Choices]
) -> None: ...
def render(
    network: Network | str | Path,
    path: str | Path | None = None,
    *,
    format: Format | None = None,
    **choices: Unpack[Choices],
) -> bytes | None:
    """The figure of the network; where a ``path`` is given, it is written whole there and not returned.

    Args:
        format: "svg", "png", "pdf", "dot", "html" (a page that folds, searches and tells of every step), "tex" (a LaTeX
            document that needs TikZ) or "mmd" (a Mermaid flowchart); the suffix of ``path`` says it otherwise, and
            without both it is SVG.
        choices: the fields of ``backends.graphviz.Options``: ``shapes``, ``names``, ``direction``, ``expand``,
            ``collapse``, ``level``, ``dpi``, ``theme``, ``title`` and ``style``.

    Raises:
        CompileError: when the spec has mistakes, no such format is drawn, or the file cannot be written.
        TypeError, ValueError: when a choice is none.
    """
    from graphbuilder.compiler import load

    options = _options(choices)
    chosen = format or (format_of(path) if path is not None else "svg")
    known = load(network) if isinstance(network, str | Path) else network
    figure = drawn(known.typed, chosen, options)
    if path is None:
        return figure
    from graphbuilder.files import write_whole

    write_whole(path, figure)
    return None


def format_of(path: str | Path) -> Format:
    """What the suffix of ``path`` asks for.

    Raises:
        CompileError: when nothing is drawn so.
    """
    from graphbuilder.diagnostics.catalogue.usage import OutputSuffix

    suffix = Path(path).suffix.lower().removeprefix(".")
    if suffix not in get_args(Format):
        message = f"no figure is written as {str(path)!r}"
        known = ", ".join(f".{each}" for each in get_args(Format))
        raise CompileError((OutputSuffix.at(None, message, help=f"end the path in {known}"),))
    return cast("Format", suffix)


def _options(choices: Choices) -> Options:
    from graphbuilder.backends.graphviz.options import Options

    given: dict[str, Any] = {**choices}
    patterns: dict[str, Any] = {word: _patterns(given.get(word, ())) for word in ("expand", "collapse")}
    return Options(**{**given, **patterns})


def _patterns(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def drawn(typed: TypedGraph, format: Format, options: Options) -> bytes:
    """The bytes of the figure, by the backend of its format.

    Raises:
        CompileError: when nothing on this machine draws it.
    """
    if format == "html":
        from graphbuilder.backends.html import render as write_page

        return write_page(typed, options)
    if format == "tex":
        from graphbuilder.backends.tikz import write as write_tex

        return write_tex(typed, options).encode()
    if format == "mmd":
        from graphbuilder.backends.mermaid import write as write_mermaid

        return write_mermaid(typed, options).encode()
    from graphbuilder.backends.graphviz import render as draw
    from graphbuilder.backends.graphviz.write.engine import NoEngine
    from graphbuilder.diagnostics.catalogue.backends import NoGraphviz

    try:
        return draw(typed, format, options)
    except NoEngine as error:
        message = f"no Graphviz on this machine draws {format}: {error}"
        raise CompileError((NoGraphviz.at(None, message, help="pip install graphviz-pure, or write .dot"),)) from error
