"""The pipelines: which passes, in which order, and what each of them did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from graphbuilder.analysis.inference import TypedGraph, infer
from graphbuilder.analysis.weights import walk
from graphbuilder.ir.invariants import breaches
from graphbuilder.passes.batch_siblings import batch_siblings
from graphbuilder.passes.drop_training import drop_training
from graphbuilder.passes.fold_norms import fold_norms
from graphbuilder.passes.fuse_pools import fuse_pools
from graphbuilder.passes.fuse_sepconvs import fuse_sepconvs
from graphbuilder.passes.hoist_activations import hoist_activations
from graphbuilder.passes.merge_pads import merge_pads
from graphbuilder.passes.recipe import Fold, Recipe, Stack
from graphbuilder.passes.recompute import recompute
from graphbuilder.passes.rewriting import Rewritten

Pass = Callable[[TypedGraph], Rewritten]

# Dropout between a layer and its norm goes before the norm is folded. What trains keeps every weight as it is.
PIPELINES: Mapping[str, tuple[Pass, ...]] = {
    "none": (),
    "inference": (drop_training, merge_pads, fold_norms, batch_siblings),
    "training": (merge_pads,),
}

# Behind these, what only a kind of device gains by.
ON_DEVICE: Mapping[tuple[str, str], tuple[Pass, ...]] = {
    ("inference", "cpu"): (hoist_activations,),
    ("inference", "cuda"): (fuse_sepconvs, fuse_pools),
    ("training", "cpu"): (hoist_activations,),
    ("training", "cuda"): (hoist_activations,),
}


class Step(NamedTuple):
    """One pass: its name, and the network on either side of it."""

    name: str
    before: TypedGraph
    after: TypedGraph


class Optimised(NamedTuple):
    """A network behind a pipeline.

    Attributes:
        pipeline: its name.
        typed: the network, of the same inputs and, in evaluation, the same outputs.
        recipe: from the plain network's weights to this one's; behind "training" they are the same.
        steps: every pass, in order.
    """

    pipeline: str
    typed: TypedGraph
    recipe: Recipe
    steps: tuple[Step, ...]


def optimise(typed: TypedGraph, pipeline: str, device: str = "cpu", *, recomputed: bool = False) -> Optimised:
    """``typed`` behind the passes of ``pipeline``, a name in ``PIPELINES``, and those for torch's kind of ``device``.

    Weights are called the same on every device.

    Args:
        recomputed: whether blocks are run again in the backward pass, last of all passes for training.

    Raises:
        ValueError: there is no such pipeline, or blocks would be run again in one that is not for training.
    """
    if pipeline not in PIPELINES:
        raise ValueError(f"optimize must be one of {', '.join(PIPELINES)}, not {pipeline!r}")
    if recomputed and pipeline != "training":
        raise ValueError(f'recompute is for optimize="training", not {pipeline!r}')
    steps: list[Step] = []
    folds: list[Fold] = []
    stacks: list[Stack] = []
    current = typed
    last = (recompute,) if recomputed else ()
    for each in (*PIPELINES[pipeline], *ON_DEVICE.get((pipeline, device), ()), *last):
        made = each(current)
        after = current if made.graph is current.graph else _sound(made, typed)
        steps.append(Step(each.__name__, current, after))
        folds += made.folds
        stacks += made.stacks
        current = after
    return Optimised(pipeline, current, _recipe(typed, current, folds, stacks), tuple(steps))


def _sound(made: Rewritten, plain: TypedGraph) -> TypedGraph:
    found = breaches(made.graph)
    assert not found, found
    return infer(made.graph, plain.inputs)


def _recipe(plain: TypedGraph, optimised: TypedGraph, folds: list[Fold], stacks: list[Stack]) -> Recipe:
    if plain is optimised:
        return Recipe()
    read = {name for name, _ in walk(optimised)}.union(*(each.sources for each in (*folds, *stacks)))
    return Recipe(tuple(folds), frozenset(name for name, _ in walk(plain) if name not in read), tuple(stacks))
