"""What the figure shows, before anything has a place: boxes, cards and the links between them.

A ``Region`` is a small DAG of items; a ``Card`` is an item with a region of its own. Nothing here knows sizes,
colours or DOT.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from graphbuilder.backends.graphviz import text
from graphbuilder.ir import TensorType

Look = Literal["op", "pill", "join", "block", "terminal", "fault"]
OUTSIDE = ""
_MOST_SEARCHED = 5000
MARKS = {"added": "+", "removed": "−", "changed": "~"}
"""What happened to an item of a figure of two networks, and its sign."""


class End(NamedTuple):
    """Where a value comes from: an item of the region and its port, or ``OUTSIDE`` and the number of an input."""

    item: str
    port: int = 0


@dataclass(frozen=True, eq=False, slots=True)
class Link:
    """One reading of a value, or of its ``size`` alone.

    A link to ``OUTSIDE`` gives the region's output number ``slot``. A ``skip`` leads by what else is worked out
    of the value, to where both become one.
    """

    source: End
    target: str
    slot: int
    size: bool = False
    skip: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Box:
    """One op, one closed block, or one end of the network.

    Attributes:
        path: the dotted path of its node.
        look: what kind of thing is drawn.
        style: what colours it: an op's family, "block" or "terminal".
        title: the word on it.
        detail: what tells it from others of its title, or what is wrong.
        parameters: learnable elements.
        reuses: whether it runs weights that are another's.
        sizes: the numbers of the inputs of which it reads the size alone.
        kind: what kind of op it is, for the legend.
        training: whether only an output of training is made of it.
        mark: in a figure of two networks "added", "removed", "changed" or "same"; in one coloured by shares its colour.
        count: how many calls it stands for.
        piled: whether these are drawn behind it.
        cost: what all of them cost, in what the figure is coloured by.
        help: what mends what is wrong.
        words: in a figure of two networks what changed.
        hidden: how many calls that stand behind it are not drawn.
        besides: what ``detail`` says besides numbers of parameters.
        ordered: whether it puts what it reads one behind the other, so that the order matters.
    """

    path: str
    look: Look
    style: str
    title: str
    detail: str = ""
    parameters: int = 0
    reuses: bool = False
    sizes: frozenset[int] = frozenset()
    kind: str = ""
    training: bool = False
    mark: str = ""
    count: int = 1
    piled: bool = False
    cost: float = 0.0
    help: str = ""
    words: str = ""
    hidden: int = 0
    besides: str = ""
    ordered: bool = False

    @property
    def name(self) -> str:
        """What a caller calls it: its path, safe to show. The ends of the network have none."""
        return "" if self.look == "terminal" else text.clean(self.path.rstrip("."))


@dataclass(frozen=True, eq=False, slots=True)
class Card:
    """An open block, or several equal ones on a stack.

    Attributes:
        path: the dotted path of its node, of the first copy for a stack.
        title: what it is called.
        note: its parameters.
        region: what is in it.
        count: how many copies it stands for.
        words: what is said of the copies, line by line.
        reuses: whether it runs weights that are another's, or a copy's.
        training: whether only an output of training is made of it.
        mark: in a figure of two networks "added", "removed" or "changed", where the block itself was.
        turns: how many kinds of copies there are in turn, each of them ``count`` times.
        cost: what all copies cost, in what the figure is coloured by.
        besides: what ``note`` says besides numbers of parameters.
    """

    path: str
    title: str
    note: str
    region: Region
    count: int = 1
    words: tuple[str, ...] = ()
    reuses: bool = False
    training: bool = False
    mark: str = ""
    turns: int = 1
    cost: float = 0.0
    besides: str = ""

    @property
    def sizes(self) -> frozenset[int]:
        """The numbers of the inputs of which it reads the size alone."""
        links = [link for link in self.region.links if link.source.item == OUTSIDE]
        values = {link.source.port for link in links if not link.size}
        return frozenset(link.source.port for link in links) - values


Item = Box | Card


@dataclass(eq=False, slots=True)
class Region:
    """A DAG of items, every item behind those that it reads.

    In a figure of two networks ``was`` has the types of all values that the first had too, and ``read`` those of what
    items read there. A value that is in neither has no past. ``merged`` says that one link stands for all values
    between two items.
    """

    items: dict[str, Item] = field(default_factory=dict[str, Item])
    links: list[Link] = field(default_factory=list[Link])
    types: dict[End, TensorType] = field(default_factory=dict[End, TensorType])
    was: dict[End, TensorType] = field(default_factory=dict[End, TensorType])
    read: dict[str, TensorType] = field(default_factory=dict[str, TensorType])
    merged: bool = False

    def add(self, item: Item, inputs: tuple[End, ...], outputs: tuple[TensorType, ...]) -> tuple[End, ...]:
        """Put ``item`` in, reading ``inputs``; its own values."""
        self.items[item.path] = item
        sizes = item.sizes
        self.links.extend(Link(end, item.path, slot, slot in sizes) for slot, end in enumerate(inputs))
        ends = tuple(End(item.path, port) for port in range(len(outputs)))
        self.types.update(zip(ends, outputs, strict=True))
        return ends

    def give(self, outputs: tuple[End, ...]) -> None:
        """Let the region's outputs be these values."""
        self.links.extend(Link(end, OUTSIDE, slot) for slot, end in enumerate(outputs))

    def hide(self, inputs: tuple[End, ...]) -> None:
        """Count a call that is not drawn with the box that gives what it reads."""
        item = self.items.get(inputs[0].item)
        if isinstance(item, Box):
            self.items[item.path] = replace(item, hidden=item.hidden + 1)

    def drop_unread(self) -> None:
        """Leave out what only cards ask for that nothing in these reads."""
        readers = Counter(link.source.item for link in self.links)
        unread = set[Link]()
        into: dict[str, list[Link]] = {}
        for link in self.links:
            into.setdefault(link.target, []).append(link)
        for path, item in reversed(self.items.copy().items()):
            gone = into.get(path, [])
            if readers[path] or (isinstance(item, Box) and item.look == "terminal"):
                read = _ports(item) if isinstance(item, Card) else {link.slot for link in gone}
                gone = [link for link in gone if link.slot not in read]
            else:
                del self.items[path]
            readers.subtract(link.source.item for link in gone)
            unread.update(gone)
        self.links = [link for link in self.links if link not in unread]

    def mark_skips(self) -> None:
        """Tell the links that are skips, here and in every card, where no more than can be looked through is in it."""
        for item in self.items.values():
            if isinstance(item, Card):
                item.region.mark_skips()
        if len(self.items) > _MOST_SEARCHED:
            return
        place = {path: 1 << number for number, path in enumerate(self.items)}
        worked = self._worked(place)
        read: dict[End, int] = {}
        for link in (link for link in self.links if not link.size):
            read[link.source] = read.get(link.source, 0) | place.get(link.target, 0)

        def is_skip(link: Link) -> bool:
            others = read.get(link.source, 0) & ~place.get(link.target, 0)
            return not link.size and bool(worked.get(link.target, 0) & others) and joins(self, link)

        self.links = [replace(link, skip=True) if is_skip(link) else link for link in self.links]

    def _worked(self, place: Mapping[str, int]) -> dict[str, int]:
        """Of every item that of which it is made by way of more than joins, each item a bit."""
        into: dict[str, list[str]] = {}
        for link in (link for link in self.links if not link.size):
            into.setdefault(link.target, []).append(link.source.item)
        whole: dict[str, int] = {}
        found: dict[str, int] = {}
        for path in self.items:
            whole[path], found[path] = place[path], 0
            for source in into.get(path, ()):
                item = self.items.get(source)
                joined = isinstance(item, Box) and item.style == "join"
                whole[path] |= whole.get(source, 0)
                found[path] |= (found if joined else whole).get(source, 0)
        return found

    def kinds(self) -> set[tuple[int, str]]:
        """The rank and layout of every value in it."""
        kinds = {(type_.rank, type_.layout) for type_ in self.types.values()}
        return kinds.union(*(item.region.kinds() for item in self.items.values() if isinstance(item, Card)))

    def loose(self) -> set[str]:
        """What kinds of ops are drawn in no card."""
        return {item.kind for item in self.items.values() if isinstance(item, Box) and item.kind}

    def titles(self) -> set[str]:
        """What kinds of ops are drawn."""
        cards = (item.region for item in self.items.values() if isinstance(item, Card))
        return self.loose().union(*(region.titles() for region in cards))

    def shape(self, end: End) -> str:
        """The shape of a value, and what it was where it was another."""
        shape = text.shape(self.types[end])
        was = text.shape(self.was.get(end, self.types[end]))
        return text.turned(was, shape) if was != shape else shape

    def boxes(self) -> int:
        """How many boxes are drawn."""
        return sum(1 if isinstance(item, Box) else item.region.boxes() for item in self.items.values())


