"""What the bodies of one class have in common: the steps, what each reads, and which of them some bodies lack.

A step that a body lacks passes on what it would have read, so bodies with and without it can share a class. Bodies
that differ only in what they give out share one too. Any other difference is refused here, and makes another class.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.python.parts import Part, RepeatPart
from graphbuilder.backends.python.shapes import ChainShape, shape_of
from graphbuilder.ir import Value

Outputs = tuple[tuple[str, Value], ...]

# A person gives a constructor a flag or two; beyond that, two classes read better than one.
MOST_FLAGS = 3


class OutlineStep(NamedTuple):
    """What a step must have in common with its like in another body.

    ``single`` says that it is a repeat of which no two copies that follow each other are alike.
    """

    shape: Hashable
    module: str
    reads: tuple[Value, ...]
    optional: bool
    single: bool


class Outline(NamedTuple):
    """A body without the values of its arguments."""

    inputs: tuple[str, ...]
    steps: Mapping[str, OutlineStep]
    outputs: Outputs

    @property
    def key(self) -> Hashable:
        """Equal for bodies that differ at most in their outputs."""
        return (self.inputs, tuple(self.steps.items()))


def outline_of(body: TypedGraph, parts: Sequence[Part]) -> Outline:
    """The outline of a body with these parts."""
    shared = {part.node.module for part in parts if not part.node.owns}
    steps = {
        part.node.name: OutlineStep(
            shape_of(part),
            part.node.module,
            part.node.inputs,
            _may_be_absent(part) and part.node.name not in shared,
            isinstance(part, RepeatPart) and len(_runs(shape_of(part))) == len(part.body.graph.nodes),
        )
        for part in parts
    }
    return Outline(body.graph.inputs, steps, body.graph.outputs)


def _may_be_absent(part: Part) -> bool:
    whole = not isinstance(part, RepeatPart) or part.chained
    return whole and len(part.inputs) == 1 and len(part.outputs) == 1 and part.node.owns


class SkeletonStep(NamedTuple):
    """A step of a class: its name, who owns its module, and what it reads when all steps are there."""

    name: str
    module: str
    reads: tuple[Value, ...]


class Skeleton(NamedTuple):
    """The steps of a class."""

    inputs: tuple[str, ...]
    steps: Mapping[str, SkeletonStep]

    def passed(self, value: Value, present: Mapping[str, object]) -> Value:
        """``value`` as a body with only the steps ``present`` has it."""
        while value.node in self.steps and value.node not in present:
            (value,) = self.steps[value.node].reads
        return value

    def outputs(self, outline: Outline, outlines: Sequence[Outline]) -> Outputs | None:
        """What ``outline`` gives, as values of the skeleton."""
        for other in sorted(outlines, key=lambda each: -len(each.steps)):
            passed = tuple((port, self.passed(value, outline.steps)) for port, value in other.outputs)
            if passed == outline.outputs:
                return other.outputs
        return None


def unify(outlines: Sequence[Outline]) -> Skeleton | None:
    """The skeleton of bodies with these outlines, or None where they need more than one class."""
    order = _merged([tuple(outline.steps) for outline in outlines])
    if order is None or len({outline.inputs for outline in outlines}) > 1:
        return None
    lacking = {name: tuple(name in outline.steps for outline in outlines) for name in order}
    if len({present for present in lacking.values() if not all(present)}) > MOST_FLAGS:
        return None
    if len(outlines) > 1 and not any(all(present) for present in lacking.values()):
        return None
    skeleton = Skeleton(outlines[0].inputs, {})
    steps: dict[str, SkeletonStep] = {}
    for name in order:
        step = _step(name, outlines, Skeleton(skeleton.inputs, steps))
        if step is None:
            return None
        steps[name] = step
    whole = Skeleton(skeleton.inputs, steps)
    return whole if all(whole.outputs(outline, outlines) is not None for outline in outlines) else None


def _step(name: str, outlines: Sequence[Outline], before: Skeleton) -> SkeletonStep | None:
    having = [outline for outline in outlines if name in outline.steps]
    likes = [outline.steps[name] for outline in having]
    if len({each.module for each in likes}) > 1 or not _one_shape(likes):
        return None
    if len(having) < len(outlines) and not all(each.optional for each in likes):
        return None
    for reads in dict.fromkeys(each.reads for each in likes):
        pairs = zip(having, likes, strict=True)
        if all(tuple(before.passed(value, outline.steps) for value in reads) == each.reads for outline, each in pairs):
            return SkeletonStep(name, likes[0].module, reads)
    return None


def _one_shape(likes: Sequence[OutlineStep]) -> bool:
    """Whether one piece of source serves all: of a chain of copies, some may lack those that come last."""
    shapes = {each.shape for each in likes}
    if len(shapes) < 2:
        return True
    short, *others = sorted(shapes, key=lambda shape: len(_runs(shape)))
    lacking = all(each.single for each in likes if each.shape == short)
    return lacking and len(others) == 1 and _runs(short) != () and _runs(short) == _runs(others[0])[:-1]


def _runs(shape: Hashable) -> tuple[Hashable, ...]:
    return shape.runs if isinstance(shape, ChainShape) else ()


def _merged(orders: Sequence[tuple[str, ...]]) -> tuple[str, ...] | None:
    """One order that has all of ``orders`` in it, or None where they contradict each other."""
    merged = orders[0]
    for order in orders[1:]:
        merged = merged if order == merged else _with(merged, order)
    places = {name: place for place, name in enumerate(merged)}
    steps = [(places[a], places[b]) for order in orders for a, b in pairwise(order)]
    return merged if all(a < b for a, b in steps) else None


def _with(merged: tuple[str, ...], order: tuple[str, ...]) -> tuple[str, ...]:
    """``merged`` with what only ``order`` has put behind what stands before it there."""
    known = frozenset(merged)
    behind: dict[str | None, list[str]] = {}
    anchor: str | None = None
    for name in order:
        if name in known:
            anchor = name
        else:
            behind.setdefault(anchor, []).append(name)
    return (*behind.get(None, ()), *(each for name in merged for each in (name, *behind.get(name, ()))))
