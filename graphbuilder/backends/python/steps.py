"""The steps of a ``forward``, in the order in which they are written.

A repeat that is no plain chain has no call of its own: its copies are called here, in loops where they follow each
other evenly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from graphbuilder.backends.python.classes import Class
from graphbuilder.backends.python.parts import OpPart, Part, RepeatPart, modular, some
from graphbuilder.backends.python.shapes import Stretch, is_fan, stretches
from graphbuilder.backends.python.skeleton import SkeletonStep
from graphbuilder.ir import Op, Value

Parts = Sequence[Part | None]
Within = Callable[[Value], Value]


class Loop(NamedTuple):
    """What a loop goes over.

    Attributes:
        items: the source of what is iterated; None for as many rounds as there are copies.
        variable: what an item is called, or None when each round calls the same module.
        carried: for each input, the number of the result that the next round reads there, or None where it stays.
        rounds: in each instance.
        gathered: for each result that others read of every copy, that value of all copies in order.
    """

    items: str | None
    variable: str | None
    carried: tuple[int | None, ...]
    rounds: tuple[int, ...]
    gathered: Mapping[int, tuple[Value, ...]]


class Step(NamedTuple):
    """One call in a ``forward``.

    Attributes:
        name: what its result may be called.
        column: the part in each instance.
        reads: values of the class; so are ``results``.
        module: how its module is reached.
        loop: set when the call is repeated, each round reading what the last one gave.
        fan: the container of copies that stand side by side; the part is then what joins them.
        training: whether it is run in training only.
    """

    name: str
    column: Parts
    reads: tuple[Value, ...]
    results: tuple[Value, ...]
    module: str
    loop: Loop | None = None
    fan: str | None = None
    optional: bool = False
    training: bool = False

    @property
    def values(self) -> tuple[Value, ...]:
        """Everything that it gives."""
        gathered = self.loop.gathered.values() if self.loop else ()
        return (*self.results, *(value for values in gathered for value in values))


class Steps(NamedTuple):
    """The steps, and what values at the boundary of a repeat are called inside it."""

    steps: list[Step]
    alias: dict[Value, Value]

    def resolve(self, value: Value) -> Value:
        while value in self.alias:
            value = self.alias[value]
        return value


def steps_of(cls: Class) -> Steps:
    """The calls of a class in the order written: a shortcut, which reads what the body overwrites, comes first, and
    what is run in training only comes last."""
    made = Steps([], {})
    auxiliary = cls.bodies[0].graph.auxiliary
    for step in cls.skeleton.steps.values():
        before = len(made.steps)
        _call(step, cls, made)
        if step.name in auxiliary:
            made.steps[before:] = [each._replace(training=True) for each in made.steps[before:]]
    first = [
        step
        for step in made.steps
        if step.name == "shortcut" and {value.node for value in step.reads} <= {*cls.skeleton.inputs}
    ]
    made.steps.sort(key=lambda step: (step not in first, step.training))
    return made


def _call(step: SkeletonStep, cls: Class, made: Steps) -> None:
    column = cls.column(step.name)
    part = some(column)
    reads = tuple(map(made.resolve, step.reads))
    if isinstance(part, RepeatPart) and not part.chained:
        _enter(step.name, step.module, column, reads, made)
        return
    results = tuple(Value(step.name, port) for port in part.node.results)
    optional = None in column and not modular(part)
    made.steps.append(Step(step.name, column, reads, results, f"self.{step.module}", optional=optional))


def _enter(name: str, module: str, column: Parts, reads: tuple[Value, ...], made: Steps) -> None:
    """The steps inside a repeat; values in it are known by paths."""
    repeats = [part if isinstance(part, RepeatPart) else None for part in column]
    first = some(repeats)
    graph = first.body.graph
    inside = dict(zip(map(Value, graph.inputs), reads, strict=True))

    def within(value: Value) -> Value:
        return inside.get(value, Value(f"{name}.{value.node}", value.port))

    if is_fan(first):
        made.steps.append(_fan(name, module, repeats, within))
    else:
        made.steps.extend(_rows(name, module, repeats, within))
    made.alias.update({Value(name, port): within(value) for port, value in graph.outputs})


def _fan(name: str, module: str, repeats: Sequence[RepeatPart | None], within: Within) -> Step:
    joins = [part.parts[-1] if part else None for part in repeats]
    first = some(repeats)
    reads = tuple(within(value) for value in first.parts[0].node.inputs)
    join = first.parts[-1].node
    return Step(name, joins, reads, (Value(f"{name}.{join.name}"),), f"self.{module}", fan=f"self.{module}")


def _rows(name: str, module: str, repeats: Sequence[RepeatPart | None], within: Within) -> Iterator[Step]:
    first = some(repeats)
    rows = stretches(first)
    owners = {part.node.name: number for number, part in enumerate(first.copies) if _is_entry(part)}
    for row in rows:
        part = first.parts[row.start]
        inside = part.node.name
        column = [repeat.parts[row.start] if repeat else None for repeat in repeats]
        loop = _loop(name, module, row, repeats, owners, whole=len(rows) == 1)
        beyond = first.beyond if row is rows[-1] else 0
        last = first.body.graph.nodes[row.stop - 1 + beyond].name
        yield Step(
            f"{name}_{inside}" if inside.isdecimal() else inside,
            column,
            tuple(within(value) for value in part.node.inputs),
            tuple(Value(f"{name}.{last}", port) for port in part.node.results),
            f"self.{module}[{owners[part.node.module]}]" if part.node.module in owners else "",
            loop if loop.rounds != (1,) * len(repeats) else None,
        )


def _is_entry(part: Part) -> bool:
    """Whether a copy stands in the container of its repeat: what is a function in torch does not."""
    return not isinstance(part, OpPart) or part.lowering.module is not None


def _loop(
    name: str,
    module: str,
    row: Stretch,
    repeats: Sequence[RepeatPart | None],
    owners: Mapping[str, int],
    *,
    whole: bool,
) -> Loop:
    first = some(repeats)
    node = first.parts[row.start].node
    count = row.stop - row.start + (first.beyond if row.stop == len(first.parts) else 0)
    lengths = tuple(len(repeat.body.graph.nodes) if repeat else 0 for repeat in repeats)
    rounds = lengths if whole else (count,) * len(repeats)
    carried = tuple(None if port is None else node.results.index(port) for port in row.carried)
    names = [part.node.name for part in first.parts[row.start : row.stop]]
    gathered = {
        node.results.index(port): tuple(Value(f"{name}.{each}", port) for each in names) for port in row.exported
    }
    if row.shared or node.module not in owners:
        return Loop(None, None, carried, rounds, gathered)
    template = node.callee.op if isinstance(node.callee, Op) else node.callee.template
    start = owners[node.module]
    items = f"self.{module}" if whole else f"self.{module}[{start or ''}:{start + count}]"
    return Loop(items, template, carried, rounds, gathered)
