"""Weights of a file for a network: all that are asked for, or an error that lists both sides. Nothing is half loaded.

The tensors are given to whoever has the module; this module never sees one.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.diagnostics import CompileError, Diagnostic
from graphbuilder.garbage import no_search
from graphbuilder.ir import Weight
from graphbuilder.weights.checkpoint import Checkpoint
from graphbuilder.weights.leaving import heads, left_by, left_out
from graphbuilder.weights.mapping import NameMapping, load_mapping
from graphbuilder.weights.match import Match, Row, Weights, match
from graphbuilder.weights.nesting import alone, others, readings, several
from graphbuilder.weights.read import read
from graphbuilder.weights.report import faults, other_size
from graphbuilder.weights.siblings import candidates, sibling
from graphbuilder.weights.unprepared import unprepared
from graphbuilder.weights.variants import Suits, Variants
from graphbuilder.weights.wanted import wanted

if TYPE_CHECKING:
    import numpy as np
    import torch


@dataclass(frozen=True)
class Fit:
    """A network's weights beside an open file: how well they fit, before any tensor is read.

    Attributes:
        checkpoint: the file.
        match: which tensor goes where.
        by: the mapping that it was found by; None where names are equal.
        diagnostics: what keeps it from being a fit.
        warnings: what else was noticed of the two.
        within: the name of the file below which the network's weights lie; "" where they are all of it.
    """

    weights: Weights
    checkpoint: Checkpoint
    match: Match
    by: NameMapping | None
    diagnostics: tuple[Diagnostic, ...]
    warnings: tuple[Diagnostic, ...] = ()
    within: str = ""

    def tensors(self) -> dict[str, torch.Tensor]:
        """Every weight that is not left as it is, in the network's order, read now.

        Raises:
            CompileError: where the two do not fit, or the file turns out to be damaged.
        """
        if self.diagnostics:
            raise CompileError(self.diagnostics)
        filled = {row.ours: row for row in self.match.rows}
        left = set(self.match.left)
        return {name: _tensor(w, filled.get(name)) for name, w in self.weights.items() if name not in left}


@no_search()
def fit(
    weights: Weights,
    checkpoint: Checkpoint,
    mapping: str | Path | None = None,
    offered: Sequence[Path] = (),
    excepted: Sequence[str] = (),
    ends: Collection[str] = (),
) -> Fit:
    """``weights`` beside ``checkpoint``, or beside the one model in it that they fit.

    Args:
        mapping: the rules from its names to ours; else equal names are tried and the ``offered`` mappings for its kind
            of file, and those taken that leave the least over.
        excepted: patterns of our names that are left as they are.
        ends: the steps that are the network's head, for a remedy.

    Raises:
        CompileError: GB405 over a mapping, GB412 over a pattern that names nothing.
    """
    chosen = [load_mapping(mapping)] if mapping else _for_kind(checkpoint, offered)
    options = (*([] if mapping else [None]), *chosen)
    leaves = left_by(excepted, weights, checkpoint, options, ends)
    found, by = min(
        ((match(weights, checkpoint, option, leaves), option) for option in options), key=lambda each: each[0].faults
    )
    whole = Fit(weights, checkpoint, found, by, ())
    if not found.faults:
        twins = [*readings(weights, checkpoint, options, leaves, checkpoint.beside)] if checkpoint.beside else []
        return replace(whole, warnings=others(checkpoint, twins))
    below = [] if mapping else [*readings(weights, checkpoint, options, leaves)]
    if len(below) == 1:
        (only,) = below
        return Fit(weights, checkpoint, only.match, only.by, (), alone(checkpoint, only), only.within)
    if below:
        return replace(whole, diagnostics=(several(checkpoint, below),))
    return replace(whole, diagnostics=faults(found, weights, checkpoint, by, chosen))


@contextmanager
def fitting(
    typed: TypedGraph,
    specs: Sequence[str | Path],
    path: str | Path,
    mapping: str | Path | None = None,
    excepted: Sequence[str] = (),
    params: Mapping[str, Any] | None = None,
) -> Generator[Fit]:
    """The weights of a network beside the file at ``path``, which is open meanwhile; see ``fit``.

    Args:
        specs: the network's file, then what it extends; the mappings beside them are offered.
        params: what the network was made with, for remedies that are tried.

    Raises:
        CompileError: GB401 to GB404 over the file, GB405 over a mapping, GB412 over a pattern that names nothing.
    """
    with read(path) as checkpoint:
        ends = heads(typed)
        by = partial(fit, checkpoint=checkpoint, mapping=mapping, offered=candidates(specs), ends=ends)
        found, variants = by(wanted(typed), excepted=excepted), Variants(specs, params or {})
        if not found.diagnostics:
            yield replace(found, warnings=(*found.warnings, *unprepared(typed, checkpoint, variants)))
            return

        def suits(other: TypedGraph) -> bool:
            return not by(wanted(other), excepted=excepted).diagnostics

        def left(parts: Sequence[str]) -> bool:
            return not by(found.weights, excepted=(*excepted, *parts)).diagnostics

        first, *others = found.diagnostics
        if switch := variants.switched(suits):
            yield replace(found, diagnostics=(first.with_help(f"it fits with {switch}"), *others))
        elif drawn := left_out(
            found.match, found.weights, found.diagnostics, ends, left, _size(found, variants, suits)
        ):
            yield replace(found, diagnostics=drawn)
        elif remedy := sibling(checkpoint, specs) if mapping is None else None:
            yield replace(found, diagnostics=(first.with_help(remedy), *others))
        else:
            yield found


def _size(found: Fit, variants: Variants, suits: Suits) -> str | None:
    """The setting of the param whose number is another in the file, where that is all that does not fit."""
    ours, theirs = other_size(found.match.misfits) or (0, 0)
    named = [name for name, value in variants.known.items() if ours and type(value) is int and value == ours]
    return next((told for name in named if (told := variants.by({name: theirs}, suits))), None)


def load(
    weights: Weights, path: str | Path, mapping: str | Path | None = None, offered: Sequence[Path] = ()
) -> dict[str, torch.Tensor]:
    """The tensors of the file at ``path`` for every one of ``weights``, in their order, names and shapes; see ``fit``.

    Raises:
        CompileError: GB401 to GB404 over the file, GB405 over a mapping, GB406 to GB411 where the two do not fit.
    """
    with read(path) as checkpoint:
        return fit(weights, checkpoint, mapping, offered).tensors()


def _for_kind(checkpoint: Checkpoint, offered: Sequence[Path]) -> list[NameMapping]:
    return [mapping for mapping in map(load_mapping, offered) if mapping.source == checkpoint.convention]


def _tensor(weight: Weight, row: Row | None) -> torch.Tensor:
    """What fills ``weight``. Only a count of batches may be left out, as Keras keeps none: it starts at zero."""
    import numpy as np
    import torch

    if row is None or row.layout is None:
        return torch.zeros(weight.shape, dtype=torch.int64)
    read = row.layout.apply(row.stored.read())
    array = np.ascontiguousarray(read, np.float32) if weight.counted else _count(read)
    array = array.reshape(weight.shape)
    return torch.from_numpy(array)  # pyright: ignore[reportUnknownMemberType]  (torch leaves it untyped)


def _count(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Whole numbers, whatever kind they were saved as; zero for what no float16 had room for."""
    import numpy as np

    if array.dtype.kind != "f":
        return np.ascontiguousarray(array, np.int64)
    wide = array.astype(np.float64)
    return np.where(np.abs(wide) < 2.0**63, wide, 0).astype(np.int64)
