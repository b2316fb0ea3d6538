"""The config of a Keras model: the JSON of ``model.to_json()``, or the ``config.json`` of a ``.keras`` archive."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any, cast

from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.importing import ModelUnreadable
from graphbuilder.document.reading import cannot_open

# A config holds no numbers of weights; the largest of keras.applications has 2 MB.
_LARGEST = 64 * 2**20


def config_of(path: str | Path) -> dict[str, Any]:
    """The config in the file at ``path``, as data.

    Raises:
        CompileError: GB001 to GB003 when it cannot be opened, GB802 when it holds no config.
    """
    try:
        text = _text(Path(path))
        found = json.loads(text)
    except OSError as error:
        raise CompileError((cannot_open(Path(path), str(path), error),)) from None
    except (zipfile.BadZipFile, KeyError, ValueError, RecursionError) as error:
        raise refused(path, "it is neither a .keras file nor JSON") from error
    if not isinstance(found, dict) or "class_name" not in found:
        raise refused(path, "its JSON is no config of a Keras model")
    return cast("dict[str, Any]", found)


def _text(path: Path) -> bytes:
    if not zipfile.is_zipfile(path):
        with open(path, "rb") as file:
            return file.read(_LARGEST)
    with zipfile.ZipFile(path) as archive, archive.open("config.json") as member:
        return member.read(_LARGEST)


def refused(path: str | Path, reason: str) -> CompileError:
    """The error for a file that holds no model, for that ``reason``."""
    remedy = "save the whole model, model.save('x.keras'), or its config, model.to_json()"
    return CompileError((ModelUnreadable.at(None, f"cannot import {path}: {reason}", help=remedy),))
