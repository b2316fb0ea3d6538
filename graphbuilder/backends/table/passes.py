"""What each pass did to a network, as a table and as plain values: calls, costs, parameters on either side of it.

All of it is of evaluation, for one sample.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from graphbuilder.analysis.collapse import Run, runs
from graphbuilder.analysis.costs import costs
from graphbuilder.analysis.holding import held, is_marked
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.table.columns import Column, plain
from graphbuilder.backends.table.comparison import FLOAT32
from graphbuilder.backends.table.numbers import counted, memory, scaled
from graphbuilder.diagnostics.screen import safe
from graphbuilder.ir import Node
from graphbuilder.passes import Step

_NOTE = "Nodes are calls of ops in evaluation; MACs and activations (float32) are of one sample."
_AGAIN = "Behind recompute, activations are what is kept for the backward pass and what the largest block makes again."


class State(NamedTuple):
    """A network on one side of a pass.

    Attributes:
        calls: how often each op is run, by its name.
        macs: multiply-accumulates.
        activation_bytes: of the outputs of all ops, in float32; where blocks are run again in the backward pass, of
            those that are kept until then and of the largest such block.
        parameters: learnable elements.
        statistics: elements of running statistics.
        recomputed: how often each block is called that is run again in the backward pass, by its name.
    """

    calls: Counter[str]
    macs: int
    activation_bytes: int
    parameters: int
    statistics: int
    recomputed: Counter[str]

    def data(self) -> dict[str, int]:
        counts = ("macs", "activation_bytes", "parameters", "statistics")
        return {"nodes": self.calls.total(), **{name: getattr(self, name) for name in counts}}


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
            {
                "name": each.name,
                "before": each.before.data(),
                "after": each.after.data(),
                "calls": each.calls,
                "recomputed": dict(each.after.recomputed),
            }
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
        notes = (_NOTE, _AGAIN) if states[-1].recomputed else (_NOTE,)
        return "\n".join((safe(self.name), "", *plain(columns), "", *notes, ""))

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
    again = ", ".join(f"{number} {safe(name)}" for name, number in sorted(change.after.recomputed.items()))
    changes = ", ".join(f"{'+' if n > 0 else '−'}{abs(n)} {name}" for name, n in change.calls.items())
    return changes or (f"again: {again}" if again else "other places" if change.moved else "—")


def _state(typed: TypedGraph) -> State:
    cost = costs(typed)
    calls, again = _counted(typed, _op_of), _counted(typed, _block_again)
    return State(calls, cost.macs, held(typed).most * FLOAT32, cost.trainable, cost.non_trainable, again)


def _op_of(typed: TypedGraph, node: Node) -> str | None:
    return None if node.name in typed.bodies or node.op is None else node.op.op


def _block_again(typed: TypedGraph, node: Node) -> str | None:
    return typed.bodies[node.name].graph.template if is_marked(typed, node) else None


def _counted(root: TypedGraph, name_of: Callable[[TypedGraph, Node], str | None]) -> Counter[str]:
    """How often each name is met in evaluation; of what has none, what it calls is looked at."""

    @cache
    def within(typed: TypedGraph) -> Counter[str]:
        return sum((of(typed, run) for run in runs(typed)), Counter[str]())

    def of(typed: TypedGraph, run: Run) -> Counter[str]:
        if run.first.name in typed.graph.auxiliary:
            return Counter()
        name, body = name_of(typed, run.first), typed.bodies.get(run.first.name)
        found = Counter([name]) if name is not None else within(body) if body else Counter[str]()
        return Counter({name: number * run.count for name, number in found.items()})

    return within(root)
