"""Keras files: the archive (``.keras``), and HDF5 in Keras 3's layout or the older one (``.weights.h5``, ``.h5``).

A config is read as data, for the names of layers; no class of it is looked up. Members of an archive have to be stored
as Keras stores them, uncompressed, so that no few bytes unfold to many.
"""

from __future__ import annotations

import json
import struct
import zipfile
from collections import defaultdict
from contextlib import ExitStack
from functools import partial
from typing import IO, BinaryIO, cast

from graphbuilder.diagnostics.catalogue.weights import WeightsDamaged, WeightsUnsafe
from graphbuilder.weights import hdf5, keras_names
from graphbuilder.weights.archives import archive_in, is_plain
from graphbuilder.weights.checkpoint import Checkpoint, Stored, refusal

_WEIGHTS = "model.weights.h5"
_CHUNK = 1 << 20
# The largest of keras.applications has 2 MB; what JSON makes of one byte can take thirty, and of four MiB a second.
LARGEST_CONFIG = 4 << 20
_AGAIN = "fetch or save the file again"


def read_archive(path: str, file: BinaryIO, opened: ExitStack) -> Checkpoint:
    """A ``.keras`` archive.

    Raises:
        CompileError: GB003, GB402 to GB404.
    """
    try:
        archive = archive_in(path, file)
        with _member(path, archive, "config.json") as member:
            config = json.loads(_whole(path, member))
        with _member(path, archive, _WEIGHTS) as member:
            # To its end, since the archive has a sum of its bytes, which is looked at there.
            start = _place(file, archive.getinfo(_WEIGHTS))
            size = sum(map(len, iter(partial(member.read, _CHUNK), b"")))
    except (zipfile.BadZipFile, ValueError, RecursionError, EOFError, OSError, struct.error) as error:
        reason = "its config is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise refusal(WeightsDamaged, f"{path} is damaged: {reason}", _AGAIN) from error
    found = hdf5.content(path, file, start, size)
    model = _table(config)
    return Checkpoint(path, "keras", _named_by_layers(path, found, model), config=model, _open=opened.pop_all())


def read_hdf5(path: str, file: BinaryIO, size: int, opened: ExitStack) -> Checkpoint:
    """An HDF5 file of Keras, in either layout.

    Raises:
        CompileError: GB003, GB402 to GB404.
    """
    found = hdf5.content(path, file, 0, size)
    above = "model_weights" if "model_weights" in found.attributes else ""
    if {"layer_names", "layer_names0"}.isdisjoint(found.attributes[above]):
        named = _named_by_layers(path, found, {})
        return Checkpoint(path, "keras", named, bare=_bare(found), _open=opened.pop_all())
    named = _named_by_groups(found.tensors, f"{above}/" if above else "")
    return Checkpoint(path, "keras_h5", named, config=_noted(found), _open=opened.pop_all())


def _noted(found: hdf5.Content) -> keras_names.Config:
    """The config that a whole model's file notes at its root; the weights are named without it."""
    try:
        return _table(json.loads(found.attributes[""].get("model_config") or "{}"))
    except (ValueError, RecursionError):
        return {}


def _bare(found: hdf5.Content) -> tuple[str, ...]:
    """The layers whose groups of variables are empty, by their names in the file."""
    kept = {origin.rpartition("/")[0] for origin in found.tensors}
    groups = (group for group in found.attributes if group.endswith("/vars") and group not in kept)
    return tuple(group.split("/")[-2] for group in groups)


def _table(config: object) -> keras_names.Config:
    return cast("keras_names.Config", config) if isinstance(config, dict) else {}


def _member(path: str, archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    if archive.namelist().count(name) != 1:
        number = "no" if name not in archive.namelist() else "more than one"
        raise refusal(WeightsDamaged, f"{path} is damaged: {number} {name} in the archive", _AGAIN)
    info = archive.getinfo(name)
    if not is_plain(info):
        raise refusal(WeightsUnsafe, f"{path}: {name} is compressed or encrypted", "save the model again with Keras")
    return archive.open(info)


def _whole(path: str, member: IO[bytes]) -> bytes:
    data = member.read(LARGEST_CONFIG + 1)
    if len(data) > LARGEST_CONFIG:
        raise refusal(WeightsUnsafe, f"{path}: config.json is larger than {LARGEST_CONFIG >> 20} MiB")
    return data


def _place(file: BinaryIO, info: zipfile.ZipInfo) -> int:
    """Where a stored member begins: behind a header of 30 bytes, its name and what is extra."""
    file.seek(info.header_offset + 26)
    name, extra = struct.unpack("<HH", file.read(4))
    return info.header_offset + 30 + name + extra


def _named_by_layers(path: str, found: hdf5.Content, config: keras_names.Config) -> dict[str, Stored]:
    def noted(group: str) -> str | None:
        """The layer's name that Keras notes at a group, since its version 3.4."""
        return found.attributes.get(f"{group}/vars", {}).get("name")

    names = keras_names.keras3_names(found.tensors, config or None, noted)
    return {names[origin]: tensor for origin, tensor in found.tensors.items()}


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
