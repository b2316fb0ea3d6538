"""Bodies that differ in one step that only some of them have: one block, with a condition on that step.

The step has no weights, and the next reads what it would have read. Where it is left out stands a step that is absent,
so that the steps of all bodies correspond.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import pairwise

from graphbuilder.importers.tree import Body, Item, Leaf
from graphbuilder.ir import Value

Form = Callable[[Body], Hashable]

# How many steps of one block may depend on a condition.
_MOST = 2
_FAMILIES = ("activation", "regularisation")


def merged(groups: Sequence[list[Body]], form: Form, order: Mapping[int, int]) -> list[list[Body]]:
    """``groups`` of bodies of one form each, those that differ in one step that may be left out in one.

    Args:
        order: the place of each body in the model, by its id.
    """
    found: list[list[Body]] = []
    for group in sorted(groups, key=lambda group: -_length(group[0])):
        if not any(_take(known, group, form) for known in found):
            found.append(group)
    for group in found:
        _fill(sorted(group, key=lambda body: order[id(body)]))
    return sorted(found, key=lambda group: order[id(group[0])])


def _length(body: Body) -> int:
    return sum(map(len, body.lists.values()))


def _take(known: list[Body], group: list[Body], form: Form) -> bool:
    """Add ``group`` to the longer bodies ``known``, where one step is all that it has not."""
    whole, short = known[0].lists, group[0].lists
    missing = {where: len(items) - len(short.get(where, [])) for where, items in whole.items()}
    if whole.keys() != short.keys() or sorted(filter(None, missing.values())) != [1] or len(_absent(known)) >= _MOST:
        return False
    where = max(missing, key=missing.__getitem__)
    for place, item in enumerate(whole[where]) if where != "shortcut" else ():
        if isinstance(item, Leaf) and _may_go(item):
            for body in group:
                body.lists[where].insert(place, _left_out(body, where, place, item))
            if form(group[0]) == form(known[0]):
                known += group
                return True
            for body in group:
                del body.lists[where][place]
    return False


def _may_go(leaf: Leaf) -> bool:
    return not leaf.call.has_weights and len(leaf.reads) == 1 and leaf.op.family in _FAMILIES and leaf.after is None


def _absent(bodies: Sequence[Body]) -> set[tuple[str, int]]:
    """The places of steps that some of ``bodies`` have not."""
    return {
        (where, place)
        for body in bodies
        for where, items in body.lists.items()
        for place, item in enumerate(items)
        if isinstance(item, Leaf) and item.after
    }


def _left_out(body: Body, where: str, place: int, like: Leaf) -> Leaf:
    above: Sequence[Item] = body.lists[where][:place]
    source = Value(body.join.name) if where == "after" and body.join else body.source
    after = Value(above[-1].key) if above else source
    assert after is not None, "a block has a source"
    return Leaf(like.call, like.op, after=after)


def _fill(bodies: Sequence[Body]) -> None:
    """Give absent stochastic depth the rates that it would have, between those of the bodies around."""
    for where, place in _absent(bodies):
        leaves = [item for body in bodies if isinstance(item := body.lists[where][place], Leaf)]
        known = {number: float(dict(leaf.op)["rate"]) for number, leaf in enumerate(leaves)
                 if not leaf.after and leaf.call.op == "droppath"}  # fmt: skip
        if known:
            for number, leaf in enumerate(leaves):
                leaf.op = leaf.op.model_copy(update={"rate": _between(number, known)})


def _between(number: int, known: Mapping[int, float]) -> float:
    """The rate at a place, by the nearest one behind that is known, or else before it."""
    step = min((above - below for below, above in pairwise(sorted({0.0, *known.values()}))), default=0.0)
    nearest = min((each for each in known if each >= number), default=max(known))
    return max(round(known[nearest] - step * (nearest - number), 12), 0.0)
