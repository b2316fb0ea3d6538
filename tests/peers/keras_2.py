"""A file in the layout of Keras 2, made of one in the layout that Keras 3 keeps for it.

From ``keras/saving/hdf5_format.py`` of Keras 2, ``save_weights_to_hdf5_group``: the root lists its ``layer_names``; a
layer is a group that lists its ``weight_names``, each the path of a dataset below it, such as
``block1_conv1/kernel:0``. A layer of a model within the model is named there without that model, and so are those of
models within that one. ``save_weights`` puts the layers at the root, ``save`` below ``model_weights``. Keras 3
writes the same without the ``:0``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py as _h5py  # pyright: ignore[reportMissingTypeStubs]

h5py: Any = _h5py


def older(whole: Path, path: Path) -> Path:
    """What ``model.save_weights`` of Keras 2 would write at ``path`` for the model that Keras 3 saved at ``whole``."""
    with h5py.File(whole) as source, h5py.File(path, "w") as target:
        layers = source["model_weights"]
        target.attrs["backend"], target.attrs["keras_version"] = b"tensorflow", b"2.15.0"
        target.attrs["layer_names"] = list(layers.attrs["layer_names"])
        for layer in layers.attrs["layer_names"]:
            _copy(layers[layer], target.create_group(layer))
    return path


def _copy(source: Any, target: Any) -> None:
    names = {name: f"{'/'.join(name.split('/')[-2:])}:0" for name in map(_text, source.attrs["weight_names"])}
    target.attrs["weight_names"] = [name.encode() for name in names.values()]
    for name, written in names.items():
        target.create_dataset(written, data=source[name][()])


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name
