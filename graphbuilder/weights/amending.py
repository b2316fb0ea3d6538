"""The mapping that a file would need whose names are almost those that a mapping knows: what to write, whole.

A model lies within another, or its head is called otherwise than the one that was published.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from graphbuilder.document.writing import value as written
from graphbuilder.weights.checkpoint import Checkpoint
from graphbuilder.weights.mapping import SEPARATORS, NameMapping, moved
from graphbuilder.weights.match import Match, Weights, match

# So many rules and layers are a head; more are another network.
_MOST = 3


def nested(found: Match, checkpoint: Checkpoint, weights: Weights, tried: Sequence[NameMapping]) -> str | None:
    """A remedy where the names that one of the mappings ``tried`` knows lie in a model inside the file's."""
    separator = SEPARATORS[checkpoint.convention]
    for name, mapping in product(checkpoint.tensors, tried):
        model, _, rest = name.partition(separator)
        if mapping.written(rest.rpartition(separator)[0]):
            below = match(weights, checkpoint, moved(mapping, model), {*found.left}.__contains__)
            return lines(mapping, [f"within = {written(model)}"], below, separator)
    return None


def renamed(found: Match, checkpoint: Checkpoint, by: NameMapping) -> str | None:
    """A remedy where all that is amiss is a layer or a few that the mapping calls otherwise."""
    separator = SEPARATORS[checkpoint.convention]
    if found.several or found.ambiguous or found.misfits or not (found.missing and found.unused):
        return None
    return lines(by, [], found, separator) if [*_rules(found, separator)] else None


def ignoring(found: Match, checkpoint: Checkpoint, by: NameMapping) -> str | None:
    """A remedy where all that is amiss is a layer or a few that the network has no place for."""
    separator = SEPARATORS[checkpoint.convention]
    if found.several or found.ambiguous or found.misfits or found.missing or len(_layers(found, separator)) > _MOST:
        return None
    return lines(by, [], found, separator)


def lines(mapping: NameMapping, heads: list[str], found: Match, separator: str) -> str:
    """A remedy: the mapping to write, which extends another, with the lines ``heads``."""
    head = ["format = 1", f'source = "{mapping.source}"', f"extends = {written(mapping.path.name)}", *heads]
    rules = [*_rules(found, separator)]
    layers = [] if found.missing else [f"{layer}{separator}*" for layer in _layers(found, separator)]
    ignored = [f"ignore = {written(layers)}"] if 0 < len(layers) <= _MOST else []
    told = ", ".join(f"`{line}`" for line in [*head, *ignored, *(["[rules]", *rules] if rules else [])])
    return f"write a mapping into {mapping.path.parent} of the lines {told}, and take it by --weights-map"


def _layers(found: Match, separator: str) -> list[str]:
    """Those of the file that have no place."""
    return [*dict.fromkeys(unused.theirs.rpartition(separator)[0] for unused in found.unused)]


def _rules(found: Match, separator: str) -> Iterator[str]:
    """What drops the rules that match nothing and leads the layer that has no place to the one that nothing fills."""
    theirs = _layers(found, separator)
    ours = list(dict.fromkeys(name.rpartition(".")[0] for name in found.missing))
    if len(found.idle) > _MOST or (ours and (len(theirs), len(ours)) != (1, 1)):
        return
    yield from (f"{written(rule.text)} = false" for rule in found.idle)
    yield from (f"{written(theirs[0])} = {written(each)}" for each in ours)
