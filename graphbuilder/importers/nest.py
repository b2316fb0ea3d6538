"""Flat calls into bodies: by the modules that they stand in, and within those by the structure of the graph.

A module becomes a body where one value goes in and one comes out; else its calls belong to what is around it. In a
body, what leaves a value on several ways and meets again in a join is a shortcut, or branches.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from graphbuilder.importers.regions import structured, woven
from graphbuilder.importers.traced import Call, Scope, Traced
from graphbuilder.importers.tree import CONTAINERS, Body, Item, Leaf, Sub
from graphbuilder.ir import Op, Value

_OUTSIDE = ""


class Known(NamedTuple):
    """The whole model: its ops by call, who reads each value, and the place of each call in the order."""

    ops: Mapping[str, Op]
    readers: Mapping[str, frozenset[str]]
    order: Mapping[str, int]


def nest(model: Traced, ops: Mapping[str, Op]) -> Body:
    """The model as one body, with all others in it.

    Args:
        ops: the op of each call, by the call's name.
    """
    readers: dict[str, set[str]] = defaultdict(set)
    for call in model.calls:
        for value in call.inputs:
            readers[value.node].add(call.name)
    for value in model.outputs.values():
        readers[value.node].add(_OUTSIDE)
    known = Known(
        ops,
        {name: frozenset(of) for name, of in readers.items()},
        {call.name: number for number, call in enumerate(model.calls)},
    )
    items = _level(model.calls, 0, known)
    source = Value(next(iter(model.inputs))) if len(model.inputs) == 1 else None
    ends = [*model.outputs.values()]
    alone = source is not None and len(ends) == 1
    structure = structured(items, source) if source and alone else woven(items, {value.node for value in ends})
    return Body(source, structure, name=model.name, kind="model")


def _level(calls: Sequence[Call], depth: int, known: Known) -> list[Item]:
    """The items of one level: calls, and bodies for the modules of that depth."""
    parts: dict[Scope, list[Call]] = defaultdict(list)
    items: list[Item] = []
    for call in calls:
        if len(call.scope) > depth:
            parts[call.scope[depth]].append(call)
        else:
            items.append(Leaf(call, known.ops[call.name]))
    numbers = Counter(scope.name for scope in parts)
    for scope, inside in parts.items():
        # A list of modules that is called again has to stay in one piece.
        kind = scope.name if scope.kind in CONTAINERS and numbers[scope.name] > 1 else scope.kind
        items += _part(inside, kind, depth, known)
    return sorted(items, key=lambda item: known.order[item.key])


def _part(inside: list[Call], kind: str, depth: int, known: Known) -> list[Item]:
    """What a module becomes: one body, or its items where it has several ways in or out, or is a single call."""
    items = _level(inside, depth + 1, known)
    source = _source(inside)
    ends = _ends(inside, known)
    if source is None or len(ends) != 1:
        return items
    name = _full(inside[0].scope[: depth + 1])
    if len(items) == 1:
        return _renamed(items, name, kind)
    body = _absorbed(structured(items, source), source)
    # A list with something around it is that, and no list.
    body.name, body.kind = name, kind if body.is_plain or kind not in CONTAINERS else body.kind
    return [Sub(body, ends[0])]


def _full(scope: Sequence[Scope]) -> str:
    """The name of a module; of one that is only counted, with that of what it is counted in: ``blocks_3_1``."""
    *above, own = scope
    return f"{_full(above)}_{own.name}" if own.name.isdecimal() and above else own.name


def _renamed(items: list[Item], name: str, kind: str) -> list[Item]:
    """A module around a single body adds nothing; its name is the better one, and its class than a list's."""
    if isinstance(items[0], Sub):
        body = items[0].body
        body.name = name
        body.kind = kind if body.kind in CONTAINERS else body.kind
    return items


def _source(inside: Iterable[Call]) -> Value | None:
    """The one value that calls read from outside, if it is one."""
    own = {call.name for call in inside}
    read = {value for call in inside for value in call.inputs if value.node not in own}
    return read.pop() if len(read) == 1 else None


def _ends(inside: Iterable[Call], known: Known) -> list[str]:
    """The calls that are read from outside."""
    own = {call.name for call in inside}
    return [name for name in own if known.readers[name] - own]


def _absorbed(items: list[Item], source: Value) -> Body:
    """A body of ``items``; where they are a shortcut or branches and plain steps behind, these are the body's own."""
    first, *rest = items
    is_whole = isinstance(first, Sub) and not first.body.is_plain and not (first.body.after and rest)
    if is_whole and isinstance(first, Sub) and all(isinstance(item, Leaf) for item in rest):
        join = first.key
        before = [join, *(item.key for item in rest)]
        chained = all(item.reads == (Value(above),) for item, above in zip(rest, before, strict=False))
        if chained:
            first.body.after += rest
            return first.body
    return Body(source, items)
