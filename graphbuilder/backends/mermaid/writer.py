"""Spells a scene as a Mermaid flowchart: a block is a subgraph, a repeat one with its count, an op a node.

All names are made up here, and of what a spec says every sign but letters, digits and a few harmless ones is written
by its number, so nothing of it is Mermaid, Markdown or HTML. Mermaid reads 50,000 characters and draws 500 links unless
told otherwise; a larger scene is folded further. Writes no file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.graphviz import Options
from graphbuilder.backends.graphviz.figure import scene
from graphbuilder.backends.graphviz.read.patterns import check_patterns
from graphbuilder.backends.graphviz.read.scene import MARKS, Scene
from graphbuilder.backends.graphviz.write.theme import FADED, palette_of
from graphbuilder.backends.mermaid.chart import Chart
from graphbuilder.backends.mermaid.escape import escaped

MOST_LINKS, MOST_CHARACTERS = 500, 50_000
_DEEPEST = 4
"""The level of blocks at which folding a scene that is too large begins."""
_TOTALS = 2
"""How many facts stand in the title; the rest is a node that nothing reads, since a title does not wrap."""
_FRAMES = ("panel", "card", "stacked", "reused")


def write(typed: TypedGraph, options: Options = Options()) -> str:  # noqa: B008
    """The flowchart of ``typed``; with a theme that follows the reader, blocks have no colour of their own.

    Raises:
        CompileError: when a pattern of ``options`` matches nothing.
    """
    check_patterns(typed, options)
    found = scene(typed, options)
    chart = Chart(found, bool(options.shapes))
    for level in range(_DEEPEST, -1, -1):
        if len(chart.links) <= MOST_LINKS and sum(map(len, (*chart.nodes, *chart.links))) <= MOST_CHARACTERS:
            break
        found = scene(typed, replace(options, level=level))
        chart = Chart(found, bool(options.shapes))
    return "\n".join(_lines(chart, found, options)) + "\n"


def _lines(chart: Chart, found: Scene, options: Options) -> Iterator[str]:
    facts = options.marks.told(found).facts if options.marks else found.facts
    totals, said = facts[:_TOTALS], facts[_TOTALS:]
    if options.marks:
        said = (*said, ", ".join(f"{sign} {kind}" for kind, sign in MARKS.items()))
    yield from ("---", f"title: {_quoted(' · '.join((found.title, *totals)))}", "---")
    yield f"flowchart {options.direction}"
    if said:
        yield f'  said["{escaped(" · ".join(said))}"]'
        yield "  style said fill:none,stroke:none"
    yield from chart.nodes
    yield from chart.links
    yield from _styles(chart.classes, options)


def _quoted(words: str) -> str:
    """``words`` as YAML, with no sign in it that means something to Mermaid or HTML."""
    return re.sub(r"[<>&%{}]", lambda found: f"\\u{ord(found[0]):04x}", json.dumps(words, ensure_ascii=False))


def _styles(classes: Mapping[str, Sequence[str]], options: Options) -> Iterator[str]:
    palette = palette_of(options)
    for name, members in classes.items():
        style = name.removesuffix(FADED.title())
        paint = palette.paint(style, style != name)
        bare = options.theme == "auto" and options.style == "colour" and style in _FRAMES
        line = palette.lines["passage"] if style in ("panel", "card") else paint.line
        fill = "fill:none" if bare else f"fill:{paint.fill},color:{paint.text}"
        dashes = ",stroke-dasharray:4 3" if paint.dotted or style in ("reused", "removed") else ""
        yield f"  classDef {name} {fill},stroke:{line},stroke-width:{paint.pen:g}px{dashes}"
        yield f"  class {','.join(members)} {name}"
