"""From a network to its figure, in every format that there is; each backend is imported when it is asked for.

Nothing here draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, TypedDict, Unpack, cast, get_args, overload

from graphbuilder.diagnostics import CompileError
from graphbuilder.document.writing import shown
from graphbuilder.garbage import no_search

if TYPE_CHECKING:
    from graphbuilder.analysis.inference import TypedGraph
    from graphbuilder.backends.graphviz.options import Direction, Heat, Options, Shapes, Style, Theme, Timing
    from graphbuilder.compiler import Checked, Network
    from graphbuilder.diagnostics import Diagnostic

Drawable: TypeAlias = "Network | Checked | str | Path"
Format = Literal["svg", "png", "pdf", "dot", "html", "tex", "mmd"]
_MOST_SIGNS = 20
"""How many characters that cannot be shown are told."""


class Choices(TypedDict, total=False):
    """How to draw: fields of ``backends.graphviz.Options``, a single pattern standing for several, and of ``Clock``."""

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
    heat: Heat | None
    device: str
    batch: int
    tell: Callable[[int, int], None]


def _silent(done: int, rounds: int) -> None:
    pass


class Clock(NamedTuple):
    """How the time of a forward is measured: on what, and on how many samples.

    ``tell`` is called with (rounds done, rounds in all).
    """

    device: str = "auto"
    batch: int = 1
    tell: Callable[[int, int], None] = _silent


@overload
def render(
    network: Drawable,
    path: None = ...,
    *,
    format: Format | None = ...,
    **choices: Unpack[Choices],
) -> bytes: ...
@overload
def render(
    network: Drawable,
    path: str | Path,
    *,
    format: Format | None = ...,
    **choices: Unpack[Choices],
) -> None: ...
def render(
    network: Drawable,
    path: str | Path | None = None,
    *,
    format: Format | None = None,
    **choices: Unpack[Choices],
) -> bytes | None:
    """The figure of the network; where a ``path`` is given, it is written whole there and not returned.

    Args:
        network: a network, the path of a spec, or what a check found: of a broken spec the part up to its faults is
            drawn, these in red with what is wrong, where they stand in the network.
        format: "svg", "png", "pdf", "dot", "html" (a page that folds, searches and tells of every step), "tex" (a LaTeX
            document that needs TikZ) or "mmd" (a Mermaid flowchart); the suffix of ``path`` says it otherwise, and
            without both it is SVG.
        choices: the fields of ``backends.graphviz.Options``: ``shapes``, ``names``, ``direction``, ``expand``,
            ``collapse``, ``level``, ``dpi``, ``theme``, ``title``, ``style`` and ``heat``; with ``heat="time"``, for
            which the network is run in torch, those of ``Clock``: ``device``, ``batch`` and ``tell``.

    Raises:
        CompileError: when the spec has mistakes, no such format is drawn, the file cannot be written, or time cannot be
            measured.
        TypeError, ValueError: when a choice is none.
    """
    chosen = format or (format_of(path) if path is not None else "svg")
    figure = figures(network, (chosen,), **choices)[chosen]
    if path is None:
        return figure
    from graphbuilder.files import write_whole

    write_whole(path, figure)
    return None


def figures(network: Drawable, formats: Iterable[Format], **choices: Unpack[Choices]) -> dict[Format, bytes]:
    """The figure of the network in each of ``formats``, of one reading and one measuring; else as ``render`` does.

    Raises:
        CompileError: as ``render`` does, when one of them cannot be drawn.
        TypeError, ValueError: when a choice is none.
    """
    from graphbuilder.compiler import load

    options, clock = _options(choices)
    known = load(network) if isinstance(network, str | Path) else network
    typed, options = _typed(known), replace(options, remedies=_remedies(known))
    if clock is not None:
        options = replace(options, heat="time", timing=_timing(typed, clock))
    return {format: drawn(typed, format, options) for format in dict.fromkeys(formats)}


def unshown(
    typed: TypedGraph, format: Format, title: str | None = None, style: Style = "colour"
) -> tuple[Diagnostic, ...]:
    """A warning where titles of the network, or the ``title`` that its figure gets, have characters it cannot show."""
    said = "".join(dict.fromkeys("".join(_titles(typed, title))))
    if said.isascii() or format not in ("tex", "pdf"):
        return ()
    from graphbuilder.diagnostics.catalogue.backends import SignsLost

    lost, what, help = _lost_in_tex(said) if format == "tex" else _lost_in_pdf(said, style)
    message = f"{what} has no letters for {len(lost)} characters of the titles: {lost[:_MOST_SIGNS]}"
    return (SignsLost.at(None, message, help=help),) if lost else ()


def _lost_in_tex(said: str) -> tuple[str, str, str]:
    from graphbuilder.backends.tikz import lacking

    return lacking(said), "pdfLaTeX", "typeset it with LuaLaTeX or XeLaTeX, which take fonts of the machine"


def _lost_in_pdf(said: str, style: Style) -> tuple[str, str, str]:
    from graphbuilder.backends.graphviz.write.engine import has_pdf
    from graphbuilder.backends.graphviz.write.fonts import SANS, SERIF

    help = "install Graphviz, which takes fonts of the machine, or write .svg"
    if has_pdf():
        return "", "", help
    from graphbuilder.backends.graphviz.write.pdf import lacking

    return lacking(said, SERIF if style == "paper" else SANS), "a PDF without Graphviz", help


def _titles(typed: TypedGraph, title: str | None) -> Iterator[str]:
    """What of a figure may be written in any letters: names are not."""
    yield title or typed.graph.title or ""
    seen: set[int] = set()
    bodies = [typed]
    while bodies:
        body = bodies.pop()
        if id(body) not in seen:
            seen.add(id(body))
            bodies += body.bodies.values()
            yield from (node.title or "" for node in body.graph.nodes)
            yield body.graph.title or ""


def format_of(path: str | Path) -> Format:
    """What the suffix of ``path`` asks for.

    Raises:
        CompileError: when nothing is drawn so.
    """
    from graphbuilder.diagnostics.catalogue.usage import OutputSuffix

    suffix = Path(path).suffix.lower().removeprefix(".")
    if suffix not in get_args(Format):
        message = f"no figure is written as {shown(str(path))}"
        known = ", ".join(f".{each}" for each in get_args(Format))
        raise CompileError((OutputSuffix.at(None, message, help=f"end the path in {known}"),))
    return cast("Format", suffix)


def _typed(network: Network | Checked) -> TypedGraph:
    """What is drawn of the network."""
    from graphbuilder.compiler import Checked

    if not isinstance(network, Checked):
        return network.typed
    typed = network.network.typed if network.network else network.part()
    if typed is None:
        raise CompileError(network.diagnostics)
    return typed


def _remedies(network: Network | Checked) -> dict[str, str]:
    """What mends the mistakes of what is broken."""
    from graphbuilder.compiler import Checked

    if not isinstance(network, Checked) or network.network is not None:
        return {}
    from graphbuilder.elaborate.mistakes import remedies

    return remedies(network.diagnostics)


def _options(choices: Choices) -> tuple[Options, Clock | None]:
    """The options, and the clock that what is missing of them takes."""
    from graphbuilder.backends.graphviz.options import Options

    given: dict[str, Any] = {**choices}
    clock = Clock(**{word: given.pop(word) for word in Clock._fields if word in given})
    timed = given.get("heat") == "time"
    patterns: dict[str, Any] = {word: _patterns(given.get(word, ())) for word in ("expand", "collapse")}
    if timed:
        del given["heat"]
    return Options(**{**given, **patterns}), clock if timed else None


def _timing(typed: TypedGraph, clock: Clock) -> Timing:
    from graphbuilder.backends.graphviz.options import Timing
    from graphbuilder.backends.torch import clocked

    return Timing(*clocked(typed, device=clock.device, batch=clock.batch, tell=clock.tell))


def _patterns(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


@no_search()
def drawn(typed: TypedGraph, format: Format, options: Options) -> bytes:
    """The bytes of the figure, by the backend of its format.

    Raises:
        CompileError: when nothing on this machine draws it.
    """
    if format == "html":
        from graphbuilder.backends.html import render as write_page

        _refuse_on_paper(options)
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


def _refuse_on_paper(options: Options) -> None:
    """A page is read on a screen, from the top to the bottom."""
    from graphbuilder.diagnostics.catalogue.usage import Usage

    for asked, what in ((options.style == "paper", "style `paper`"), (options.direction == "LR", "direction LR")):
        if asked:
            message = f"a page has no {what}"
            raise CompileError((Usage.at(None, message, help="leave it out, or write a figure: .svg, .pdf"),))
