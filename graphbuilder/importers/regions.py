"""The structure of a body: where its trunk forks and meets again.

Every path from the source to the end passes through the trunk's values. Between two of them there is a step, a
shortcut around steps, branches side by side, or a tangle, whose steps then say by name what they read. A tangle, and a
body of several sources or ends, has no trunk; joins in it are found one by one.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import TypeGuard

from graphbuilder.importers.forks import Forks
from graphbuilder.importers.sizes import each
from graphbuilder.importers.tree import CONTAINERS, Body, Item, Leaf, Sub, leaves
from graphbuilder.importers.units import shape
from graphbuilder.ir import Value

JOINS = ("add", "mul", "concat")
_CONVOLUTIONS = ("conv", "dwconv", "sepconv", "linear", "convtranspose")
# What is worth a block of its own, where another is like it.
_LONG = 4
_SIDE = ("conv", "dwconv", "batchnorm", "avgpool", "maxpool", "pad", "scale")


def structured(items: Sequence[Item], source: Value) -> list[Item]:
    """The same items, those between a fork and its join gathered into bodies.

    Args:
        items: in an order in which each stands behind what it reads; all lead to the last.
    """
    found: list[Item] = []
    start = source
    for region in _regions(items, source):
        made = _region(region, start) or _joined(region, ())
        found += _with_activation(found, made)
        start = Value(region[-1].key)
    return [piece for item in found for piece in _spliced(item)]


def woven(items: Sequence[Item], ends: Collection[str]) -> list[Item]:
    """The same items, which have several sources or ``ends``: what is between a fork and its join gathered.

    Args:
        ends: the items that are read from outside.
    """
    return [piece for item in _towers(_joined(items, ends), ends) for piece in _spliced(item)]


def _towers(items: list[Item], ends: Collection[str]) -> list[Item]:
    """The same items; ways of one form from different sources into one join each gathered, where they are long."""
    for join in [item for item in items if len(item.reads) > 1]:
        ways = [_tower(value, items, {*ends}) for value in join.reads]
        forms = {shape(Body(None, way)) for way in ways}
        if len(forms) > 1 or len({way[0].reads for way in ways if way}) != len(ways):
            continue
        for way in ways:
            source = way[0].reads[0]
            items[items.index(way[-1])] = Sub(Body(source, way, name=f"{source.node}_tower", kind="tower"), way[-1].key)
            items = [item for item in items if item not in way]
    return items


def _tower(end: Value, items: Sequence[Item], ends: Collection[str]) -> list[Item]:
    """The items one behind the other from a source to ``end``, which nothing else reads; nothing where they are few."""
    known = {item.key: item for item in items}
    read = Counter([value.node for item in items for value in item.reads] + [*ends])
    way: list[Item] = []
    while end.node in known:
        if read[end.node] != 1 or len(known[end.node].reads) != 1:
            return []
        way.append(known[end.node])
        (end,) = way[-1].reads
    return way[::-1] if len(way) >= _LONG else []


def _regions(items: Sequence[Item], source: Value) -> Iterator[list[Item]]:
    """The items between one value of the trunk and the next, that one included."""
    place = {source.node: -1, **{item.key: number for number, item in enumerate(items)}}
    # The earliest value that anything from here on reads.
    earliest = [len(items)] * (len(items) + 1)
    for number in range(len(items) - 1, -1, -1):
        reads = [place.get(value.node, -1) for value in items[number].reads]
        earliest[number] = min([earliest[number + 1], *reads])
    start = 0
    for number in range(len(items)):
        if earliest[number + 1] >= number:
            yield list(items[start : number + 1])
            start = number + 1


def _region(region: list[Item], source: Value) -> list[Item] | None:
    """One step where it is one, one body for a region with a join at its end; None for any other."""
    *inside, join = region
    if not inside:
        return region
    if not _is_join(join):
        return None
    sides = _sides(inside, join, source)
    body = _body(sides, join, source) if sides else None
    return [Sub(body, join.key)] if body else None


def _is_join(item: Item) -> TypeGuard[Leaf]:
    return isinstance(item, Leaf) and item.call.op in JOINS and not item.call.args


def _joined(items: Sequence[Item], ends: Collection[str]) -> list[Item]:
    """The same items; those between a fork and its join, if nothing else reads them, gathered, the innermost first."""
    found = list(items)
    graph = Forks(items)
    for join in filter(_is_join, items):
        inside = graph.inside(join, ends)
        region = [item for item in found if item.key in inside]
        reads = {value for item in (*region, join) for value in item.reads if value.node not in inside}
        made = _region([*region, join], reads.pop()) if region and len(reads) == 1 else None
        if made is None:
            continue
        found[found.index(join)] = made[0]
        found = [item for item in found if item not in region]
        _activate(found, made[0], graph, ends)
    return found


def _activate(items: list[Item], joined: Item, graph: Forks, ends: Collection[str]) -> None:
    """Take the activation that alone reads what is ``joined`` into its body, where it belongs there."""
    readers = graph.readers[joined.key]
    behind = [item for item in items if item.key in readers]
    if len(behind) != 1 or joined.key in ends:
        return
    before = [joined]
    made = _with_activation(before, behind)
    if not before:
        items[items.index(behind[0])] = made[0]
        items.remove(joined)


def _sides(inside: list[Item], join: Leaf, source: Value) -> list[list[Item]] | None:
    """The items on each way into the join, in its order; None where ways meet before it."""
    ways = _ways(inside)
    found: list[list[Item]] = []
    for value in join.reads:
        if value == source:
            found.append([])
            continue
        way = next((way for way in ways if any(item.key == value.node for item in way)), None)
        if way is None or value.port != "out" or way[-1].key != value.node or way in found:
            return None
        found.append(way)
    reads = {value for way in ways for item in way for value in item.reads}
    own = {item.key for item in inside}
    alone = all(value.node in own or value == source for value in reads)
    return found if alone and sum(map(bool, found)) == len(ways) else None


def _ways(inside: list[Item]) -> list[list[Item]]:
    """Items in sets that share no value."""
    leader = {item.key: item.key for item in inside}

    def find(key: str) -> str:
        while leader[key] != key:
            key = leader[key]
        return key

    for item in inside:
        for value in item.reads:
            if value.node in leader:
                leader[find(value.node)] = find(item.key)
    ways: dict[str, list[Item]] = defaultdict(list)
    for item in inside:
        ways[find(item.key)].append(item)
    return list(ways.values())


def _body(sides: list[list[Item]], join: Leaf, source: Value) -> Body | None:
    if any(side and _reads_nothing(side[0]) for side in sides):
        return None
    inner = [structured(side, source) if side else [] for side in sides]
    op = join.call.op
    if len(inner) == 2 and not inner[0] and op == "concat":
        return _shortcut(inner[1], [], join, source)
    if len(inner) == 2 and op != "concat":
        side = next((number for number in (0, 1) if _is_side(inner[number], inner[1 - number])), None)
        if side is not None:
            return _shortcut(inner[1 - side], inner[side], join, source)
    if not all(inner):
        return None
    named = _named(inner)
    return Body(source, [], join.call, None, named, name=join.call.label, kind="module")


def _reads_nothing(item: Item) -> bool:
    """Whether a step only looks how many samples there are: what it is added to leads around nothing."""
    return isinstance(item, Leaf) and item.call.op in ("parameter", "relativebias")


def _shortcut(main: list[Item], side: list[Item], join: Leaf, source: Value) -> Body:
    name, kind = "", _kind(main, join)
    if len(main) == 1 and isinstance(main[0], Sub) and main[0].body.is_plain:
        name = main[0].body.name
        kind = kind if main[0].body.kind in ("block", *CONTAINERS) else main[0].body.kind
        main = main[0].body.main
    return Body(source, main, join.call, side, name=name, kind="down" if side and kind == "residual" else kind)


def _kind(main: list[Item], join: Leaf) -> str:
    """A word for what a shortcut leads around."""
    ops = {leaf.call.op for leaf in leaves(main)}
    if join.call.op != "add":
        return "dense" if join.call.op == "concat" else "gate"
    if ops & {"attention", "attend"}:
        return "attend_all"
    return "feedforward" if "linear" in ops and not ops & {"conv", "dwconv", "sepconv"} else "residual"


def _is_side(side: list[Item], main: list[Item]) -> bool:
    """Whether one of two ways is the way around the other: nothing, or a projection, and the shorter."""
    if not side:
        return True
    ops = [item.call.op if isinstance(item, Leaf) else "" for item in side]
    return len(side) <= 3 and len(side) < len(list(leaves(main))) and all(op in _SIDE for op in ops)


def _named(sides: list[list[Item]]) -> dict[str, list[Item]]:
    """Branches by what their layers are called, or else by what they are: ``conv1x1``, ``pool``."""
    names: dict[str, list[Item]] = {}
    for side in sides:
        base = _prefix(side) or _word(side)
        number = 1
        while (name := base if number == 1 else f"{base}_{number}") in names:
            number += 1
        names[name] = side
    return names


def _prefix(side: list[Item]) -> str:
    """What the names of a side's modules have in common: ``branch5x5`` of ``branch5x5_1`` and ``branch5x5_2``."""
    names = {item.body.name for item in side if isinstance(item, Sub) and item.body.kind != "module"}
    stems = {re.sub(r"_\d+$", "", name) for name in names}
    return stems.pop() if len(stems) == 1 else ""


