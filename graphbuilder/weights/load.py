"""Weights of a file for a network: all of them, or an error that lists both sides. Nothing is half loaded.

The tensors are given to whoever has the module; this module never sees one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from graphbuilder.diagnostics import CompileError
from graphbuilder.ir import Weight
from graphbuilder.weights.checkpoint import Checkpoint
from graphbuilder.weights.mapping import NameMapping, load_mapping
from graphbuilder.weights.match import Match, Row, Weights, match
from graphbuilder.weights.read import read
from graphbuilder.weights.report import faults

if TYPE_CHECKING:
    import torch

FOLDER = "weights"


def candidates(specs: Iterable[str | Path]) -> list[Path]:
    """The mapping files that belong to a spec: ``weights/<name of the spec>.*.toml`` beside it.

    Args:
        specs: the spec's file, then what it extends, the nearest first.
    """
    return [path for spec in map(Path, specs) for path in sorted((spec.parent / FOLDER).glob(f"{spec.stem}.*.toml"))]


def load(
    weights: Weights, path: str | Path, mapping: str | Path | None = None, offered: Sequence[Path] = ()
) -> dict[str, torch.Tensor]:
    """The tensors of the file at ``path`` for every one of ``weights``, in their order, names and shapes.

    Equal names need no mapping. Else the mapping is ``mapping``, or that of the ``offered`` ones for this kind of file
    which leaves the least over.

    Raises:
        CompileError: GB401 to GB404 over the file, GB405 over a mapping, GB406 to GB411 where the two do not fit.
    """
    with read(path) as checkpoint:
        chosen = [load_mapping(mapping)] if mapping else _for_kind(checkpoint, offered)
        found, by = _best(weights, checkpoint, chosen, by_name=mapping is None)
        if found.faults:
            raise CompileError(faults(found, weights, checkpoint, by, chosen))
        return _tensors(weights, found.rows)


def _for_kind(checkpoint: Checkpoint, offered: Sequence[Path]) -> list[NameMapping]:
    return [mapping for mapping in map(load_mapping, offered) if mapping.source == checkpoint.convention]


def _best(
    weights: Weights, checkpoint: Checkpoint, chosen: Sequence[NameMapping], by_name: bool
) -> tuple[Match, NameMapping | None]:
    """The match that leaves the least over, the first of several, and its mapping."""
    options = (*([None] if by_name else []), *chosen)
    matches = ((match(weights, checkpoint, mapping), mapping) for mapping in options)
    return min(matches, key=lambda found: found[0].faults)


def _tensors(weights: Weights, rows: Sequence[Row]) -> dict[str, torch.Tensor]:
    filled = {row.ours: row for row in rows}
    return {name: _tensor(weight, filled.get(name)) for name, weight in weights.items()}


def _tensor(weight: Weight, row: Row | None) -> torch.Tensor:
    """What fills ``weight``. Only a count of batches may be left out, as Keras keeps none: it starts at zero."""
    import numpy as np
    import torch

    if row is None or row.layout is None:
        return torch.zeros(weight.shape, dtype=torch.int64)
    kind = np.float32 if weight.counted else np.int64
    array = np.ascontiguousarray(row.layout.apply(row.stored.read()), kind).reshape(weight.shape)
    return torch.from_numpy(array)  # pyright: ignore[reportUnknownMemberType]  (torch leaves it untyped)