def _ports(card: Card) -> set[int]:
    """The inputs of ``card`` that are read, once what nothing reads is out of it."""
    card.region.drop_unread()
    return {link.source.port for link in card.region.links if link.source.item == OUTSIDE}


def joins(region: Region, link: Link) -> bool:
    """Whether ``link`` of ``region`` ends where several values become one: then what it passes by is skipped."""
    item = region.items.get(link.target)
    if item is None or isinstance(item, Box):
        return item is not None and item.style == "join"
    inner = [each for each in item.region.links if each.source == End(OUTSIDE, link.slot)]
    return bool(inner) and all(joins(item.region, each) for each in inner)


@dataclass(frozen=True, slots=True)
class Section:
    """A top-level block that has a panel of its own."""

    path: str
    title: str


class Scale(NamedTuple):
    """What colours mean that tell shares: of each style its shares, and what the numbers beside titles are of."""

    rows: tuple[tuple[str, str], ...]
    grey: str


@dataclass(frozen=True, eq=False, slots=True)
class Scene:
    """A whole figure.

    Attributes:
        title: the network's.
        facts: what stands below it.
        root: the network.
        sections: for an item of the root, the section that it belongs to.
        shapes: what the numbers of a shape are; nothing where no shape is shown.
        scale: what the colours of boxes mean, where they tell shares.
    """

    title: str
    facts: tuple[str, ...]
    root: Region
    sections: dict[str, Section]
    shapes: str = ""
    scale: Scale | None = None
