"""The config of a Keras model: the JSON of ``model.to_json()``, or what a ``.keras`` or ``.h5`` file has of it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import IO, Any, cast

from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.importing import ModelUnreadable
from graphbuilder.document.reading import cannot_open
from graphbuilder.files import refuse_waiting
from graphbuilder.weights.archives import archive_in, is_plain
from graphbuilder.weights.keras_files import LARGEST_CONFIG
from graphbuilder.weights.read import HDF5


def config_of(path: str | Path) -> dict[str, Any]:
    """The config in the file at ``path``, as data.

    Raises:
        CompileError: GB001 to GB003 when it cannot be opened, GB802 when it holds no config.
    """
    try:
        refuse_waiting(Path(path).stat().st_mode)
        text = _text(Path(path))
        found = json.loads(text)
        json.dumps(found, ensure_ascii=False).encode()  # an escape may stand for half a character, which is no text
    except OSError as error:
        raise CompileError((cannot_open(Path(path), str(path), error),)) from None
    except (zipfile.BadZipFile, KeyError, ValueError, RecursionError, EOFError) as error:
        raise refused(path, "it is no .keras or .h5 file, and no JSON") from error
    if not isinstance(found, dict) or "class_name" not in found:
        raise refused(path, "its JSON is no config of a Keras model")
    return cast("dict[str, Any]", found)


def holds_weights(path: str | Path) -> bool:
    """Whether the file of a model has its weights, too."""
    return zipfile.is_zipfile(path) or _is_hdf5(Path(path))


def _is_hdf5(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(len(HDF5)) == HDF5


def _attribute(path: Path) -> str:
    """The config that an HDF5 file of a whole model notes at its root."""
    from graphbuilder.weights.hdf5 import content

    with open(path, "rb") as file:
        found = content(str(path), file, 0, path.stat().st_size).attributes[""].get("model_config")
    if found is None:
        raise refused(path, "it has weights alone")
    return found


def _text(path: Path) -> bytes | str:
    if _is_hdf5(path):
        return _attribute(path)
    with open(path, "rb") as file:
        if not zipfile.is_zipfile(path):
            return _whole(path, file)
        archive = archive_in(str(path), file)
        info = archive.getinfo("config.json")
        # A few bytes could unfold to many; Keras stores plainly.
        if not is_plain(info):
            raise refused(path, "its config.json is compressed or encrypted, which is not how Keras saves")
        with archive.open(info) as member:
            return _whole(path, member)


def _whole(path: Path, file: IO[bytes]) -> bytes:
    data = file.read(LARGEST_CONFIG + 1)
    if len(data) > LARGEST_CONFIG:
        raise refused(path, f"its config is larger than {LARGEST_CONFIG >> 20} MiB")
    return data


def refused(path: str | Path, reason: str) -> CompileError:
    """The error for a file that holds no model, for that ``reason``."""
    remedy = "save the whole model, model.save('x.keras'), or its config, model.to_json()"
    return CompileError((ModelUnreadable.at(None, f"cannot import {path}: {reason}", help=remedy),))
