"""A network's weights below one name of a file: a prefix that all names have, or one of several models in the file.

A reading below a name is taken where it fits whole, and where it is the only one that does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, islice
from math import prod
from typing import NamedTuple

from graphbuilder.diagnostics import Diagnostic
from graphbuilder.diagnostics.catalogue.weights import MappingMissing, WeightsBeside
from graphbuilder.document.writing import value as written
from graphbuilder.weights.amending import lines
from graphbuilder.weights.checkpoint import Checkpoint
from graphbuilder.weights.mapping import SEPARATORS, NameMapping
from graphbuilder.weights.match import Leaves, Match, Weights, match

# So many names above a tensor may be those of models, and so many models are tried.
_DEEPEST = 8
_MOST = 16
# The part of the network's numbers that a model holds at least; some of ours may be joined of zeros.
_NEARLY = 0.9
_NAMED = 3
# So many tensors are looked at before all are.
_FEW = 20


class Reading(NamedTuple):
    """A fit of what lies below the name ``within``.

    Attributes:
        beside: the tensors of the file that lie elsewhere, and that the mapping does not ignore.
    """

    within: str
    match: Match
    by: NameMapping | None
    beside: tuple[str, ...]


def readings(
    weights: Weights,
    checkpoint: Checkpoint,
    options: Sequence[NameMapping | None],
    leaves: Leaves,
    names: Iterable[str] | None = None,
) -> Iterator[Reading]:
    """Every fit of ``weights`` below one name of ``checkpoint``, by the first of ``options`` that fits there.

    Args:
        leaves: whether a weight of ours is left as it is.
        names: the tensors that may lie below it; all unless given.
    """
    separator = SEPARATORS[checkpoint.convention]
    for within in _models(weights, checkpoint, leaves, names):
        below = _below(checkpoint, within + separator)
        by = (option for option in options if _may_fit(weights, below, option, leaves))
        fits = ((match(weights, below, option, leaves), option) for option in by)
        if found := next((fit for fit in fits if not fit[0].faults), None):
            outside = tuple(name for name in checkpoint.tensors if not name.startswith(within + separator))
            meant = (name for name in outside if name not in checkpoint.beside)
            beside = tuple(name for name in meant if not (found[1] and found[1].ignores(name)))
            yield Reading(within, replace(found[0], ignored=(*found[0].ignored, *outside)), found[1], beside)


def _may_fit(weights: Weights, below: Checkpoint, by: NameMapping | None, leaves: Leaves) -> bool:
    """Whether the first tensors have a place each: there may be very many, and many models."""
    few = replace(below, tensors=dict(islice(below.tensors.items(), _FEW)))
    found = match(weights, few, by, leaves)
    return not (found.unused or found.ambiguous)


def _models(weights: Weights, checkpoint: Checkpoint, leaves: Leaves, names: Iterable[str] | None) -> list[str]:
    """The names below which as many numbers lie as the network has, or more; the closest first."""
    wanted = sum(prod(weight.shape) for name, weight in weights.items() if weight.counted and not leaves(name))
    separator, layers, sizes = SEPARATORS[checkpoint.convention], Counter[str](), Counter[str]()
    for name in checkpoint.tensors if names is None else names:
        layers[name.rpartition(separator)[0]] += prod(checkpoint.tensors[name].shape)
    # None is larger than all together, and there may be very many.
    if not wanted or sum(layers.values()) < _NEARLY * wanted:
        return []
    for layer, size in layers.items():
        for above in accumulate(layer.split(separator)[:_DEEPEST], lambda way, part: f"{way}{separator}{part}"):
            sizes[above] += size
    large = [name for name, size in sizes.items() if name and size >= _NEARLY * wanted]
    return sorted(large, key=lambda name: abs(sizes[name] - wanted))[:_MOST]


def _below(checkpoint: Checkpoint, start: str) -> Checkpoint:
    """The file as if it held what begins with ``start`` alone, without that."""
    inner = {name.removeprefix(start): each for name, each in checkpoint.tensors.items() if name.startswith(start)}
    return replace(checkpoint, tensors=inner, beside=frozenset())


def several(checkpoint: Checkpoint, found: Sequence[Reading]) -> Diagnostic:
    """The error where a file holds more than one model that the network may be."""
    names = ", ".join(f"`{each.within}`" for each in found[:_NAMED])
    message = f"{checkpoint.path} holds {len(found)} models that fit the network: {names}"
    return MappingMissing.at(None, message, help=_taken(checkpoint, found[0]))


def alone(checkpoint: Checkpoint, found: Reading) -> tuple[Diagnostic, ...]:
    """The warning where more lies beside the model that is read."""
    if not found.beside:
        return ()
    message = f"of {checkpoint.path} what lies below `{found.within}` is read alone"
    told = ", ".join(found.beside[:_NAMED]) + (", ..." if len(found.beside) > _NAMED else "")
    remedy = f"no step of the network is for the {len(found.beside)} beside it: {told}"
    return (WeightsBeside.at(None, message, help=remedy),)


def others(checkpoint: Checkpoint, found: Sequence[Reading]) -> tuple[Diagnostic, ...]:
    """The warning where other weights beside those that are read would fit, too: an average, say."""
    if not found:
        return ()
    names = " and ".join(f"`{each.within}`" for each in found[:_NAMED])
    message = f"{checkpoint.path} holds other weights that fit, too, and they are not read: {names}"
    return (WeightsBeside.at(None, message, help=_taken(checkpoint, found[0])),)


def _taken(checkpoint: Checkpoint, reading: Reading) -> str:
    """How one of a file's models is taken, by way of an example."""
    named = f"for `{reading.within}`"
    if reading.by:
        heads = [f"within = {written(reading.within)}", 'ignore = ["*"]']
        return f"{named}, {lines(reading.by, heads, reading.match, SEPARATORS[checkpoint.convention])}"
    if checkpoint.source == "torch":
        key, path = written(reading.within.partition(".")[0]), written(checkpoint.path)
        return f'{named}, save it by itself: torch.save(torch.load({path})[{key}], "alone.pth")'
    return f"{named}, save it by itself"
