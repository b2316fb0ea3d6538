"""The order in which a body's steps can be built, and the circles of those that cannot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from graphbuilder.diagnostics import Diagnostic, Label
from graphbuilder.diagnostics.catalogue.references import Cycle
from graphbuilder.elaborate.names import Named, dependencies

# As many cycles are told of, which may all be as long as the body, and of a long one so many steps at either end.
_CYCLES = 100
_SHOWN = 6


class Order(NamedTuple):
    """The steps of a body so that each stands behind what it reads, as written where that already holds.

    Attributes:
        steps: those on no cycle.
        cycles: lists of names, each of which reads the next, that end where they start; of very many, the first.
        looped: every name on any cycle.
    """

    steps: list[Named]
    cycles: list[list[str]]
    looped: set[str]


def build_order(body: Sequence[Named]) -> Order:
    """The order in which the steps of ``body`` can be built."""
    by_name = {named.name: named for named in body}
    order = Order([], [], set())
    done: set[str] = set()
    for named in body:
        if named.name in done:
            continue
        if any(name in by_name and name not in done for name in dependencies(named)):
            _visit(named, by_name, done, order)
        else:
            done.add(named.name)
            order.steps.append(named)
    return order._replace(steps=[named for named in order.steps if named.name not in order.looped])


def beside(name: str, below: Iterable[Named]) -> Iterator[str]:
    """The steps that stand ``below`` the one called ``name`` and do not depend on it."""
    behind = {name}
    for named in below:
        if behind.isdisjoint(dependencies(named)):
            yield named.name
        else:
            behind.add(named.name)


class _Visit(NamedTuple):
    """A step on the way down, the names that it reads and were not looked at yet, and the first step of the way that it
    was found to read, itself or by what it reads: alone in its list, by its number."""

    named: Named
    rest: Iterator[str]
    back: list[int]


def _visit(start: Named, by_name: Mapping[str, Named], done: set[str], order: Order) -> None:
    """Depth first with a stack of our own: a body may be as long as the limits allow."""
    stack = [_Visit(start, dependencies(start), [len(by_name)])]
    number = {start.name: 0}
    while stack:
        named, rest, back = stack[-1]
        needed = next((by_name[name] for name in rest if name in by_name and name not in done), None)
        if needed is None:
            done.add(named.name)
            order.steps.append(named)
            stack.pop()
            if back[0] <= len(stack):
                order.looped.add(named.name)
            if stack:
                stack[-1].back[0] = min(stack[-1].back[0], back[0])
        elif needed.name in number:
            first = number[needed.name]
            back[0] = min(back[0], first)
            if len(order.cycles) < _CYCLES:
                order.cycles.append([*(each.named.name for each in stack[first:]), needed.name])
        else:
            number[needed.name] = len(stack)
            stack.append(_Visit(needed, dependencies(needed), [len(by_name)]))


def around(order: Order) -> tuple[list[Named], list[Named]]:
    """The steps of ``order`` up to what stands behind one of the cycles, and that."""
    behind = set(order.looped)
    for named in order.steps if behind else ():
        if not behind.isdisjoint(dependencies(named)):
            behind.add(named.name)
    steps = order.steps
    return [each for each in steps if each.name not in behind], [each for each in steps if each.name in behind]


def circles(order: Order, body: Sequence[Named]) -> Iterator[Diagnostic]:
    """The diagnostic for each cycle of ``body``: its path with its lines, of a long one both ends."""
    steps = {named.name: named.step for named in body}
    for cycle in order.cycles:
        pairs = list(pairwise(cycle))
        left = len(pairs) - 2 * _SHOWN
        labels = [
            Label(steps[name].place.span, f"`{name}` reads `{read}`")
            for name, read in (pairs if left <= 0 else pairs[:_SHOWN] + pairs[-_SHOWN:])
        ]
        names = cycle[::-1]
        way = names if left <= 0 else [*names[:_SHOWN], f"... {left:,} more ...", *names[-_SHOWN - 1 :]]
        message = f"steps read each other in a circle: {' -> '.join(way)}"
        remedy = "change the `from` of one of them to a step or input outside the circle"
        first, *others = labels
        yield Cycle.at(first.span, message, label=first.text, related=tuple(others), help=remedy)
