"""Keras files: the archive (``.keras``), and HDF5 in Keras 3's layout or the older one (``.weights.h5``, ``.h5``).

A config is read as data, for the names of layers; no class of it is looked up. Members of an archive have to be stored
as Keras stores them, uncompressed, so that no few bytes unfold to many.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections import defaultdict
from contextlib import ExitStack
from functools import partial
from typing import BinaryIO, cast

from graphbuilder.diagnostics.catalogue.weights import WeightsDamaged, WeightsUnsafe
from graphbuilder.weights import hdf5, keras_names
from graphbuilder.weights.checkpoint import Checkpoint, Stored, refusal

_WEIGHTS = "model.weights.h5"
_AGAIN = "fetch or save the file again"


def read_archive(path: str, file: BinaryIO, opened: ExitStack) -> Checkpoint:
    """A ``.keras`` archive.

    Raises:
        CompileError: GB402 to GB404.
    """
    try:
        archive = opened.enter_context(zipfile.ZipFile(file))
        config = json.loads(_member(path, archive, "config.json"))
        weights = _member(path, archive, _WEIGHTS)
    except (zipfile.BadZipFile, ValueError, RecursionError, EOFError, OSError) as error:
        raise refusal(WeightsDamaged, f"{path} is damaged: {error}", _AGAIN) from error
    root = hdf5.open_hdf5(path, io.BytesIO(weights), opened)
    stored = hdf5.tensors(path, root, len(weights))
    return Checkpoint(path, "keras", _named_by_layers(path, root, stored, config), _open=opened.pop_all())


def read_hdf5(path: str, file: BinaryIO, size: int, opened: ExitStack) -> Checkpoint:
    """An HDF5 file of Keras, in either layout.

    Raises:
        CompileError: GB402 to GB404.
    """
    root = hdf5.open_hdf5(path, file, opened)
    stored = hdf5.tensors(path, root, size)
    above = "model_weights/" if "model_weights" in root else ""
    with hdf5.damage_coded(path):
        attributes = root[above or "/"].attrs
        older = any(name in attributes for name in ("layer_names", "layer_names0"))
    if not older:
        return Checkpoint(path, "keras", _named_by_layers(path, root, stored, None), _open=opened.pop_all())
    return Checkpoint(path, "keras_h5", _named_by_groups(stored, above), _open=opened.pop_all())


def _member(path: str, archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        info = archive.getinfo(name)
    except KeyError:
        raise refusal(WeightsDamaged, f"{path} is damaged: no {name} in the archive", _AGAIN) from None
    if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
        raise refusal(WeightsUnsafe, f"{path}: {name} is compressed or encrypted", "save the model again with Keras")
    return archive.read(info)


def _named_by_layers(path: str, root: hdf5.Group, stored: dict[str, Stored], config: object) -> dict[str, Stored]:
    model = cast("keras_names.Config", config) if isinstance(config, dict) else None
    names = keras_names.keras3_names(stored, model, partial(_noted, path, root))
    return {names[origin]: tensor for origin, tensor in stored.items()}


def _noted(path: str, root: hdf5.Group, group: str) -> str | None:
    """The layer's name that Keras notes at a group, since its version 3.4."""
    with hdf5.damage_coded(path):
        return hdf5.text(path, root[f"{group}/vars"], "name") if f"{group}/vars" in root else None


def _named_by_groups(stored: dict[str, Stored], above: str) -> dict[str, Stored]:
    """Named by the group of each layer below ``above``; what lies elsewhere, such as an optimizer's state, by its path.

    The lists of names that such a file has too would add their order alone.
    """
    weights: dict[str, list[str]] = defaultdict(list)
    for origin in stored:
        layer, _, weight = origin.removeprefix(above).partition("/")
        if origin.startswith(above) and weight:
            weights[layer].append(weight)
    names = {above + origin: name for origin, name in keras_names.legacy_names(weights).items()}
    return {names.get(origin, origin.replace("optimizer_weights/", "optimizer/", 1)): t for origin, t in stored.items()}
