"""A scene as the lines of a flowchart: nodes in their blocks, links between nodes alone.

Mermaid can link blocks too, but draws them more calmly where every link ends at a node.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.lay.pen import style_of
from graphbuilder.backends.graphviz.read.scene import OUTSIDE, Box, Card, End, Item, Link, Region, Scene
from graphbuilder.backends.graphviz.write.theme import FADED
from graphbuilder.backends.mermaid.escape import escaped
from graphbuilder.ir import TensorType
from graphbuilder.ir.fault import NOT_KNOWN

_NODES = {
    "op": '("{}")',
    "pill": '(["{}"])',
    "join": '(("{}"))',
    "block": '[["{}"]]',
    "terminal": '["{}"]',
    "fault": '["{}"]',
}


class _Source(NamedTuple):
    """A node that gives a value, the block that it is in, and the value's type."""

    node: str
    group: str
    type: TensorType


class _Read(NamedTuple):
    """One input of an item: what gives it, and whether only its size is asked for."""

    source: _Source
    size: bool


_Port = tuple[End, TensorType]


class Chart:
    """The lines of one scene: ``nodes`` in their blocks, then ``links``; ``classes`` has the names of each style.

    ``shapes`` says whether links from block to block carry the shapes of their values.
    """

    def __init__(self, scene: Scene, shapes: bool) -> None:
        self.nodes: list[str] = []
        self.links: list[str] = []
        self.classes: dict[str, list[str]] = {}
        self._shapes = shapes
        self._count = 0
        self._told: set[str] = set()  # the nodes whose shape stands somewhere
        self._sections = scene.sections
        self._sheet(scene.root)

    def _sheet(self, root: Region) -> None:
        """Write the network, what belongs to a section in a block of its own."""
        given, links, ports = dict[End, _Source](), _by_target(root), _by_item(root)
        for section, run in groupby(root.items.values(), lambda item: self._sections.get(item.path)):
            group = self._open(section.title, "panel", 1) if section else ""
            for item in run:
                inner = _read(links.get(item.path, ()), given)
                given.update(self._item(item, ports.get(item.path, ()), inner, group, 2 if section else 1))
            if section:
                self._close(1)

    def _item(
        self, item: Item, ports: Sequence[_Port], reads: Mapping[int, _Read], group: str, depth: int
    ) -> dict[End, _Source]:
        """Write one item; what its ports give."""
        if isinstance(item, Card):
            outputs = self._card(item, reads, depth)
            return {end: outputs[end.port] for end, _ in ports if end.port in outputs}
        node = self._box(item, depth)
        for read in reads.values():
            self._link(read, node, group)
        return {end: _Source(node, group, type_) for end, type_ in ports}

    def _card(self, card: Card, reads: Mapping[int, _Read], depth: int) -> dict[int, _Source]:
        """Write an open block; what gives its outputs."""
        count = f" ×{card.count}" if card.count > 1 else ""
        note = f" ({card.note})" if card.note else ""
        style = "stacked" if count else "reused" if card.reuses else "card"
        group = self._open(f"{card.title}{count}{note}", style, depth)
        given, links = {End(OUTSIDE, slot): read.source for slot, read in reads.items()}, _by_target(card.region)
        ports = _by_item(card.region)
        for item in card.region.items.values():
            inner = _read(links.get(item.path, ()), given)
            given.update(self._item(item, ports.get(item.path, ()), inner, group, depth + 1))
        self._close(depth)
        return {link.slot: given[link.source] for link in links.get(OUTSIDE, ())}

    def _box(self, box: Box, depth: int) -> str:
        name, help = self._name("n"), f"(help: {box.help})" if box.help else ""
        said = " ".join(filter(None, (box.title, box.detail, box.words, help)))
        self._write(depth, name + _NODES[box.look].format(escaped(said)))
        style = box.mark or style_of(box)
        if box.look == "terminal":
            self._told.add(name)
        self.classes.setdefault(f"{style}{FADED.title()}" if box.training else style, []).append(name)
        return name

    def _link(self, read: _Read, target: str, group: str) -> None:
        """Draw a link; the first that leaves a block with a value tells its shape."""
        source, label = read.source, ""
        if self._shapes and source.group != group and source.node not in self._told:
            self._told.add(source.node)
            label = f'|"{escaped(text.shape(source.type))}"|'
        arrow = "-.->" if read.size or source.type == NOT_KNOWN else "-->"
        self.links.append(f"  {source.node} {arrow}{label} {target}")

    def _open(self, title: str, style: str, depth: int) -> str:
        name = self._name("b")
        self._write(depth, f'subgraph {name}["{escaped(title)}"]')
        self.classes.setdefault(style, []).append(name)
        return name

    def _close(self, depth: int) -> None:
        self._write(depth, "end")

    def _write(self, depth: int, line: str) -> None:
        self.nodes.append("  " * depth + line)

    def _name(self, kind: str) -> str:
        self._count += 1
        return f"{kind}{self._count}"


def _by_target(region: Region) -> dict[str, list[Link]]:
    found: dict[str, list[Link]] = {}
    for link in region.links:
        found.setdefault(link.target, []).append(link)
    return found


def _by_item(region: Region) -> dict[str, list[_Port]]:
    found: dict[str, list[_Port]] = {}
    for end, type_ in region.types.items():
        found.setdefault(end.item, []).append((end, type_))
    return found


def _read(links: Sequence[Link], given: Mapping[End, _Source]) -> dict[int, _Read]:
    return {link.slot: _Read(given[link.source], link.size) for link in links}
