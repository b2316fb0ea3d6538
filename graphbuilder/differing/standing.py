"""How often each body runs in which a step stands, so that a step costs what all its copies do wherever it is used.

Copies that are alike are told as their first; what they cost is summed over each of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from graphbuilder.analysis.collapse import Run
from graphbuilder.analysis.costs import Costs, sum_costs
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.analysis.likeness import alike
from graphbuilder.differing.bodies import Matched, Pair, repeats_it
from graphbuilder.differing.steps import Step


class Times(NamedTuple):
    """How often a body runs in evaluation, and how often with weights of its own."""

    calls: int
    owners: int


Bodies = Mapping[TypedGraph, Times]
"""The bodies that one stands for: its copies, each with how often it runs."""


class Standing(NamedTuple):
    """A pair where it stands: in how many copies of which bodies, before and after."""

    pair: Pair
    around: tuple[Bodies, Bodies]

    @property
    def costs(self) -> tuple[Costs, Costs]:
        """What it cost before and costs after, in all copies."""
        return _costs(self.pair.before, self.around[0]), _costs(self.pair.after, self.around[1])

    def inside(self) -> Iterator[Standing]:
        """The pairs of what it calls, where that is two bodies."""
        pair = self.pair
        if pair.inner is None or pair.before is None or pair.after is None:
            return
        ours = _called(pair.before, pair.after, self.around[0])
        theirs = _called(pair.after, pair.before, self.around[1])
        yield from (Standing(each, (ours, theirs)) for each in pair.inner.pairs)


def standing(matched: Matched) -> Iterator[Standing]:
    """The pairs of two networks."""
    around = {matched.before: Times(1, 1)}, {matched.after: Times(1, 1)}
    yield from (Standing(pair, around) for pair in matched.pairs)


def _costs(step: Step | None, bodies: Bodies) -> Costs:
    if step is None:
        return Costs()
    return sum_costs([_counted(replace(step, typed=body).costs, times) for body, times in bodies.items()])


def _counted(costs: Costs, times: Times) -> Costs:
    own = costs.times(times.owners)
    return costs.times(times.calls)._replace(trainable=own.trainable, non_trainable=own.non_trainable)


def _called(step: Step, other: Step, around: Bodies) -> Bodies:
    """What a step calls, or where ``other`` has no copies of it, those that are like the first."""
    found = _callees(step.run, around)
    if not repeats_it(step, other):
        return found
    together: dict[TypedGraph, Times] = {}
    for body, times in found.items():
        _add(together, _callees(alike(body, growing=True)[0], {body: times}))
    return together


def _callees(run: Run, around: Bodies) -> Bodies:
    found: dict[TypedGraph, Times] = {}
    for body, times in around.items():
        for name, count in _counts(run):
            calls = 0 if run.first.name in body.graph.auxiliary else times.calls * count.calls
            _add(found, {body.bodies[name]: Times(calls, times.owners * count.owners)})
    return found


def _counts(run: Run) -> Iterator[tuple[str, Times]]:
    """The calls of a run, equal ones as one."""
    if run.others:
        yield from ((node.name, Times(1, int(node.owns))) for node in run.nodes)
    else:
        further = run.count - 1
        yield run.first.name, Times(1 + further, int(run.first.owns) + int(run.nodes[-1].owns) * further)


def _add(found: dict[TypedGraph, Times], more: Bodies) -> None:
    for body, times in more.items():
        known = found.get(body, Times(0, 0))
        found[body] = Times(known.calls + times.calls, known.owners + times.owners)
