"""The tensors of a file beside the weights of a network: which goes where, and what of either side is left over.

Only names, shapes and kinds of numbers are looked at; no tensor is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from graphbuilder.ir import Weight
from graphbuilder.weights import layouts
from graphbuilder.weights.checkpoint import Checkpoint, Convention, Stored
from graphbuilder.weights.layouts import Layout
from graphbuilder.weights.mapping import SEPARATORS, NameMapping, Rename, Written
from graphbuilder.weights.pieces import Piece, joined, layout_of, shared

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
    """A tensor of the file and the rules that match it.

    Attributes:
        piece: the tensor.
        candidates: what it may be called here; where several of ours share it, of each.
        number: which of those it is that are joined to one.
    """

    piece: Piece
    rules: tuple[Rename, ...]
    candidates: tuple[tuple[str, ...], ...]
    number: int = 0

    def places(self, ours: Weights) -> tuple[str, ...]:
        """Which weights it fills; none where one of them is not there."""
        found = [next((name for name in names if name in ours), None) for names in self.candidates]
        return () if None in found else tuple(name for name in found if name)


def match(ours: Weights, checkpoint: Checkpoint, mapping: NameMapping | None, leaves: Leaves = _nothing) -> Match:
    """``checkpoint`` beside the weights ``ours``, by ``mapping`` or, without one, by equal names.

    Args:
        leaves: whether a weight of ours is left as it is; what would fill it is then ignored, whatever its shape.
    """
    claims = [*_claims(checkpoint, mapping)]
    ambiguous = {claim.piece.theirs: claim.rules for claim in claims if len(claim.rules) > 1}
    filled: dict[str, list[_Claim]] = defaultdict(list)
    unused: list[_Claim] = []
    ignored: list[str] = []
    for claim in claims:
        places = claim.places(ours)
        if _is_ignored(claim, places, checkpoint, mapping, leaves):
            ignored.append(claim.piece.theirs)
        elif places:
            for place in places:
                filled[place].append(claim)
        elif claim.piece.theirs not in ambiguous:
            unused.append(claim)
    taken = {name: of for name, of in filled.items() if not leaves(name)}
    single = {name: of for name, of in taken.items() if len(of) == 1 or _is_joined(of)}
    rows = [_row(name, claims, ours, checkpoint.convention) for name, claims in single.items()]
    return Match(
        rows=tuple(row for row in rows if row.layout),
        misfits=tuple(row for row in rows if not row.layout),
        missing=tuple(n for n, weight in ours.items() if weight.counted and n not in filled and not leaves(n)),
        unused=tuple(_unused(claim, ours) for claim in unused),
        ignored=tuple(ignored),
        left=tuple(filter(leaves, ours)),
        several={name: tuple(claim.piece.theirs for claim in of) for name, of in taken.items() if name not in single},
        ambiguous=ambiguous,
        idle=tuple(_idle(mapping, claims, leaves)) if mapping else (),
    )


def _idle(mapping: NameMapping, claims: Sequence[_Claim], leaves: Leaves) -> Iterator[Rename]:
    used = {id(rule) for claim in claims for rule in claim.rules}
    for rule in mapping.rules.values():
        if id(rule) not in used and not all(leaves(each.anywhere) for each in rule.ours):
            yield rule


def _is_ignored(
    claim: _Claim, places: tuple[str, ...], checkpoint: Checkpoint, mapping: NameMapping | None, leaves: Leaves
) -> bool:
    meant = places or tuple(names[0] for names in claim.candidates if names)
    if meant and all(map(leaves, meant)):
        return True
    if places or claim.rules:
        return False
    return claim.piece.theirs in checkpoint.beside or (mapping is not None and mapping.ignores(claim.piece.theirs))


def _is_joined(claims: list[_Claim]) -> bool:
    """Whether one rule joins them all, each another part."""
    one = {id(claim.rules[0]) if claim.rules else 0 for claim in claims}
    return len(one) == 1 and 0 not in one and len({claim.number for claim in claims}) == len(claims)


def _claims(checkpoint: Checkpoint, mapping: NameMapping | None) -> Iterator[_Claim]:
    """What each tensor may be called here; without a ``mapping``, by its own name or its layer's."""
    separator = SEPARATORS[checkpoint.convention]
    layers: dict[str, list[Written]] = {}
    for theirs, stored in checkpoint.tensors.items():
        layer, _, leaf = theirs.rpartition(separator)
        piece = Piece(theirs, leaf, stored)
        names = layouts.ours(checkpoint.convention, leaf)
        if mapping is None:
            place = layer.replace(separator, ".")
            yield _Claim(piece, (), ((theirs, *(f"{place}.{name}" for name in names)),))
        elif found := mapping.written(theirs):
            yield _claim(piece, found, tuple((place,) for place in found[0].places))
        else:
            if layer not in layers:
                layers[layer] = mapping.written(layer)
            yield _below(piece, layers[layer], names)


def _below(piece: Piece, found: list[Written], names: Sequence[str]) -> _Claim:
    """What a tensor may be called whose layer the rules of ``found`` match."""
    if not found:
        return _Claim(piece, (), ((),))
    return _claim(piece, found, tuple(tuple(f"{place}.{name}" for name in names) for place in found[0].places))


def _claim(piece: Piece, found: list[Written], candidates: tuple[tuple[str, ...], ...]) -> _Claim:
    return _Claim(piece, tuple(each.rule for each in found), candidates, found[0].number)


def _row(ours: str, claims: list[_Claim], weights: Weights, convention: Convention) -> Row:
    claim = claims[0]
    if claim.rules and len(claim.rules[0].theirs) > 1:
        piece, layout = _joined(claims, weights[ours], convention)
    elif len(claim.candidates) > 1:
        places = claim.places(weights)
        piece, layout = claim.piece, shared(claim.piece, places.index(ours), [weights[n] for n in places], convention)
    else:
        piece, layout = claim.piece, layout_of(claim.piece, weights[ours], convention)
    return Row(ours, piece.theirs, weights[ours], piece.stored, layout)


def _joined(claims: list[_Claim], weight: Weight, convention: Convention) -> tuple[Piece, Layout | None]:
    """What one rule joins for ``weight``; no fit where a part is not in the file."""
    wanted = claims[0].rules[0].theirs
    there = {claim.number: claim.piece for claim in claims}
    complete = all(number in there for number, pattern in enumerate(wanted) if pattern)
    numbers = [number for number, pattern in enumerate(wanted) if number in there or (complete and not pattern)]
    piece, layout = joined([there.get(number) for number in numbers], weight, convention)
    return piece, layout if complete else None


def _unused(claim: _Claim, ours: Weights) -> Unused:
    lacking = (names[0] for names in claim.candidates if not any(name in ours for name in names))
    wanted, rule = (next(lacking), claim.rules[0]) if claim.rules else (None, None)
    return Unused(claim.piece.theirs, claim.piece.stored, wanted, rule)
