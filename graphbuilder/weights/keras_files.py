"""Keras files: the archive (``.keras``), and HDF5 in Keras 3's layout or the older one (``.weights.h5``, ``.h5``).

A config is read as data, for the names of layers; no class of it is looked up. Members of an archive have to be stored
as Keras stores them, uncompressed, so that no few bytes unfold to many.
"""

from __future__ import annotations

import io
import json
import zipfile
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
    return Checkpoint(path, "keras", _named_by_layers(path, root, stored, config), opened.pop_all())


def read_hdf5(path: str, file: BinaryIO, size: int, opened: ExitStack) -> Checkpoint:
    """An HDF5 file of Keras, in either layout.

    Raises:
        CompileError: GB402 to GB404.
    """
    root = hdf5.open_hdf5(path, file, opened)
    stored = hdf5.tensors(path, root, size)
    prefix = "model_weights" if "model_weights" in root else ""
    layers = hdf5.texts(path, root[prefix] if prefix else root, "layer_names")
    if not layers:
        return Checkpoint(path, "keras", _named_by_layers(path, root, stored, None), opened.pop_all())
    return Checkpoint(path, "keras_h5", _named_by_lists(path, root, stored, prefix, layers), opened.pop_all())


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
        found = hdf5.texts(path, root[f"{group}/vars"], "name") if f"{group}/vars" in root else []
    return next(iter(found), None)


def _named_by_lists(
    path: str, root: hdf5.Group, stored: dict[str, Stored], prefix: str, layers: list[str]
) -> dict[str, Stored]:
    """Named by what each layer's group lists. A tensor that no list has keeps its path, the optimizer's another."""
    above = f"{prefix}/" if prefix else ""
    with hdf5.damage_coded(path):
        weights = {layer: hdf5.texts(path, root[above + layer], "weight_names") for layer in layers}
    names = {above + origin: name for origin, name in keras_names.legacy_names(weights).items()}
    if unknown := names.keys() - stored.keys():
        raise refusal(WeightsDamaged, f"{path} is damaged: {min(unknown)} is listed and not there", _AGAIN)
    return {names.get(origin, origin.replace("optimizer_weights/", "optimizer/", 1)): t for origin, t in stored.items()}
