"""From a TypedGraph to the bytes of a figure: read, fold, lay, write, draw."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import count
from math import inf
from typing import Literal

from graphbuilder.analysis.costs import auxiliary_parameters, costs
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.lay.cutting import torn
from graphbuilder.backends.graphviz.lay.drawing import Drawing
from graphbuilder.backends.graphviz.lay.sheet import lay
from graphbuilder.backends.graphviz.options import Options
from graphbuilder.backends.graphviz.read.gather import (
    LEGIBLE,
    MOST_LINKS,
    bounded,
    counted,
    has_few,
    is_merged,
    is_much,
    is_tangled,
    loose_links,
    untangle,
)
from graphbuilder.backends.graphviz.read.habits import Habits
from graphbuilder.backends.graphviz.read.heat import measure, paint, whole
from graphbuilder.backends.graphviz.read.patterns import check_patterns
from graphbuilder.backends.graphviz.read.policy import Fold, Policy
from graphbuilder.backends.graphviz.read.reader import Reader, TooMuch
from graphbuilder.backends.graphviz.read.scene import Region, Scene
from graphbuilder.backends.graphviz.read.unread import without_unread
from graphbuilder.backends.graphviz.write.dot import Writer
from graphbuilder.backends.graphviz.write.engine import draw, draw_pdf
from graphbuilder.backends.graphviz.write.svg import finish
from graphbuilder.backends.graphviz.write.theme import Palette, palette_of
from graphbuilder.ir.fault import faults
from graphbuilder.ops.windows import Windows

Format = Literal["svg", "png", "pdf", "dot"]
_CHOSEN = 12
"""How many times as much as can be read is drawn for who asks for all."""
_GATHERED, _MERGED = "{} are gathered in {} boxes", ", one line for all values between two"
_BROKEN = "This model is broken: what is wrong is red, and of what stands behind it nothing is known"
_KNOWN = "where shapes are known, "
_MOST_DOTS, _LONGEST = 10**8, 30_000
_AXES = (
    ((4, "first"), "depth×height×width×channels"),
    ((3, "first"), "height×width×channels"),
    ((3, "last"), "height×width×channels"),
    ((2, "first"), "length×channels"),
    ((2, "last"), "tokens×channels"),
)
_MOST_READ = 4_000
"""The most boxes that are read in the hope that they can be shown."""
_FOLDS: tuple[tuple[Fold, str], ...] = (
    ("nothing", ""),
    ("repeats", "repeats are folded"),
    ("blocks", "blocks are folded to one line each"),
)


def render(typed: TypedGraph, format: Format, options: Options = Options()) -> bytes:  # noqa: B008
    """The figure of ``typed`` in ``format``.

    Raises:
        CompileError: when a pattern of ``options`` matches nothing.
        NoEngine: when no Graphviz on this machine draws it; "dot" and "pdf" need none.
    """
    figure = drawing(typed, options)
    palette = palette_of(options)
    writer = Writer(figure, palette)
    source = writer.write(_dpi(figure, options) if format == "png" else None).source
    if format == "dot":
        return source.encode()
    if format == "pdf":
        return draw_pdf(source) or _own_pdf(figure, palette)
    drawn = draw(source, format)
    if format == "png":
        return drawn
    theme = "light" if options.style == "paper" else options.theme
    return finish(drawn.decode(), figure.title, writer.tips, theme, writer.labels, palette.font).encode()


def _own_pdf(figure: Drawing, palette: Palette) -> bytes:
    from graphbuilder.backends.graphviz.write.pdf import write_pdf  # a library of fonts, which nothing else needs

    return write_pdf(figure, palette)


def _dpi(figure: Drawing, options: Options) -> int:
    """The resolution asked for, or the largest that a sheet of this size bears."""
    inches = figure.wide * figure.high / 72**2
    longest = max(figure.wide, figure.high) / 72
    return max(1, min(options.dpi, int((_MOST_DOTS / inches) ** 0.5), int(_LONGEST / longest)))


def dot(typed: TypedGraph, options: Options = Options()) -> str:  # noqa: B008
    """The figure of ``typed`` in DOT, every place given: any ``dot`` draws it."""
    return render(typed, "dot", options).decode()


def drawing(typed: TypedGraph, options: Options) -> Drawing:
    """The figure of ``typed`` as data.

    Raises:
        CompileError: when a pattern of ``options`` matches nothing.
    """
    check_patterns(typed, options)
    found = scene(typed, options)
    return lay(options.marks.told(found) if options.marks else found, options)


def scene(typed: TypedGraph, options: Options) -> Scene:
    """What the figure of ``typed`` shows, folded as far as it takes to be legible."""
    typed = typed if options.marks or is_broken(typed) else without_unread(typed)
    habits = Habits(typed, options.marks)
    found, said = _folded(typed, options, habits)
    if options.heat:
        measure(found.root, typed, habits, options)
    if _is_much(found.root, options) or is_tangled(found.root):
        found, said = _gathered(found, _asked(found.root, options))
    elif (eased := untangle(found.root))[0]:
        said = _GATHERED.format(counted(eased[0]), eased[1])
    said += _MERGED if is_merged(found.root) else ""
    found.root.mark_skips()
    title = text.titled(options.title or typed.graph.title or typed.graph.template)
    shapes = _shapes(found.root, options) if options.shapes else ""
    scale = paint(found.root, typed, options) if options.heat else None
    told = (*facts(typed, habits, said, found.root.titles()), *whole(typed, options))
    return replace(found, title=title, facts=told, shapes=shapes, scale=scale)


def _folded(typed: TypedGraph, options: Options, habits: Habits) -> tuple[Scene, str]:
    """The scene, folded while it is too large to be read, and what is said of that."""
    nested = any(inner.kind in ("block", "repeat") for _, inner in typed.graph.children())
    if options.level is not None or not nested:
        return _read(typed, options, habits, "nothing"), ""
    found, said = _smallest(typed, options, habits, _MOST_READ)
    legible = said != _FOLDS[-1][1] and found.root.boxes() <= LEGIBLE
    if legible or has_few(found.sections) or not _is_much(found.root, options):
        return found, said
    return _levelled(typed, options, habits), _FOLDS[-1][1]


def _smallest(typed: TypedGraph, options: Options, habits: Habits, most: float) -> tuple[Scene, str]:
    """The scene at the first fold that is legible, or at the one of the fewest boxes, and what is said of it.

    A fold of more than ``most`` boxes is read to its end only where all are such.
    """
    found, said, boxes = None, "", inf
    for fold, words in _FOLDS:
        if boxes <= LEGIBLE:
            break
        with suppress(TooMuch):
            folded = _read(typed, options, habits, fold, most)
            if folded.root.boxes() < boxes:
                found, said, boxes = folded, words, folded.root.boxes()
    return (found, said) if found else _smallest(typed, options, habits, inf)


def _levelled(typed: TypedGraph, options: Options, habits: Habits) -> Scene:
    """As many levels of blocks as can be read, or the first if none can."""
    found = _read(typed, replace(options, level=0), habits, "blocks")
    for level in count(1):
        more = _read(typed, replace(options, level=level), habits, "blocks")
        if _is_much(more.root, options):
            break
        found = more
    return found


def _is_much(root: Region, options: Options) -> bool:
    """Whether there is more than can be read, besides what was asked for."""
    return is_much(root, _asked(root, options), 1 if options.level is None else _CHOSEN)


def _asked(root: Region, options: Options) -> frozenset[str]:
    """The items that are open since someone asked for them, unless no sheet bears them."""
    asked = frozenset(path for path in root.items if options.expand and options.asks_for(path))
    much = len(asked) > _CHOSEN * LEGIBLE or len(root.links) - loose_links(root, asked) > _CHOSEN * MOST_LINKS
    return frozenset() if much else asked


def _read(typed: TypedGraph, options: Options, habits: Habits, fold: Fold, most: float = inf) -> Scene:
    """The scene at one fold; a block that other things run beside is no panel, so it is read again as a card.

    Raises:
        TooMuch: when it has more than ``most`` boxes.
    """
    demoted: frozenset[str] = frozenset()
    while True:
        reader = Reader(Policy(options, habits, fold, demoted), habits, bool(options.shapes), options.remedies, most)
        root = reader.root(typed)
        if options.marks is None and not is_broken(typed):
            root.drop_unread()
        broken = torn(root, reader.sections)
        if not broken:
            break
        demoted |= broken
    if options.marks is None:
        return Scene("", (), root, reader.sections)
    options.marks.put(root)
    return Scene("", (), root, {path: options.marks.headed(each) for path, each in reader.sections.items()})


def _gathered(found: Scene, asked: frozenset[str]) -> tuple[Scene, str]:
    """``found`` with neighbours in one box, but for what was ``asked`` for, and what is said of that."""
    root = bounded(found.root, found.sections, asked)
    if asked and is_tangled(root):
        root = bounded(found.root, found.sections)
    sections = {path: section for path, section in found.sections.items() if path in root.items}
    broken = torn(root, sections)
    sections = {path: section for path, section in sections.items() if section.path not in broken}
    before, after = found.root.items, root.items
    inner = [item for path, item in before.items() if after.get(path) is not item]
    boxes = sum(1 for path, item in after.items() if before.get(path) is not item)
    return replace(found, root=root, sections=sections), _GATHERED.format(counted(inner), boxes)


def _shapes(root: Region, options: Options) -> str:
    """What the numbers of a shape are, since everything else prints the channels first.

    Between the ops of a card shapes stand only where all are asked for.
    """
    kinds = root.kinds()
    said = [words for kind, words in _AXES if kind in kinds]
    if Windows.title in (root.titles() if options.shapes == "all" else root.loose()):
        said.append("windows×tokens×channels")
    return f"shapes: {', or '.join(dict.fromkeys(said))}" if said else ""


def facts(typed: TypedGraph, habits: Habits, said: str = "", titles: Collection[str] | None = None) -> Iterator[str]:
    """What stands below a title: parameters, multiply-accumulates, what is not drawn, and what is ``said`` besides.

    ``titles`` are those of the ops that are drawn, where not all are.
    """
    broken = is_broken(typed)
    if broken:
        yield _BROKEN
    else:
        yield from _totals(typed)
    yield from (f"{_KNOWN}{sentence}" if broken else sentence for sentence in habits.sentences(titles))
    if said:
        yield said


def is_broken(typed: TypedGraph) -> bool:
    """Whether something in it is wrong."""
    return next(faults(typed.graph), None) is not None


def _totals(typed: TypedGraph) -> Iterator[str]:
    counted, heads = costs(typed), auxiliary_parameters(typed)
    run = f", {text.count(counted.trainable - heads, 4)} without what only training runs" if heads else ""
    yield f"{text.count(counted.trainable, 4)} parameters{run}"
    sizes = {type_.spatial for type_ in typed.inputs}
    at = f" at {'×'.join(map(str, sizes.pop()))}" if len(sizes) == 1 and all(sizes) else ""
    yield f"{text.count(counted.macs)} MACs{at}"
