"""A model as the bodies that it will be written as, before any two of them are seen to be one block.

Items keep the names of the calls that give their values, so that what they read is never renamed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from math import isclose
from typing import Any

from graphbuilder.importers.traced import Call
from graphbuilder.ir import Op, Value


@dataclass(eq=False)
class Leaf:
    """One op.

    Attributes:
        owner: the first of the steps beside it that have its weights, where there are several.
        after: what it would read, where this copy of a block leaves the step out.
    """

    call: Call
    op: Op
    owner: str | None = None
    after: Value | None = None

    @property
    def key(self) -> str:
        return f"{self.after.node}~{self.call.op}" if self.after else self.call.name

    @property
    def reads(self) -> tuple[Value, ...]:
        return (self.after,) if self.after else self.call.inputs


@dataclass(eq=False)
class Body:
    """Steps on one input.

    Attributes:
        source: what it reads; None for the model itself.
        main: the steps; empty where there are branches.
        join: the call that joins a shortcut or branches.
        shortcut: the steps of the way around, none for the identity; None without one.
        branches: side paths by name, in the order of the join.
        after: the steps behind the join.
        name: what a person called this place, below what it stands in; "" where nobody did.
        kind: the class of the module, or a word for what it is.
    """

    source: Value | None
    main: list[Item]
    join: Call | None = None
    shortcut: list[Item] | None = None
    branches: dict[str, list[Item]] = field(default_factory=dict[str, "list[Item]"])
    after: list[Item] = field(default_factory=list["Item"])
    name: str = ""
    kind: str = ""

    @property
    def is_plain(self) -> bool:
        return self.join is None

    @property
    def lists(self) -> dict[str, list[Item]]:
        """Every list of steps by where it stands."""
        side = {"shortcut": self.shortcut} if self.shortcut else {}
        return {"main": self.main, **side, **{f"branch {name}": each for name, each in self.branches.items()},
                "after": self.after}  # fmt: skip


@dataclass(eq=False)
class Sub:
    """A call of a body; ``row`` are the arguments of its template, once there is one, ``owner`` is a leaf's."""

    body: Body
    key: str
    template: Any = None
    row: dict[str, Any] = field(default_factory=dict[str, Any])
    owner: str | None = None

    @property
    def reads(self) -> tuple[Value, ...]:
        assert self.body.source is not None
        return (self.body.source,)


@dataclass(eq=False)
class Group:
    """Calls of one template, one behind the other."""

    subs: list[Sub]
    name: str = ""

    @property
    def key(self) -> str:
        return self.subs[-1].key

    @property
    def reads(self) -> tuple[Value, ...]:
        return self.subs[0].reads

    @property
    def template(self) -> Any:
        return self.subs[0].template

    @property
    def owner(self) -> str | None:
        """The first copy, where all of them are one set of weights."""
        return self.subs[0].owner

    def values(self, argument: str) -> list[Any]:
        """What an argument is in each copy."""
        return [sub.row[argument] for sub in self.subs]

    @property
    def ramp(self) -> str | None:
        """The argument that grows by one step from copy to copy."""
        return next((name for name in self.subs[0].row if step_of(self.values(name))), None)

    @property
    def item(self) -> str | None:
        """The argument that the repeat goes over, where it is over a list."""
        return next((name for name in self.subs[0].row if name != self.ramp and _is_list(self.values(name))), None)


Item = Leaf | Sub | Group


def is_again(item: Item) -> bool:
    """Whether a step runs another again, with its weights."""
    return not isinstance(item, Group) and item.owner not in (None, item.key)


def step_of(values: list[Any]) -> float:
    """By what fractions grow, the same from each to the next; 0 where they do not."""
    if len(values) < 2 or not all(isinstance(value, float) for value in values):
        return 0.0
    steps = [above - below for below, above in pairwise(values)]
    is_even = all(isclose(step, steps[0], rel_tol=1e-6, abs_tol=1e-9) for step in steps)
    return float(f"{steps[0]:.9g}") if is_even and steps[0] > 1e-9 else 0.0


def _is_list(values: list[Any]) -> bool:
    """Whether values differ, and not the first alone, or are such as only a list can say."""
    return any(value != values[-1] for value in values[1:]) or (
        values[0] != values[-1] and values[-1] not in (1, [1, 1])
    )


CONTAINERS = ("Sequential", "ModuleList", "ModuleDict", "Model")


def bodies(body: Body) -> Iterator[Body]:
    """``body`` and all below it, those that are used before those that use them."""
    for items in body.lists.values():
        for item in items:
            for sub in subs(item):
                yield from bodies(sub.body)
    yield body


def subs(item: Item) -> list[Sub]:
    match item:
        case Leaf():
            return []
        case Sub():
            return [item]
        case Group():
            return item.subs


def leaves(items: list[Item]) -> Iterator[Leaf]:
    """Every op of a list of steps, in order, whatever block it stands in."""
    for item in items:
        if isinstance(item, Leaf):
            yield item
        for sub in subs(item):
            for inner in sub.body.lists.values():
                yield from leaves(inner)
