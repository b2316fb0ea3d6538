"""What each item of a scene costs, and the colour that tells its share of the whole.

An item that stands for several copies costs what all of them do, and what is not drawn counts with the op that it
stands behind. Of what runs in training only, evaluation computes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from graphbuilder.analysis.costs import Costs, call_costs, costs
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.options import Heat, Options
from graphbuilder.backends.graphviz.read.habits import Habits
from graphbuilder.backends.graphviz.read.scene import Box, Card, Item, Region, Scale
from graphbuilder.ir import Copies, Node, Value

STEPS = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005)
"""The shares at which a colour may begin."""
BOUNDS = 5
_NUMBER = 4
"""The bytes of a number in a result: those of float32."""
_WHOLE = {
    "params": "all parameters",
    "macs": "all MACs",
    "memory": "the memory of all results",
    "time": "the time of a forward",
}
_GREY = {"params": "parameters", "macs": "MACs", "memory": "bytes of results", "time": "time"}
_LEAST_SAID = 0.0005


class _Copy(NamedTuple):
    """A body that an item stands in: its path with a dot, how often it counts, by how much its names are moved."""

    body: TypedGraph
    prefix: str = ""
    times: int = 1
    shift: int = 0

    def node(self, name: str, further: int = 0) -> Node:
        """The call of that name, or one that stands ``further`` behind it."""
        moved, graph = self.shift + further, self.body.graph
        if not moved:
            return graph.by_name[name]
        number = int(name) if graph.kind == "repeat" else graph.nodes.index(graph.by_name[name])
        return graph.nodes[number + moved]


def measure(root: Region, typed: TypedGraph, habits: Habits, options: Options) -> None:
    """Put the cost of every item into ``root``, the scene of ``typed``."""
    meter = _Meter(habits, options)
    meter.region(root, [_Copy(typed)], "")
    _exchange(root, lambda item: replace(item, cost=meter.costs.get(item.path, 0.0)))


def paint(root: Region, typed: TypedGraph, options: Options) -> Scale:
    """Colour every box of ``root`` by its share, and write cost and share on what is open; the scale of the colours."""
    total = _total(typed, options)
    shares = [item.cost / total for item in _boxes(root)] if total else []
    bounds = _bounds(max(shares, default=0.0))
    kind = options.heat or "params"

    def painted(item: Item) -> Item:
        share = item.cost / total if total else 0.0
        if isinstance(item, Card):
            return replace(item, note=_noted(item, share, kind))
        if item.look == "terminal":
            return item
        heat = f"heat{BOUNDS - next((n for n, bound in enumerate(bounds) if share >= bound), BOUNDS)}"
        if item.look == "block":
            return replace(item, mark=heat, detail=_noted(item, share, kind))
        said = item.look != "join" and share >= _LEAST_SAID
        detail = " · ".join(filter(None, (item.detail, _percent(share)))) if said else item.detail
        return replace(item, mark=heat, detail=detail)

    _exchange(root, painted)
    return Scale(tuple(_rows(bounds, _WHOLE[kind])), f"{_GREY[kind]}, of all copies together")


def whole(typed: TypedGraph, options: Options) -> Iterator[str]:
    """What a title says of the whole that is not said of every network."""
    if options.heat == "memory":
        yield f"{_amount(_total(typed, options), 'memory')} of results"
    if options.timing is not None:
        yield f"{_amount(_total(typed, options), 'time')} a forward, {options.timing.where}"


class _Meter:
    """Sums costs of one kind over the copies that items stand for; ``costs`` is by path."""

    def __init__(self, habits: Habits, options: Options) -> None:
        self._habits = habits
        self._kind: Heat | None = options.heat
        self._timing = options.timing
        self.costs: dict[str, float] = {}

    def region(self, region: Region, copies: Sequence[_Copy], base: str) -> None:
        """Measure what is in ``region``, the paths of which go on from ``base``."""
        for item in region.items.values():
            if isinstance(item, Card):
                self._card(item, copies, base)
            elif item.look != "terminal":
                around, name = self._around(item.path, copies, base)
                self.costs[item.path] = self._sum(around, name, item.count)

    def _card(self, card: Card, copies: Sequence[_Copy], base: str) -> None:
        around, name = self._around(card.path, copies, base)
        cost = self.costs[card.path] = self._sum(around, name, card.count * card.turns)
        if card.turns > 1:
            moved = [copy._replace(shift=turn * card.turns) for copy in around for turn in range(card.count)]
            self.region(card.region, moved, card.path.removesuffix(name))
        elif any(name in copy.body.bodies for copy in around):
            self.region(card.region, self._inside(around, name, card.count), f"{card.path}.")
        else:
            self.costs.update((path, cost) for path in card.region.items)

    def _around(self, path: str, copies: Sequence[_Copy], base: str) -> tuple[Sequence[_Copy], str]:
        """The bodies that the node at ``path`` stands in, and its name there."""
        *outer, name = path.removeprefix(base).split(".")
        for each in outer:
            copies = self._inside(copies, each)
        return copies, name

    def _inside(self, copies: Sequence[_Copy], name: str, count: int = 1) -> list[_Copy]:
        """The bodies that a call, or ``count`` in a row, runs; equal ones together, where their paths do not matter."""
        found: dict[object, _Copy] = {}
        for copy in copies:
            for node in self._counted(copy, name, count):
                body, prefix = copy.body.bodies[node.name], f"{copy.prefix}{node.name}."
                key = prefix if self._timing else id(body)
                times = copy.times + (found[key].times if key in found else 0)
                found[key] = _Copy(body, prefix, times)
        return list(found.values())

    def _sum(self, copies: Sequence[_Copy], name: str, count: int) -> float:
        bodies = [copy.body for copy in copies]
        return sum(
            copy.times * self._cost(copy, each)
            for copy in copies
            for node in self._counted(copy, name, count)
            for each in (node, *hidden(copy.body, node, bodies, self._habits))
        )

    def _counted(self, copy: _Copy, name: str, count: int) -> Iterator[Node]:
        """The calls that have a cost of this kind: weights count where they are owned, the rest where it is run."""
        for further in range(count):
            node = copy.node(name, further)
            if node.owns if self._kind == "params" else node.name not in copy.body.graph.auxiliary:
                yield node

    def _cost(self, copy: _Copy, node: Node) -> float:
        if self._timing is not None:
            return self._timing.seconds.get(f"{copy.prefix}{node.name}", 0.0)
        return _of(call_costs(node, copy.body), self._kind)


def hidden(body: TypedGraph, node: Node, alike: Sequence[TypedGraph], habits: Habits) -> Iterator[Node]:
    """What stands behind an op of ``body``, one of those that are ``alike``, and is not drawn."""
    if node.op is None or isinstance(body.graph.nodes, Copies):  # these are all drawn, or none is
        return
    for port in node.results:
        for name, _ in body.graph.readers.get(Value(node.name, port), ()):
            reader = body.graph.by_name[name]
            if habits.hides(reader, body, alike):
                yield reader
                yield from hidden(body, reader, alike, habits)


def _total(typed: TypedGraph, options: Options) -> float:
    if options.timing is not None:
        return options.timing.seconds[""]
    return _of(costs(typed), options.heat)


def _of(counted: Costs, kind: Heat | None) -> float:
    if kind == "params":
        return counted.trainable
    return counted.macs if kind == "macs" else counted.activations * _NUMBER


def _bounds(most: float) -> tuple[float, ...]:
    """Where the colours begin, the strongest first: at the last of round numbers that anything reaches, and below."""
    first = next((n for n, step in enumerate(STEPS) if step <= most), len(STEPS))
    first = min(first, len(STEPS) - BOUNDS)
    return STEPS[first : first + BOUNDS]


def _rows(bounds: Sequence[float], whole: str) -> Iterator[tuple[str, str]]:
    """Each colour and the shares that it stands for."""
    yield f"heat{BOUNDS}", f"{_percent(bounds[0])} of {whole}, or more"
    for number, (upper, lower) in enumerate(pairwise(bounds)):
        yield f"heat{BOUNDS - 1 - number}", f"{_number(lower)} to {_percent(upper)}"
    yield "heat0", f"less than {_percent(bounds[-1])}"


def _noted(item: Item, share: float, kind: Heat) -> str:
    said = (item.besides, _amount(item.cost, kind), _percent(share)) if item.cost else (item.besides,)
    return " · ".join(filter(None, said))


def _amount(cost: float, kind: Heat) -> str:
    if kind == "time":
        return f"{1000 * cost:.3g} ms" if cost < 1 else f"{cost:.3g} s"
    counted = text.count(round(cost))
    return f"{counted}{'' if ' ' in counted else ' '}B" if kind == "memory" else counted


def _percent(share: float) -> str:
    return f"{_number(share)} %"


def _number(share: float) -> str:
    """A share in hundredths, to two figures; of a hundred, all."""
    percent = 100 * share
    return f"{percent:.0f}" if percent >= 9.95 else f"{percent:.2g}"


def _boxes(region: Region) -> Iterator[Box]:
    for item in region.items.values():
        if isinstance(item, Card):
            yield from _boxes(item.region)
        else:
            yield item


def _exchange(region: Region, change: Callable[[Item], Item]) -> None:
    """Put what ``change`` makes of it into the place of every item."""
    for path, item in region.items.items():
        if isinstance(item, Card):
            _exchange(item.region, change)
        region.items[path] = change(item)
