"""The steps of a ``forward``, in the order in which they are written.

A repeat that is no plain chain has no call of its own: its copies are called here, in loops where they follow each other evenly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from graphbuilder.backends.python.classes import Class
from graphbuilder.backends.python.parts import Part, RepeatPart, modular
from graphbuilder.backends.python.shapes import Stretch, is_fan, joining, stretches
from graphbuilder.ir import Value

Parts = Sequence[Part | None]


class Loop(NamedTuple):
    """What a loop goes over.

    Attributes:
        items: the source of what is iterated; None for as many rounds as there are copies.
        variable: what an item is called, or None when each round calls the same module.
        carried: for each input, the number of the result that the next round reads there, or None where it stays.
        rounds: in each instance.
    """

    items: str | None
    variable: str | None
    carried: tuple[int | None, ...]
    rounds: tuple[int, ...]


class Step(NamedTuple):
    """One call in a ``forward``.

    Attributes:
        name: what its result may be called.
        column: the part in each instance.
        reads: values of the class; so are ``results``.
        module: how its module is reached.
        loop: set when the call is repeated, each round reading what the last one gave.
        fan: the container of copies that stand side by side; the part is then what joins them.
    """

    name: str
    column: Parts
    reads: tuple[Value, ...]
    results: tuple[Value, ...]
    module: str
    loop: Loop | None = None
    fan: str | None = None
    optional: bool = False


class Steps(NamedTuple):
    """The steps, and what values at the boundary of a repeat are called inside it."""

    steps: list[Step]
    alias: dict[Value, Value]

    def resolve(self, value: Value) -> Value:
        while value in self.alias:
            value = self.alias[value]
        return value


def steps_of(cls: Class) -> Steps:
    """The calls of a class in the order written: the shortcut, which reads what the body will overwrite, comes first."""
    made = Steps([], {})
    for name, step in cls.skeleton.steps.items():
        column = cls.column(name)
        part = next(part for part in column if part is not None)
        reads = tuple(map(made.resolve, step.reads))
        if isinstance(part, RepeatPart) and not part.chained:
            _enter(name, step.module, column, reads, made)
            continue
        results = tuple(Value(name, port) for port in part.node.results)
        optional = None in column and not modular(part)
        made.steps.append(Step(name, column, reads, results, f"self.{step.module}", optional=optional))
    first = [
        step
        for step in made.steps
        if step.name == "shortcut" and {value.node for value in step.reads} <= {*cls.skeleton.inputs}
    ]
    made.steps.sort(key=lambda step: step not in first)
    return made


def _enter(name: str, module: str, column: Parts, reads: tuple[Value, ...], made: Steps) -> None:
    """The steps inside a repeat; values in it are known by paths."""
    repeats = [part if isinstance(part, RepeatPart) else None for part in column]
    first = next(part for part in repeats if part is not None)
    graph = first.body.graph
    inside = dict(zip(map(Value, graph.inputs), reads, strict=True))

    def within(value: Value) -> Value:
        return inside.get(value, Value(f"{name}.{value.node}", value.port))

    if is_fan(first):
        made.steps.append(_fan(name, module, repeats, within))
    else:
        made.steps.extend(_rows(name, module, repeats, within, inside))
    made.alias.update({Value(name, port): within(value) for port, value in graph.outputs})


def _fan(name: str, module: str, repeats: Sequence[RepeatPart | None], within: object) -> Step:
    assert callable(within)
    joins = [part.parts[-1] if part else None for part in repeats]
    first = next(part for part in repeats if part is not None)
    reads = tuple(within(value) for value in first.parts[0].node.inputs)
    join = first.parts[-1].node
    assert joining(first.parts[-1]) is not None
    return Step(name, joins, reads, (Value(f"{name}.{join.name}"),), f"self.{module}", fan=f"self.{module}")


def _rows(
    name: str, module: str, repeats: Sequence[RepeatPart | None], within: object, inside: Mapping[Value, Value]
) -> Iterator[Step]:
    assert callable(within)
    first = next(part for part in repeats if part is not None)
    rows = stretches(first)
    owners = {part.node.name: number for number, part in enumerate(first.copies)}
    for row in rows:
        part = first.parts[row.start]
        column = [repeat.parts[row.start] if repeat else None for repeat in repeats]
        reads = tuple(within(value) for value in part.node.inputs)
        whole = len(rows) == 1
        beyond = first.beyond if row is rows[-1] else 0
        last = first.body.graph.nodes[row.stop - 1 + beyond].name
        results = tuple(Value(f"{name}.{last}", port) for port in part.node.results)
        owner = f"self.{module}[{owners[part.node.module]}]" if part.node.module in owners else ""
        step = Step(
            f"{name}_{part.node.name}" if part.node.name.isdecimal() else part.node.name, column, reads, results, owner
        )
        if row.stop - row.start + beyond > 1:
            lengths = tuple(len(repeat.body.graph.nodes) if repeat else 0 for repeat in repeats)
            rounds = lengths if whole else (row.stop - row.start + beyond,) * len(repeats)
            step = step._replace(loop=_loop(row, part, module, owners, rounds, whole=whole))
        yield step


def _loop(
    row: Stretch, part: Part, module: str, owners: Mapping[str, int], rounds: tuple[int, ...], *, whole: bool
) -> Loop:
    carried = tuple(None if port is None else part.node.results.index(port) for port in row.carried)
    if row.shared or part.node.module not in owners:
        return Loop(None, None, carried, rounds)
    template = getattr(part.node.callee, "template", None) or getattr(part.node.callee, "op", "copy")
    start = owners[part.node.module]
    items = f"self.{module}" if whole else f"self.{module}[{start or ''}:{start + rounds[0]}]"
    return Loop(items, str(template), carried, rounds)
