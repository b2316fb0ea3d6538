"""Layers that a model runs several times: steps of one body that have the same weights are one step, run again.

Where such calls stand in different bodies, these are written out, so that the steps stand in one. What cannot be said:
weights that are a part only of what either call does, or that are run on values for which the module would be built
otherwise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from typing import NamedTuple

from graphbuilder.analysis.building import Comparison
from graphbuilder.analysis.inference import Inference
from graphbuilder.importers.traced import Call, Unexpressed
from graphbuilder.importers.tree import Body, Item, Leaf, Sub, is_again, leaves, subs
from graphbuilder.ir import Composite, Dialect, Graph, Op, TensorType, Value

Types = Mapping[Value, TensorType]
Shapes = tuple[TensorType, ...]

_APART = (
    "write the spec by hand from here: `share` runs a step of the same body again, where nothing in it follows a size"
)


def share(model: Body, types: Types, ops: Mapping[str, Op], dialect: Dialect) -> None:
    """Note at steps whose weights they run again.

    Args:
        ops: the op of each call, by the call's name.
        dialect: what composites are spelt in.

    Raises:
        CompileError: GB801 over weights that are shared in any other way.
    """
    marker = _Marker(types, dialect)
    while True:
        marker.mark(model)
        users = _users(model)
        apart = {body for used in users.values() for body in _apart([each.within for each in used])}
        if not apart:
            break
        _write_out(model, apart, ops)
    unexpressed = Unexpressed()
    for used in users.values():
        for each in used:
            unexpressed.add(f"`{each.call.op}` with weights that {len(used)} calls share", each.call.where, _APART)
    unexpressed.raise_if_any()


class _Within(NamedTuple):
    """One list of steps of a body."""

    body: Body
    where: str


class _User(NamedTuple):
    """A call, and the lists that it stands in, the outermost first."""

    call: Call
    within: tuple[_Within, ...]


def _users(model: Body) -> dict[str, list[_User]]:
    """The calls of all weights that several steps have as their own."""
    users: dict[str, list[_User]] = defaultdict(list)
    for leaf, within in _owners(model, ()):
        for weights in _weights(leaf):
            users[weights].append(_User(leaf.call, within))
    return {weights: used for weights, used in users.items() if len(used) > 1}


def _apart(paths: Sequence[Sequence[_Within]]) -> set[Body]:
    """The bodies below which ``paths`` part; that of the model, which all begin with, has one list alone."""
    return {each.body for path in paths for each in path if any(each not in other for other in paths)}


def _write_out(body: Body, apart: Collection[Body], ops: Mapping[str, Op]) -> None:
    """Put the steps of bodies that are ``apart`` in the place of these, anywhere below ``body``."""
    for items in body.lists.values():
        for item in items:
            for sub in subs(item):
                _write_out(sub.body, apart, ops)
        items[:] = [piece for item in items for piece in _pieces(item, apart, ops)]
        for item in items:
            if isinstance(item, Leaf | Sub):
                item.owner = None


def _pieces(item: Item, apart: Collection[Body], ops: Mapping[str, Op]) -> Iterator[Item]:
    if not isinstance(item, Sub) or item.body not in apart:
        yield item
        return
    body = item.body
    for side in (body.shortcut or (), body.main, *body.branches.values()):
        yield from side
    if body.join:
        yield Leaf(body.join, ops[body.join.name])
    yield from body.after


class _Marker:
    """Notes at the steps of a body which of them are one step, run again."""

    def __init__(self, types: Types, dialect: Dialect) -> None:
        self._types, self._dialect = types, dialect
        self._comparison = Comparison(Inference(), self._spelt)

    def mark(self, body: Body) -> None:
        for items in body.lists.values():
            alike: dict[Hashable, list[Leaf | Sub]] = defaultdict(list)
            for item in items:
                if isinstance(item, Leaf | Sub) and any(_weights(leaf) for leaf in leaves([item])):
                    alike[_signature([item])].append(item)
                for sub in subs(item):
                    self.mark(sub.body)
            for group in alike.values():
                self._run_again(group)

    def _run_again(self, items: Sequence[Leaf | Sub]) -> None:
        """Note the first of ``items`` at those that can run it on what they read."""
        while len(items) > 1:
            first, *others = items
            again = [item for item in others if self._fits(first, item)]
            for item in (first, *again) if again else ():
                item.owner = first.key
            items = [item for item in others if item not in again]

    def _fits(self, first: Leaf | Sub, other: Leaf | Sub) -> bool:
        pairs = zip(leaves([first]), leaves([other]), strict=True)
        return all(self._built_alike(one.op, self._reads(one), self._reads(two)) for one, two in pairs)

    def _built_alike(self, op: Op, one: Shapes, other: Shapes) -> bool:
        return one == other or self._comparison.of(self._spelt(op, one), one, other) is None

    def _reads(self, leaf: Leaf) -> Shapes:
        return tuple(self._types[value] for value in leaf.reads)

    def _spelt(self, op: Op, inputs: Shapes) -> Op | Graph:
        return op.body(inputs, self._dialect) if isinstance(op, Composite) else op


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
    return tuple(call.leaves.values()) or ((call.layer,) if call.layer is not None else ())


def _owners(body: Body, within: tuple[_Within, ...]) -> Iterator[tuple[Leaf, tuple[_Within, ...]]]:
    """Every op but those of steps that run another again, and the lists that it stands in."""
    for where, items in body.lists.items():
        path = (*within, _Within(body, where))
        for item in items:
            if isinstance(item, Leaf) and not is_again(item):
                yield item, path
            for sub in subs(item) if not is_again(item) else ():
                yield from _owners(sub.body, path)
