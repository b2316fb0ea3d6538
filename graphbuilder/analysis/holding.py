"""What a step of training holds for its backward pass, where some blocks keep only what they read and are run again.

An estimate, per sample: the outputs of all ops, of which a device may hold fewer (what is done in place) or more.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from graphbuilder.analysis.collapse import Run, runs
from graphbuilder.analysis.costs import call_costs, costs
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.ir import Node

Choice = Callable[[TypedGraph, Node], bool]


class Held(NamedTuple):
    """Elements of activations for one sample.

    Attributes:
        kept: from the forward pass on.
        again: made once more in the backward pass, by the largest block that is run again.
    """

    kept: int = 0
    again: int = 0

    @property
    def most(self) -> int:
        """What is there when most is."""
        return self.kept + self.again


def is_marked(typed: TypedGraph, node: Node) -> bool:
    """Whether the call ``node`` of ``typed`` is of a block that is marked to be run again."""
    body = typed.bodies.get(node.name)
    return body is not None and body.graph.recomputed


def held(typed: TypedGraph, is_again: Choice = is_marked) -> Held:
    """What is held of ``typed`` where the calls for which ``is_again`` holds are run again; each body is asked once."""

    def of(body: TypedGraph, run: Run) -> Held:
        inner = body.bodies.get(run.first.name)
        if inner is not None and is_again(body, run.first):
            return Held(given(inner) * run.count, costs(inner).activations)
        kept, again = within(inner) if inner is not None else (call_costs(run.first, body).activations, 0)
        return Held(kept * run.count, again)

    @cache
    def within(body: TypedGraph) -> Held:
        found = [of(body, run) for run in runs(body) if run.first.name not in body.graph.auxiliary]
        return Held(sum(each.kept for each in found), max((each.again for each in found), default=0))

    return within(typed)


def given(body: TypedGraph) -> int:
    """The elements that a body gives out."""
    return sum(each.elements for each in body.outputs)
