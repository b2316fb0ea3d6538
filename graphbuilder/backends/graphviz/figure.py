"""From a TypedGraph to the bytes of a figure: read, fold, lay, write, draw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from graphbuilder.analysis.costs import costs
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.lay.drawing import Drawing
from graphbuilder.backends.graphviz.lay.panels import torn
from graphbuilder.backends.graphviz.lay.sheet import lay
from graphbuilder.backends.graphviz.options import Options
from graphbuilder.backends.graphviz.read.norms import Norms
from graphbuilder.backends.graphviz.read.policy import Fold, Policy
from graphbuilder.backends.graphviz.read.reader import Reader
from graphbuilder.backends.graphviz.read.scene import Scene
from graphbuilder.backends.graphviz.write.dot import Writer
from graphbuilder.backends.graphviz.write.engine import draw, draw_pdf
from graphbuilder.backends.graphviz.write.pdf import write_pdf
from graphbuilder.backends.graphviz.write.svg import finish
from graphbuilder.backends.graphviz.write.theme import DARK, LIGHT

Format = Literal["svg", "png", "pdf", "dot"]
LEGIBLE = 150
_MOST_DOTS, _LONGEST = 10**8, 30_000
_FOLDS: tuple[tuple[Fold, str], ...] = (
    ("nothing", ""),
    ("repeats", "repeats are folded"),
    ("blocks", "blocks are folded to one line each"),
)


def render(typed: TypedGraph, format: Format, options: Options = Options()) -> bytes:  # noqa: B008
    """The figure of ``typed`` in ``format``.

    Raises:
        NoEngine: when no Graphviz on this machine draws it; "dot" and "pdf" need none.
    """
    figure = drawing(typed, options)
    palette = DARK if options.theme == "dark" else LIGHT
    writer = Writer(figure, palette)
    source = writer.write(_dpi(figure, options) if format == "png" else None).source
    if format == "dot":
        return source.encode()
    if format == "pdf":
        return draw_pdf(source) or write_pdf(figure, palette)
    drawn = draw(source, format)
    return finish(drawn.decode(), figure.title, writer.tips, options.theme).encode() if format == "svg" else drawn


def _dpi(figure: Drawing, options: Options) -> int:
    """The resolution asked for, or the largest that a sheet of this size bears."""
    inches = figure.wide * figure.high / 72**2
    longest = max(figure.wide, figure.high) / 72
    return max(1, min(options.dpi, int((_MOST_DOTS / inches) ** 0.5), int(_LONGEST / longest)))


def dot(typed: TypedGraph, options: Options = Options()) -> str:  # noqa: B008
    """The figure of ``typed`` in DOT, every place given: any ``dot`` draws it."""
    return render(typed, "dot", options).decode()


def drawing(typed: TypedGraph, options: Options) -> Drawing:
    """The figure of ``typed`` as data."""
    return lay(scene(typed, options), options)


def scene(typed: TypedGraph, options: Options) -> Scene:
    """What the figure of ``typed`` shows, folded as far as it takes to be legible."""
    norms = Norms(typed)
    found: Scene | None = None
    for fold, said in _FOLDS:
        found = _scene(typed, options, norms, fold, said)
        if options.level is not None or found.root.boxes() <= LEGIBLE:
            break
    assert found is not None, "there is a first way to fold"
    return found


def _scene(typed: TypedGraph, options: Options, norms: Norms, fold: Fold, said: str) -> Scene:
    """The scene at one fold; a block that other things run beside is no panel, so it is read again as a card."""
    demoted: frozenset[str] = frozenset()
    while True:
        reader = Reader(Policy(options, norms, fold, demoted), norms)
        root = reader.root(typed)
        broken = torn(root, reader.sections)
        if not broken:
            break
        demoted |= broken
    title = text.clean(options.title or typed.graph.title or typed.graph.template)
    return Scene(title, tuple(_facts(typed, norms, said)), root, reader.sections)


def _facts(typed: TypedGraph, norms: Norms, said: str) -> Iterator[str]:
    counted = costs(typed)
    yield f"{text.count(counted.trainable, 4)} parameters"
    sizes = {type_.spatial for type_ in typed.inputs}
    at = f" at {'×'.join(map(str, sizes.pop()))}" if len(sizes) == 1 and all(sizes) else ""
    yield f"{text.count(counted.macs)} MACs{at}"
    yield from norms.sentences()
    if said:
        yield said
