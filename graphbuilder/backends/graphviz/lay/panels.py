"""Cuts a network into panels: one for each top-level block, with the loose ops behind it; long ones are cut further.

A panel begins and ends with the value that it is given and gives, so that it can stand anywhere on the sheet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.lay.ladder import ladder, place_ladder
from graphbuilder.backends.graphviz.lay.metrics import Metrics
from graphbuilder.backends.graphviz.lay.parts import BoxMark, Caption, FrameMark, Part, attach
from graphbuilder.backends.graphviz.lay.placing import Placer
from graphbuilder.backends.graphviz.options import Options
from graphbuilder.backends.graphviz.read.scene import Box, Card, End, Link, Region, Section
from graphbuilder.backends.graphviz.read.structure import Element, Tap, items_of, structure
from graphbuilder.ir import TensorType

BETWEEN, PLAIN, FOOT = 30.0, 14.0, 14.0
"""The room between two panels of a column, before what is in one that has no title, and behind what is in one."""
_LOOSE, _MOST_NAMED = 3, 4
"""How many loose ops beside cards get a card too, and the most that a title names beside its section."""
_OUTPUT, _UNNAMED = "output ", "output out"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, eq=False, slots=True)
class Unit:
    """A stretch of the network's chain that is one panel, if it is not too long."""

    section: Section | None
    elements: tuple[Element, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Panel:
    """A placed panel: its words, and the boxes at which the passage between panels ends and begins.

    ``parted`` is where along its part the frame of its section ends, and where that of what is loose behind it begins.
    """

    title: str
    note: str
    part: Part
    first: BoxMark | None
    last: BoxMark | None
    parted: tuple[float, float] | None = None


class Panels:
    """Places the stretches of one network."""

    def __init__(self, region: Region, metrics: Metrics, options: Options) -> None:
        self._region = region
        self._metrics = metrics
        self._options = options
        self._placer = Placer(region, metrics, options)
        self._place = {item: number for number, item in enumerate(region.items)}
        self._out: dict[str, list[Link]] = {}
        for link in region.links:
            self._out.setdefault(link.source.item, []).append(link)
        self._letters: dict[End, str] = {}
        self._types: dict[str, dict[End, TensorType]] = {}
        for end, type_ in region.types.items():
            self._types.setdefault(end.item, {})[end] = type_

    def number(self, units: Sequence[Unit]) -> None:
        """Learn which stretch is which panel. What is not the one value that the next alone reads is given a letter."""
        self._letters = {}
        panels = {item: n for n, unit in enumerate(units) for element in unit.elements for item in items_of(element)}
        read: dict[End, set[int]] = {}
        for link in self._region.links:
            if not self._is_terminal(link.source.item) and panels[link.target] != panels[link.source.item]:
                read.setdefault(link.source, set()).add(panels[link.target])
        near = Counter(panels[end.item] for end, found in read.items() if found == {panels[end.item] + 1})
        for end in sorted(read, key=self._order):
            start = panels[end.item]
            if read[end] != {start + 1} or near[start] > 1:
                self._letters[end] = _LETTERS[len(self._letters) % len(_LETTERS)]

    def panel(self, unit: Unit, number: int, again: bool, whole: Unit) -> Panel:
        """``unit`` placed, a piece of ``whole``; ``again`` says that it goes on with what another panel began."""
        section = unit.section if unit.section and _has_own(unit, unit.section) else None
        region = self._cut_out(unit, number)
        placer = Placer(region, self._metrics, self._options)
        chain = PanelChain(placer, f"{section.path}." if section else "")
        part = chain.place(structure(region).elements)
        marks = [mark for mark in part.marks if isinstance(mark, BoxMark)]
        ends = {mark.box.path: mark for mark in marks}
        strange = self._strange(unit, section, chain.behind) if section else []
        named = self._named(strange) if section else []
        title = ", ".join((section.title, *named)) if section and len(named) <= _MOST_NAMED else ""
        note = "continued" if title and again else self._note(whole) if title and not strange else ""
        return Panel(title, note, part, ends.get(f"top {number}"), ends.get(f"bottom {number}"), chain.parted)

    def _note(self, unit: Unit) -> str:
        if not self._options.shapes:
            return ""
        own = f"{unit.section.path}." if unit.section else ""
        items = [item for element in unit.elements for item in items_of(element)]
        inside = [item for item in items if not self._is_terminal(item) and item.startswith(own)]
        entering = [link.source for link in self._region.links if link.target == inside[0]]
        leaving = list(self._types.get(inside[-1], {}).values())
        if not entering or len(leaving) != 1:
            return ""
        after = text.passage(self._region.types[entering[0]], leaving[0])
        before = self._past(inside, entering[0])
        if all(self._region.items[item].mark == "removed" for item in inside):
            return before
        return f"{after}, was {before}" if before not in ("", after) else after

    def _past(self, inside: Sequence[str], entering: End) -> str:
        """What a stretch did to its value before, where that is known of both ends."""
        read = self._region.read.get(inside[0]) or self._region.was.get(entering)
        gave = self._region.was.get(End(inside[-1]))
        return text.passage(read, gave) if read and gave else ""

    def _strange(self, unit: Unit, section: Section, behind: Collection[str]) -> list[str]:
        """What is in the frame of ``unit`` and not in its section, since it runs beside it; ``behind`` is no more."""
        own = f"{section.path}."
        items = (item for element in unit.elements for item in items_of(element) if item not in behind)
        return [item for item in items if not item.startswith(own) and not self._is_terminal(item)]

    def _named(self, strange: Sequence[str]) -> list[str]:
        """What a title calls ``strange`` items: the blocks by name, loose ops by the outputs that they lead to."""
        loose = [path for path in strange if "." not in path and self._is_op(path)]
        ends = [link for path in loose for link in self._out.get(path, []) if self._is_terminal(link.target)]
        given = [end.source.item if end.target == _UNNAMED else end.target.removeprefix(_OUTPUT) for end in ends]
        blocks = [path.split(".")[0] for path in strange if path not in loose]
        return list(dict.fromkeys(map(text.clean, (*blocks, *(given or loose)))))

    def _is_op(self, path: str) -> bool:
        item = self._region.items[path]
        return isinstance(item, Box) and item.look in ("op", "pill", "join")

    def _is_terminal(self, path: str) -> bool:
        item = self._region.items[path]
        return isinstance(item, Box) and item.look == "terminal"

    def _cut_out(self, unit: Unit, number: int) -> Region:
        """The region of ``unit`` alone, with the values that cross its edges as boxes."""
        inside = {item for element in unit.elements for item in items_of(element)}
        region = Region()
        read = [link for item in inside for link in self._placer.links_into(item) if link.source.item not in inside]
        readers: dict[End, list[str]] = {}
        for link in read:
            readers.setdefault(link.source, []).append(link.target)
        tops: dict[End, End] = {}
        for end in sorted(readers, key=self._order):
            type_ = self._read_by_gone(readers[end])
            said = text.shape(type_) if type_ and self._options.shapes else self._said(end)
            box = self._crossing("top", number, end, said)
            (tops[end],) = region.add(box, (), (type_ or self._region.types[end],))
        for path in sorted(inside, key=self._place.__getitem__):
            region.items[path] = self._region.items[path]
            region.types.update(self._types.get(path, {}))
        region.was, region.read = self._region.was, self._region.read
        for link in self._region.links:
            if link.target in inside:
                region.links.append(replace(link, source=tops.get(link.source, link.source)))
        given = [link for path in inside for link in self._out.get(path, []) if link.target not in inside]
        going = {link.source for link in given if not self._is_terminal(link.source.item)}
        read_on = {link.source for link in given if not link.skip}
        for end in sorted(going, key=self._order):
            region.add(self._crossing("bottom", number, end, self._said(end)), (end,), ())
            region.links[-1] = replace(region.links[-1], skip=end not in read_on)
        return region

    def _order(self, end: End) -> tuple[int, int]:
        return self._place[end.item], end.port

    def _read_by_gone(self, readers: Sequence[str]) -> TensorType | None:
        """What steps read in their own network, where they are all gone: none of them reads what is led here."""
        gone = all(self._region.items[item].mark == "removed" for item in readers)
        types = {self._region.read.get(item) for item in readers} if gone else set[TensorType | None]()
        return types.pop() if len(types) == 1 else None

    def _crossing(self, word: str, number: int, end: End, said: str) -> Box:
        """What stands for a value at an edge of panel ``number``, of which ``said`` is said.

        One that passes alone to the next panel is led there; of others a letter tells where they go on, and the inputs
        of the network stand wherever they are read.
        """
        item = self._region.items[end.item]
        if self._is_terminal(end.item) and isinstance(item, Box):
            return Box(f"{word} {number} {end.item}", "terminal", "terminal", item.title)
        letter = self._letters.get(end)
        if letter:
            return Box(f"{word} {number} {letter}", "terminal", "terminal", f"{said} · {letter}")
        return Box(f"{word} {number}", "terminal", "terminal", said)

    def _said(self, end: End) -> str:
        """What stands for a value where a panel begins or ends: its shape, or what gives it where none are shown."""
        item = self._region.items[end.item]
        if self._options.shapes:
            return self._region.shape(end)
        return item.title if isinstance(item, Card) else text.clean(item.path)


def _has_own(unit: Unit, section: Section) -> bool:
    """Whether more is in ``unit`` than what came loose behind its section."""
    return any(item.startswith(f"{section.path}.") for element in unit.elements for item in items_of(element))


class PanelChain:
    """The chain of one panel: cards, loose ops, and shapes wherever they change between these.

    ``parted`` says where a frame ends after what starts with ``prefix``, and where the next begins before the rest,
    which is what stands ``behind``.
    """

    def __init__(self, placer: Placer, prefix: str) -> None:
        self._placer = placer
        self._prefix = prefix
        self._items = placer.region.items
        self._cards = any(isinstance(item, Card) for item in self._items.values())
        self._said = ""
        self.parted: tuple[float, float] | None = None
        self.behind: frozenset[str] = frozenset()

    def place(self, elements: Sequence[Element]) -> Part:
        """The whole panel."""
        found = ladder(elements)
        return (place_ladder(found, self._placer, _chain) if found else None) or self.chain(elements)

    def chain(self, elements: Sequence[Element], behind: Part | None = None) -> Part:
        """``elements`` behind each other, the first behind ``behind``."""
        groups = self._groups(elements)
        parting = self._parting(groups)
        whole = Part()
        for number, group in enumerate(groups):
            part = self._part(group, whole if number else behind, groups[number + 1 : number + 2])
            if not number:
                whole = part
                continue
            captions = self._captions(groups[number - 1], group, whole, part)
            end, length = whole.length + whole.tail, part.length
            if number == parting:
                between = max([BETWEEN, *(caption.long for caption in captions)])
                part.before = max(part.before, FOOT + between + PLAIN)
            attach(whole, part, captions)
            if number == parting:
                self.parted = end + FOOT, whole.length - length - PLAIN
                rest = (element for each in groups[number:] for element in each)
                self.behind = frozenset(item for element in rest for item in items_of(element))
        return whole

    def _parting(self, groups: Sequence[Sequence[Element]]) -> int | None:
        """The first group of those that only stand behind the section: its title and shapes are not theirs."""
        own = [number for number, group in enumerate(groups) if self._prefix and any(map(self._is_own, group))]
        if not own:
            return None
        rest = range(own[-1] + 1, len(groups))
        first = next((number for number in rest if not isinstance(groups[number][0], Tap)), len(groups))
        behind = [item for group in groups[first:] for element in group for item in items_of(element)]
        return first if any(not self._is_terminal(item) for item in behind) else None

    def _is_own(self, element: Element) -> bool:
        return any(item.startswith(self._prefix) for item in items_of(element))

    def _is_terminal(self, path: str) -> bool:
        item = self._items[path]
        return isinstance(item, Box) and item.look == "terminal"

    def _groups(self, elements: Sequence[Element]) -> list[Sequence[Element]]:
        """Each element for itself, but longer runs of loose ops of one step beside cards together: a card of it."""
        groups: list[Sequence[Element]] = []
        for loose, run in groupby(elements, self._is_loose):
            found = list(run)
            together = loose and self._cards and len(found) >= _LOOSE and self._around(found)
            groups += [found] if together else [[element] for element in found]
        return groups

    def _is_loose(self, element: Element) -> bool:
        """Whether it is an op of the section itself, and no end of branches."""
        if not isinstance(element, str) or not element.startswith(self._prefix):
            return False
        item = self._items[element]
        return isinstance(item, Box) and item.look in ("op", "pill") and len(self._placer.links_into(element)) == 1

    def _part(self, group: Sequence[Element], whole: Part | None, behind: list[Sequence[Element]]) -> Part:
        if len(group) == 1:
            part = self._placer.element(group[0], "wide", whole, behind[0][0] if behind else None)
        else:
            part = self._placer.chain(group)
            self._placer.frame(part, self._around(group), self._parameters(group))
        card = len(group) > 1 or (isinstance(group[0], str) and isinstance(self._items[group[0]], Card))
        if card and isinstance(part.marks[0], FrameMark):
            part.marks[0].stretched = True
        return part

    def _around(self, group: Sequence[Element]) -> str:
        """The name of the step that all large boxes of ``group`` are in, where that is not the section itself."""
        boxes = [self._items[item] for element in group for item in items_of(element)]
        large = [box.path for box in boxes if isinstance(box, Box) and box.look == "op"]
        paths = [path.removeprefix(self._prefix).split(".") for path in large]
        names = {path[0] if len(path) > 1 else "" for path in paths}
        return text.clean(names.pop()) if len(names) == 1 else ""

    def _parameters(self, group: Sequence[Element]) -> str:
        boxes = [self._items[element] for element in group if isinstance(element, str)]
        parameters = sum(box.parameters for box in boxes if isinstance(box, Box))
        return text.count(parameters) if parameters else ""

    def _captions(self, before: Sequence[Element], group: Sequence[Element], whole: Part, part: Part) -> list[Caption]:
        """Shapes at the edges of blocks, and between loose ops wherever they change."""
        framed = len(before) + len(group) > 2
        captions = self._placer.captions(whole, part, framed)
        alone = len({link.source for link in whole.outs}) == 1
        if not captions and alone and not self._is_pill(group[0]):
            captions = [each for each in self._placer.captions(whole, part, True) if each.text != self._said]
        self._said = captions[-1].text if captions else self._said
        return captions

    def _is_pill(self, element: Element) -> bool:
        item = self._items.get(element) if isinstance(element, str) else None
        return isinstance(item, Box) and item.look == "pill"


def _chain(placer: Placer, elements: Sequence[Element], behind: Part | None) -> Part:
    """A side of a ladder is a panel's chain as any other."""
    return PanelChain(placer, "").chain(elements, behind)
