"""Layers that a model runs several times: steps of one body that have the same weights are one step, run again.

What cannot be said: weights that calls in different bodies share, that are a part only of what either of them does, or
that are run on values of different shapes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence

from graphbuilder.importers.traced import Call, Unexpressed
from graphbuilder.importers.tree import Body, Item, Leaf, Sub, is_again, leaves, subs
from graphbuilder.ir import TensorType, Value

Types = Mapping[Value, TensorType]

_APART = "write the spec by hand from here: `share` runs a step of the same body again, on values of the same shape"


def share(model: Body, types: Types) -> None:
    """Note at steps whose weights they run again.

    Raises:
        CompileError: GB801 over weights that are shared in any other way.
    """
    _mark(model, types)
    users: dict[str, list[Call]] = defaultdict(list)
    for leaf in _owners(model):
        for weights in _weights(leaf):
            users[weights].append(leaf.call)
    unexpressed = Unexpressed()
    for calls in users.values():
        for call in calls if len(calls) > 1 else ():
            unexpressed.add(f"`{call.op}` with weights that {len(calls)} calls share", call.where, _APART)
    unexpressed.raise_if_any()


def _mark(body: Body, types: Types) -> None:
    for items in body.lists.values():
        alike: dict[Hashable, list[Leaf | Sub]] = defaultdict(list)
        for item in items:
            if isinstance(item, Leaf | Sub) and any(_weights(leaf) for leaf in leaves([item])):
                alike[tuple(types[value] for value in item.reads), _signature([item])].append(item)
            for sub in subs(item):
                _mark(sub.body, types)
        for first, *again in alike.values():
            for item in (first, *again) if again else ():
                item.owner = first.key


def _signature(items: Sequence[Item]) -> Hashable:
    """What steps do and with which weights, whatever they read from outside."""
    place = {item.key: number for number, item in enumerate(items)}
    return tuple(
        (_own(item), tuple((place[value.node], value.port) for value in item.reads if value.node in place))
        for item in items
    )


def _own(item: Item) -> Hashable:
    if isinstance(item, Leaf):
        return (item.call.op, repr(item.op), *_weights(item))
    return tuple(
        (where, sub.body.join.op if sub.body.join else "", _signature(inner))
        for sub in subs(item)
        for where, inner in sub.body.lists.items()
    )


def _weights(leaf: Leaf) -> tuple[str, ...]:
    call = leaf.call
    return tuple(call.leaves.values()) or ((call.layer,) if call.layer else ())


def _owners(body: Body) -> Iterator[Leaf]:
    """Every op but those of steps that run another again."""
    for items in body.lists.values():
        for item in items:
            if isinstance(item, Leaf) and not is_again(item):
                yield item
            for sub in subs(item) if not is_again(item) else ():
                yield from _owners(sub.body)
