"""What a figure of two networks says of a step: that it was added, removed or changed. Whoever compares them knows it.

The figure is of one graph that holds the steps of both. What is in a step that was added was added too. Everything
else is drawn the same, whatever it is, so that no colour of a family is taken for a difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count, takewhile
from typing import Literal

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.read.scene import MARKS, Box, Card, End, Item, Region, Scene, Section
from graphbuilder.ir import TensorType


@dataclass(frozen=True, slots=True)
class Mark:
    """What is said of one step.

    Attributes:
        kind: what happened to it; "" where it is the same, but perhaps not what is in it.
        words: what changed: ``padding valid → same``.
        name: what the step was called, where that was otherwise.
        parameters: those of a block before and after, where these differ.
        inside: how many steps in it are marked.
        was: the types of what it gave; none where it gave nothing, None where it gave the same.
        read: the type of what it read, where that was one value; None also where it is the same.
    """

    kind: Literal["", "added", "removed", "changed"]
    words: str = ""
    name: str = ""
    parameters: tuple[int, int] = (0, 0)
    inside: int = 0
    was: tuple[TensorType, ...] | None = None
    read: TensorType | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Marks:
    """The marks of a graph, by body and by the name of a step in it, and what stands below the title.

    ``inputs`` are the types that inputs of the network had.
    """

    root: TypedGraph
    found: Mapping[TypedGraph, Mapping[str, Mark]]
    facts: tuple[str, ...]
    inputs: Mapping[str, TensorType]

    def is_marked(self, name: str, body: TypedGraph) -> bool:
        """Whether something happened to a step of ``body``, so that it must be drawn."""
        mark = self.found.get(body, {}).get(name)
        return mark is not None and bool(mark.kind)

    def is_alone(self, name: str, body: TypedGraph) -> bool:
        """Whether a step of ``body`` changed, and nothing in it: then it must be drawn itself."""
        mark = self.found.get(body, {}).get(name)
        return mark is not None and mark.kind == "changed" and not mark.inside

    def put(self, region: Region) -> None:
        """Mark every item in ``region``."""
        given = {link.target: link.source for link in reversed(region.links)}
        for path, item in region.items.items():
            region.was.update(self._were(item, region))
            region.read.update(self._read(item, given.get(path)))
            region.items[path] = self._marked(item)
            if isinstance(item, Card):
                self.put(item.region)
        for path, item in region.items.items():
            end = given.get(path, End(path))
            if isinstance(item, Box) and item.look == "terminal" and end in region.was:
                title = item.title.replace(text.shape(region.types[end]), region.shape(end))
                region.items[path] = replace(item, title=title)

    def _were(self, item: Item, region: Region) -> dict[End, TensorType]:
        """What an item gave before of what it gives."""
        ends = list(takewhile(region.types.__contains__, (End(item.path, port) for port in count())))
        found = self._gave(item)
        types = [region.types[end] for end in ends] if found is None else found
        return dict(zip(ends, types, strict=False))

    def _read(self, item: Item, source: End | None) -> dict[str, TensorType]:
        """What an item read before, unless it reads what is in the same step that is gone."""
        step, mark = self._step(item.path.rstrip("."))
        if mark.read is None or source is None or source.item.startswith(f"{step}."):
            return {}
        return {item.path: mark.read}

    def _gave(self, item: Item) -> tuple[TensorType, ...] | None:
        if isinstance(item, Box) and item.look == "terminal":
            return (self.inputs[item.path],) if item.path in self.inputs else ()
        around, dot, name = item.path.rstrip(".").rpartition(".")
        last = (
            str(int(name) + item.count * (item.turns if isinstance(item, Card) else 1) - 1) if item.count > 1 else name
        )
        return self._at(f"{around}{dot}{last}").was

    def told(self, scene: Scene) -> Scene:
        """``scene`` with what stands below the title: its own costs would be those of neither network."""
        return replace(scene, facts=(*self.facts, *scene.facts[2:]))

    def headed(self, section: Section) -> Section:
        """``section`` with what is said of its block in its title."""
        mark = self._at(section.path)
        if not mark.kind:
            return section
        return replace(section, title=_titled(section.title, section.path, mark))

    def _marked(self, item: Item) -> Item:
        path = item.path.rstrip(".")
        if isinstance(item, Box):
            return _box(item, self._at(path))
        around, dot, name = path.rpartition(".")
        names = range(int(name), int(name) + item.count) if name.isdecimal() else (name,)
        each = [self._at(f"{around}{dot}{copy}").parameters for copy in names]
        return _card(item, self._at(path), (sum(one for one, _ in each), sum(other for _, other in each)))

    def _at(self, path: str) -> Mark:
        """The mark of a step, or of the step around it that was added or removed with all that is in it."""
        step, mark = self._step(path)
        return mark if step == path else replace(mark, was=() if mark.kind == "added" else None)

    def _step(self, path: str) -> tuple[str, Mark]:
        """The step at ``path``, or the one around it that was added or removed, and its mark."""
        body, mark, names = self.root, Mark(""), path.split(".")
        for number, name in enumerate(names):
            mark = self.found.get(body, {}).get(name, Mark(""))
            if mark.kind in ("added", "removed") or name not in body.bodies:
                return ".".join(names[: number + 1]), mark
            body = body.bodies[name]
        return path, mark


def _box(box: Box, mark: Mark) -> Box:
    if mark.inside and not mark.kind:
        mark = replace(mark, kind="changed", words=f"{mark.inside} inside")
    if box.look == "terminal" or (box.look == "join" and not mark.kind):
        return box
    words = ", ".join(filter(None, (_renamed(box.path, mark), mark.words)))
    if not mark.kind:
        return replace(box, mark="same", words=words)
    title = box.title if box.look == "join" else f"{MARKS[mark.kind]} {box.title}"
    if box.look == "block":
        return replace(
            box, mark=mark.kind, title=_titled(box.title, box.path, replace(mark, words="")), words=mark.words
        )
    if box.look == "op":
        return replace(box, mark=mark.kind, title=title, words=words)
    return replace(box, mark=mark.kind, title=title, detail=words or box.detail)


def _card(card: Card, mark: Mark, parameters: tuple[int, int]) -> Card:
    """``card`` marked; ``parameters`` are those of all its copies, before and after."""
    before, after = parameters
    if before != after and mark.kind not in ("added", "removed"):
        several = " in all" if card.count > 1 else ""
        card = replace(card, note=f"{text.turned(text.count(before), text.count(after))}{several}")
    if not mark.kind:
        return card
    if card.count == 1:
        return replace(card, mark=mark.kind, title=_titled(card.title, card.path, mark))
    words = tuple(filter(None, (_renamed(card.path, mark), mark.words)))
    return replace(card, mark=mark.kind, title=f"{MARKS[mark.kind]} {card.title}", words=(*card.words, *words))


def _renamed(path: str, mark: Mark) -> str:
    """``logits → scores``; nothing where a step has the name that it had."""
    return text.turned(text.clean(mark.name), text.clean(path.rstrip(".").rpartition(".")[2])) if mark.name else ""


def _titled(title: str, path: str, mark: Mark) -> str:
    """``title`` with its sign, the name that it had and what changed."""
    renamed = _renamed(path, mark)
    if renamed.endswith(f" {title}"):
        title, renamed = renamed, ""
    words = ", ".join(filter(None, (renamed, mark.words)))
    return f"{MARKS[mark.kind]} {title}{f' ({words})' if words else ''}"
