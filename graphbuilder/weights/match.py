"""The tensors of a file beside the weights of a network: which goes where, and what of either side is left over.

Only names, shapes and kinds of numbers are looked at; no tensor is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from graphbuilder.ir import Weight
from graphbuilder.weights import layouts
from graphbuilder.weights.checkpoint import Checkpoint, Convention, Stored
from graphbuilder.weights.layouts import Layout
from graphbuilder.weights.mapping import SEPARATORS, NameMapping, Rename

Weights = Mapping[str, Weight]
Leaves = Callable[[str], bool]


def _nothing(_: str) -> bool:
    return False


class Row(NamedTuple):
    """A weight and the tensor that fills it; ``layout`` is None where it does not fit."""

    ours: str
    theirs: str
    weight: Weight
    stored: Stored
    layout: Layout | None


class Unused(NamedTuple):
    """A tensor that fills nothing; ``wanted`` is what ``rule`` would have it be, which the network has not."""

    theirs: str
    stored: Stored
    wanted: str | None
    rule: Rename | None


@dataclass(frozen=True)
class Match:
    """How a file and a network fit.

    Attributes:
        rows: weights and what fills them.
        misfits: rows whose shape or kind of number does not fit.
        missing: our weights that nothing fills.
        unused: their tensors that fill nothing.
        ignored: their tensors that are left out: by the mapping, because they stand beside the weights in the file,
            or because what they would fill is left as it is.
        left: our weights that are left as they are.
        several: our weights that several tensors would fill, with those.
        ambiguous: their tensors that several rules match, with those.
        idle: rules that match nothing.
    """

    rows: tuple[Row, ...]
    misfits: tuple[Row, ...]
    missing: tuple[str, ...]
    unused: tuple[Unused, ...]
    ignored: tuple[str, ...]
    left: tuple[str, ...]
    several: Mapping[str, tuple[str, ...]]
    ambiguous: Mapping[str, tuple[Rename, ...]]
    idle: tuple[Rename, ...]

    @property
    def faults(self) -> int:
        """How far it is from a fit, which has none."""
        kinds = (self.misfits, self.missing, self.unused, self.several, self.ambiguous, self.idle)
        return sum(map(len, kinds))


class _Claim(NamedTuple):
    """A tensor of the file, the rules that match it, what it may be called here, and its own name below its layer."""

    theirs: str
    rules: tuple[Rename, ...]
    candidates: tuple[str, ...]
    leaf: str


def match(ours: Weights, checkpoint: Checkpoint, mapping: NameMapping | None, leaves: Leaves = _nothing) -> Match:
    """``checkpoint`` beside the weights ``ours``, by ``mapping`` or, without one, by equal names.

    Args:
        leaves: whether a weight of ours is left as it is; what would fill it is then ignored, whatever its shape.
    """
    rules = tuple(mapping.rules.values()) if mapping else ()
    claims = [_claim(name, checkpoint.convention, rules if mapping else None) for name in checkpoint.tensors]
    ambiguous = {claim.theirs: claim.rules for claim in claims if len(claim.rules) > 1}
    filled: dict[str, list[_Claim]] = defaultdict(list)
    unused: list[_Claim] = []
    ignored: list[str] = []
    for claim in claims:
        place = next((name for name in claim.candidates if name in ours), None)
        if _is_ignored(claim, place, checkpoint, mapping, leaves):
            ignored.append(claim.theirs)
        elif place:
            filled[place].append(claim)
        elif claim.theirs not in ambiguous:
            unused.append(claim)
    single = {name: of[0] for name, of in filled.items() if len(of) == 1}
    rows = [_row(name, claim, ours[name], checkpoint) for name, claim in single.items()]
    used = {id(rule) for claim in claims for rule in claim.rules}
    idle = (rule for rule in rules if id(rule) not in used)
    return Match(
        rows=tuple(row for row in rows if row.layout),
        misfits=tuple(row for row in rows if not row.layout),
        missing=tuple(n for n, weight in ours.items() if weight.counted and n not in filled and not leaves(n)),
        unused=tuple(_unused(claim, checkpoint) for claim in unused),
        ignored=tuple(ignored),
        left=tuple(filter(leaves, ours)),
        several={name: tuple(claim.theirs for claim in of) for name, of in filled.items() if len(of) > 1},
        ambiguous=ambiguous,
        idle=tuple(rule for rule in idle if not leaves(rule.ours.anywhere)),
    )


def _is_ignored(
    claim: _Claim, place: str | None, checkpoint: Checkpoint, mapping: NameMapping | None, leaves: Leaves
) -> bool:
    meant = place or next(iter(claim.candidates), None)
    if meant and leaves(meant):
        return True
    if place or claim.rules:
        return False
    return claim.theirs in checkpoint.beside or (mapping is not None and mapping.ignores(claim.theirs))


def _claim(theirs: str, convention: Convention, rules: tuple[Rename, ...] | None) -> _Claim:
    """What ``theirs`` may be called here; where there are no ``rules`` at all, by its own name or its layer's."""
    layer, _, leaf = theirs.rpartition(SEPARATORS[convention])
    if rules is None:
        place = layer.replace(SEPARATORS[convention], ".")
        return _Claim(theirs, (), (theirs, *(f"{place}.{name}" for name in layouts.ours(convention, leaf))), leaf)
    if found := _written(theirs, rules):
        return _Claim(theirs, tuple(rule for rule, _ in found), (found[0][1],), leaf)
    found = _written(layer, rules)
    names = tuple(f"{place}.{name}" for _, place in found[:1] for name in layouts.ours(convention, leaf))
    return _Claim(theirs, tuple(rule for rule, _ in found), names, leaf)


def _written(name: str, rules: tuple[Rename, ...]) -> list[tuple[Rename, str]]:
    """The rules that match ``name`` and what each makes of it."""
    matched = ((rule, rule.theirs.match(name)) for rule in rules)
    return [(rule, rule.ours.write(numbers)) for rule, numbers in matched if numbers is not None]


def _row(ours: str, claim: _Claim, weight: Weight, checkpoint: Checkpoint) -> Row:
    stored = checkpoint.tensors[claim.theirs]
    layout = layouts.layout(checkpoint.convention, claim.leaf, stored.shape, weight.shape)
    if layout and weight.maps and checkpoint.convention == "keras":
        layout = layouts.unflattened(layout, weight.maps)
    if layout is None and weight.maps == (stored.shape[1:],) and stored.shape[0] == weight.shape[0]:
        layout = layouts.FLATTENED
    # What is not counted is a count itself, num_batches_tracked, which `.half()` of a whole file makes a float.
    wanted = ("float", "bfloat") if weight.counted else ("int", "uint", "float", "bfloat")
    return Row(ours, claim.theirs, weight, stored, layout if stored.dtype.startswith(wanted) else None)


def _unused(claim: _Claim, checkpoint: Checkpoint) -> Unused:
    wanted, rule = (claim.candidates[0], claim.rules[0]) if claim.rules else (None, None)
    return Unused(claim.theirs, checkpoint.tensors[claim.theirs], wanted, rule)
