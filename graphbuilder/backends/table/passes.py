"""What each pass did to a network, as a table and as plain values: calls, costs, parameters on either side of it.

All of it is of evaluation, for one sample.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from graphbuilder.analysis.collapse import runs
from graphbuilder.analysis.costs import costs
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.table.columns import Column, plain
from graphbuilder.backends.table.comparison import FLOAT32
from graphbuilder.backends.table.numbers import counted, memory, scaled
from graphbuilder.diagnostics.screen import safe
from graphbuilder.passes import Step

_NOTE = "Nodes are calls of ops in evaluation; MACs and activations (float32) are of one sample."


class State(NamedTuple):
    """A network on one side of a pass.

    Attributes:
        calls: how often each op is run, by its name.
        macs: multiply-accumulates.
        activation_bytes: of the outputs of all ops, in float32.
        parameters: learnable elements.
        statistics: elements of running statistics.
    """

    calls: Counter[str]
    macs: int
    activation_bytes: int
    parameters: int
    statistics: int

    def data(self) -> dict[str, int]:
        return {"nodes": self.calls.total(), **{name: getattr(self, name) for name in self._fields[1:]}}


class Change(NamedTuple):
    """A pass by its name, the network on either side, and whether that is another at all."""

    name: str
    before: State
    after: State
    moved: bool

    @property
    def calls(self) -> dict[str, int]:
        """By how many calls of each op the network has more, or less where negative."""
        names = sorted({*self.before.calls, *self.after.calls})
        changes = {name: self.after.calls[name] - self.before.calls[name] for name in names}
        return {name: change for name, change in changes.items() if change}


@dataclass(frozen=True)
class Report:
    """What a pipeline did to a network; ``str()`` of it is the table."""

    name: str
    changes: tuple[Change, ...]

    def data(self) -> dict[str, Any]:
        """Everything as plain values, for JSON."""
        passes = [
            {"name": each.name, "before": each.before.data(), "after": each.after.data(), "calls": each.calls}
            for each in self.changes
        ]
        return {"name": self.name, "passes": passes}

    def text(self) -> str:
        """The table, as wide as it needs to be: the network as written, then behind each pass."""
        states = [self.changes[0].before, *(each.after for each in self.changes)]
        columns = (
            Column("pass", ("(as written)", *(each.name for each in self.changes))),
            _numbers("nodes", [counted(each.calls.total()) for each in states]),
            _numbers("MACs", [scaled(each.macs) for each in states]),
            _numbers("activations", [memory(each.activation_bytes) for each in states]),
            _numbers("parameters", [counted(each.parameters) for each in states]),
            _numbers("statistics", [counted(each.statistics) for each in states]),
            Column("calls", ("", *(_words(each) for each in self.changes))),
        )
        return "\n".join((safe(self.name), "", *plain(columns), "", _NOTE, ""))

    def __str__(self) -> str:
        return self.text()


def report(name: str, steps: Sequence[Step]) -> Report:
    """What ``steps``, one at least, did to the network ``name``."""
    states = [_state(steps[0].before), *(_state(step.after) for step in steps)]
    sides = zip(steps, states, states[1:], strict=False)
    changes = (Change(step.name, before, after, step.before is not step.after) for step, before, after in sides)
    return Report(name, tuple(changes))


def _numbers(title: str, cells: Sequence[str]) -> Column:
    return Column(title, tuple(cells), right=True)


def _words(change: Change) -> str:
    """``−40 batchnorm, −1 dropout``; a dash where nothing was done."""
    changes = ", ".join(f"{'+' if n > 0 else '−'}{abs(n)} {name}" for name, n in change.calls.items())
    return changes or ("other places" if change.moved else "—")


def _state(typed: TypedGraph) -> State:
    cost = costs(typed)
    return State(_calls(typed, {}), cost.macs, cost.activations * FLOAT32, cost.trainable, cost.non_trainable)


def _calls(typed: TypedGraph, known: dict[TypedGraph, Counter[str]]) -> Counter[str]:
    if typed not in known:
        known[typed] = sum((_of_run(*each) for each in _run_calls(typed, known)), Counter[str]())
    return known[typed]


def _run_calls(typed: TypedGraph, known: dict[TypedGraph, Counter[str]]) -> Iterator[tuple[Counter[str], int]]:
    for run in runs(typed):
        if run.first.name in typed.graph.auxiliary:
            continue
        body = typed.bodies.get(run.first.name)
        op = run.first.op
        yield (_calls(body, known) if body else Counter([op.op if op else ""])), run.count


def _of_run(calls: Counter[str], count: int) -> Counter[str]:
    return Counter({name: number * count for name, number in calls.items()})
