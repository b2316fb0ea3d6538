"""Small weights on both sides: a network's by name and shape, a file's by name and array."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from graphbuilder.ir import Initialiser, Weight
from graphbuilder.weights.checkpoint import Checkpoint, Source, Stored
from graphbuilder.weights.mapping import NameMapping, load_mapping

Array = np.ndarray


def weights(**shapes: tuple[int, ...]) -> dict[str, Weight]:
    """Ours; a double underscore is a dot, and ``num_batches_tracked`` is not counted."""
    found = {name.replace("__", "."): shape for name, shape in shapes.items()}
    counted = {name: not name.endswith("num_batches_tracked") for name in found}
    return {
        name: Weight(name.rpartition(".")[2], shape, Initialiser("zeros"), counted=counted[name])
        for name, shape in found.items()
    }


def checkpoint(arrays: Mapping[str, Array], source: Source = "keras") -> Checkpoint:
    """Theirs, already open."""

    def stored(name: str, array: Array) -> Stored:
        return Stored(array.shape, array.dtype.name, name, lambda: array)

    return Checkpoint("file", source, {name: stored(name, array) for name, array in arrays.items()})


def numbers(*shape: int) -> Array:
    """Every element another number."""
    return np.arange(np.prod(shape, dtype=int), dtype=np.float32).reshape(shape)


def mapping(folder: Path, text: str, name: str = "a.keras.toml") -> NameMapping:
    """The mapping that ``text`` describes, written into ``folder``."""
    path = folder / name
    path.write_text(text)
    return load_mapping(path)


def rules(folder: Path, source: str = "keras", ignore: str = "[]", **lines: str) -> NameMapping:
    """A mapping with these rules; keys are given as ``a="theirs -> ours"``."""
    pairs = [line.split(" -> ") for line in lines.values()]
    body = "\n".join(f'"{theirs}" = "{ours}"' for theirs, ours in pairs)
    return mapping(folder, f'format = 1\nsource = "{source}"\nignore = {ignore}\n[rules]\n{body}\n')