def _word(side: list[Item]) -> str:
    calls = [leaf.call for leaf in leaves(side)]
    if any(call.op in ("maxpool", "avgpool") for call in calls):
        return "pool"
    kernels = [each(call.args["kernel"], 2) for call in calls if "kernel" in call.args]
    if not kernels:
        return "path"
    wide = [kernel for kernel in kernels if max(kernel) > 1]
    largest = max((max(kernel) for kernel in wide), default=1)
    if len(wide) == 1:
        return f"conv{'x'.join(map(str, wide[0]))}"
    rows = sum(kernel[0] == kernel[-1] for kernel in wide)
    is_double = rows > 1 or len(wide) - rows > 3
    return f"{'double' if is_double else 'conv'}{largest}x{largest}"


def _with_activation(before: list[Item], made: list[Item]) -> list[Item]:
    """An activation behind a sum whose steps began with a convolution belongs to the block, as in ResNet."""
    if not before or len(made) != 1 or not isinstance(made[0], Leaf) or made[0].op.family != "activation":
        return made
    last = before[-1]
    if not isinstance(last, Sub) or last.body.join is None or last.body.join.op != "add" or last.body.after:
        return made
    first = last.body.main[0] if last.body.main else None
    if not isinstance(first, Leaf) or first.call.op not in _CONVOLUTIONS:
        return made
    before.pop()
    last.body.after = made
    return [Sub(last.body, made[0].key)]


def _spliced(item: Item) -> list[Item]:
    """A list of modules adds nothing by itself, unless it is a row of like ones."""
    if not isinstance(item, Sub) or item.body.kind not in CONTAINERS or not item.body.is_plain:
        return [item]
    inner = item.body.main
    kinds = {each.body.kind if isinstance(each, Sub) else "" for each in inner}
    is_row = len(kinds) == 1 and "" not in kinds and not kinds & {*CONTAINERS}
    return [item] if is_row else inner
