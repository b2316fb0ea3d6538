"""Dots the lines of values behind what is wrong, of which nothing is known, and the ends of columns that repeat these.

Knows regions, lines and shapes; nothing is moved.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from graphbuilder.backends.graphviz.lay.drawing import Drawing
from graphbuilder.backends.graphviz.lay.parts import Kind
from graphbuilder.backends.graphviz.read.scene import Box, Card, End, Region
from graphbuilder.ir.fault import NOT_KNOWN

_TELLS: tuple[Kind, ...] = ("size", "passage")
"""What a line says that says more than that nothing is known."""


def kind_of(kind: Kind, end: End, region: Region) -> Kind:
    """What a line of ``kind`` that leads the value ``end`` of ``region`` is."""
    return "unknown" if kind not in _TELLS and region.types.get(end) == NOT_KNOWN else kind


def is_behind(box: Box, region: Region) -> bool:
    """Whether ``box`` is an end of the network that gives what nothing is known of."""
    read = [link.source for link in region.links if link.target == box.path] if box.look == "terminal" else []
    return any(region.types.get(end) == NOT_KNOWN for end in read)


def dot_unknown(drawing: Drawing, root: Region) -> None:
    """Dot what nothing is known of in the figure of ``root``."""
    behind = set(_sources(root))
    if not behind:
        return
    ends = {shape.key for shape in drawing.shapes if shape.style == "terminal"}
    reached: set[str] | None = None
    while reached is None or reached - behind:
        behind |= reached or set()
        reached = {line.head for line in drawing.lines if line.tail in behind and line.head in ends}
    drawing.lines = [
        replace(line, kind="unknown") if line.tail in behind and line.kind not in _TELLS else line
        for line in drawing.lines
    ]
    drawing.shapes = [
        replace(shape, style="unknown") if shape.key in behind & ends else shape for shape in drawing.shapes
    ]


def _sources(region: Region) -> Iterator[str]:
    """The boxes all of whose values are not known, in all cards too."""
    known = {end.item for end, type_ in region.types.items() if type_ != NOT_KNOWN}
    yield from (end.item for end in region.types if end.item and end.item not in known)
    for item in region.items.values():
        if isinstance(item, Card):
            yield from _sources(item.region)
