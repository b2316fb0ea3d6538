"""Copies of one constructor that differ from one to the next: a loop over what differs, as a person would write it.

Numbers that grow evenly are computed from the index; anything else is a literal tuple, or several zipped.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from graphbuilder.backends.python import layout
from graphbuilder.backends.python.expressions import Expr, document, name, plus, text, times
from graphbuilder.backends.python.layout import Doc
from graphbuilder.backends.python.names import unused
from graphbuilder.backends.python.parts import Argument, Call, ClassPart, OpPart, Part, some
from graphbuilder.backends.python.repeats import Series
from graphbuilder.backends.python.scope import ABSENT, Column, Scope, replaced, settled

Rows = tuple[tuple[object, ...], ...]


class Progression(NamedTuple):
    """Where the copies of each instance start, and by how much they grow from one to the next."""

    starts: Column
    steps: Column


@dataclass(frozen=True, eq=False)
class Spread:
    """The arguments of the copies of a series: those that stay, those that grow evenly, the others."""

    run: Series

    @cached_property
    def _rows(self) -> list[tuple[Argument, Rows]]:
        calls = [[_call(part) for part in row] for row in self.run.rows]
        first = next(row[0] for row in calls if row)
        return [
            (each, tuple(tuple(call.value(each.name) for call in row) for row in calls)) for each in first.arguments
        ]

    @property
    def constant(self) -> list[Argument]:
        """The arguments that are the same in all copies of an instance."""
        return [argument for argument, rows in self._rows if _stays(rows)]

    @property
    def progressions(self) -> list[tuple[Argument, Progression]]:
        """The arguments that grow evenly."""
        found = ((argument, _progression(rows)) for argument, rows in self._rows if not _stays(rows))
        return [(argument, progression) for argument, progression in found if progression is not None]

    @property
    def others(self) -> list[tuple[Argument, Rows]]:
        """The arguments that vary in any other way, with their values by instance and copy."""
        return [(argument, rows) for argument, rows in self._rows if not _stays(rows) and _progression(rows) is None]

    def growth(self, argument: Argument, given: Mapping[str, Expr]) -> Expr | None:
        """What a copy adds to the channels that it reads: ``growth``, where it gives ``in_channels + growth``."""
        part = some(self.run.firsts)
        if argument.channels != 0 or not isinstance(part, ClassPart):
            return None
        match part.owner.channels.get((part.owner.name_of(part.body), part.node.results[0])):
            case ast.BinOp(ast.Name(read), ast.Add(), more) if read in part.owner.channel_names:
                return replaced(more, given)
            case _:
                return None


@dataclass(eq=False)
class Loop:
    """The ``for`` of a generator, put together argument by argument.

    Attributes:
        scope: the parameters of the class.
        step: what the copies are copies of.
        count: how many there are.
        ends: the channels behind the last copy, where they grow evenly.
    """

    scope: Scope
    step: str
    count: Expr
    ends: list[Expr] = field(default_factory=list[Expr])
    _index: str | None = None
    _variables: dict[str, Doc] = field(default_factory=dict[str, Doc])

    def progress(self, argument: Argument, start: Expr, progression: Progression, growth: Expr | None) -> Expr:
        """What an argument that grows evenly prints: ``in_channels + growth * i``."""
        if growth is not None and self.scope.holds(growth, progression.steps):
            step = self.scope.use(growth)
        else:
            step = self.scope.slot(progression.steps, f"{argument.name}_step", self.step)
        if argument.channels == 0:
            self.ends.append(plus(start, times(step, self.count)))
        self._index = self._index or unused("i", self.scope.taken)
        return plus(start, times(step, name(self._index)))

    def iterate(self, argument: Argument, rows: Rows) -> Expr:
        """What an argument prints that the loop takes from a tuple."""
        items = self.scope.slot(rows, f"{argument.name}s", self.step)
        variable = self.scope.variable(argument.name, self._variables)
        self._variables[variable] = document(items)
        return name(variable)

    def doc(self) -> Doc:
        """``for i, rate in enumerate((1, 2, 4))``."""
        names, tuples = list(self._variables), list(self._variables.values())
        if not names:
            return f"for {self._index} in range({text(self.count)})"
        together = layout.call("zip", tuples) if len(tuples) > 1 else tuples[0]
        variables = ", ".join(names)
        if self._index is None:
            return layout.prefixed(f"for {variables} in ", together)
        inner = f"({variables})" if len(names) > 1 else variables
        return layout.prefixed(f"for {self._index}, {inner} in ", layout.call("enumerate", [together]))


def _call(part: Part) -> Call:
    call = part.call if isinstance(part, OpPart | ClassPart) else None
    assert call is not None, "the copies of a series are modules"
    return call


def _stays(rows: Rows) -> bool:
    return all(settled(row) is not ABSENT for row in rows if row)


def _progression(rows: Rows) -> Progression | None:
    """How the rows grow, if each of them grows evenly."""
    steps = [_step(row) for row in rows]
    if None in steps or all(step is ABSENT for step in steps):
        return None
    return Progression(tuple(row[0] if row else ABSENT for row in rows), tuple(steps))


def _step(row: Sequence[object]) -> object:
    """By how much integers grow; ABSENT for one alone, None where they do not grow evenly."""
    if not all(type(value) is int for value in row):
        return None
    differences = set(_differences(row))
    return ABSENT if not differences else differences.pop() if len(differences) == 1 else None


def _differences(row: Sequence[object]) -> Iterator[int]:
    return (after - before for before, after in pairwise(value for value in row if isinstance(value, int)))
