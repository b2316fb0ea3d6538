"""A file in the layout of Keras 2, made of one in the layout that Keras 3 keeps for it.

From ``keras/saving/hdf5_format.py`` of Keras 2, ``save_weights_to_hdf5_group``: the root lists its ``layer_names``; a
layer is a group that lists its ``weight_names``, each the path of a dataset below it, such as
``block1_conv1/kernel:0``. A layer of a model within the model is named there without that model, and so are those of
models within that one. ``save_weights`` puts the layers at the root, ``save`` below ``model_weights``. Keras 3
writes the same without the ``:0``.

A whole model's file has its config at the root, as ``model_config``; its forms are those of ``Node.serialize``
(``keras/engine/node.py``) and of the layers' ``get_config`` in Keras 2.15.
"""

from __future__ import annotations

import json
import warnings
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


def older_whole(model: Any, path: Path) -> Path:
    """What ``model.save`` of Keras 2 would write at ``path`` for a functional model of Keras 3."""
    whole, weights = path.with_name("keras_3.h5"), path.with_name("weights.h5")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that .h5 is the older format
        model.save(whole)
    older(whole, weights)
    with h5py.File(weights) as source, h5py.File(path, "w") as target:
        target.attrs["backend"], target.attrs["keras_version"] = b"tensorflow", b"2.15.0"
        target.attrs["model_config"] = json.dumps(_older_model(json.loads(model.to_json()))).encode()
        source.copy(source, target, "model_weights")
    return path


# TensorFlow's names of functions by Keras 3's.
_FUNCTIONS = {
    "Add": "__operators__.add",
    "Mean": "math.reduce_mean",
    "Multiply": "math.multiply",
    "Relu6": "nn.relu6",
    "Subtract": "math.subtract",
    "TrueDivide": "math.truediv",
}


def _older_model(model: Any) -> Any:
    config = model["config"]
    layers = [_older_layer(layer) for layer in config["layers"]]
    ends = {
        name: [ends] if ends and isinstance(ends[0], str) else ends
        for name in ("input_layers", "output_layers")
        if (ends := config.get(name)) is not None
    }
    return {"class_name": model["class_name"], "config": {"name": config["name"], "layers": layers, **ends}}


def _older_layer(layer: Any) -> Any:
    kind, config = layer["class_name"], dict(layer["config"])
    name = layer.get("name", config.get("name"))
    if "batch_shape" in config:
        config["batch_input_shape"] = config.pop("batch_shape")
    if kind == "BatchNormalization":
        shape = _tensors(layer["inbound_nodes"][0]["args"])[0]["shape"]
        config["axis"] = [config["axis"] % len(shape)]
    is_function = ".ops." in str(layer.get("module"))
    nodes = [_older_node(node, config, is_function) for node in layer.get("inbound_nodes", [])]
    if is_function:
        kind, config = "TFOpLambda", {"name": name, "trainable": True, "function": _FUNCTIONS[kind]}
    return {"class_name": kind, "config": config, "name": name, "inbound_nodes": nodes}


def _older_node(node: Any, config: Any, is_function: bool) -> Any:
    tensors = [each["keras_history"] for each in _tensors(node["args"])]
    if not is_function:
        return [[*each, {}] for each in tensors]
    first, *others = [_history(each) for each in node["args"]]
    said = {name: config[name] for name in ("axis", "keepdims") if name in config}
    return [*first, {**({"y": others[0]} if others else {}), **said, "name": None}]


def _history(value: Any) -> Any:
    if isinstance(value, dict):
        return value["config"]["keras_history"]
    return ["_CONSTANT_VALUE", -1, value]


def _tensors(value: Any) -> list[Any]:
    if isinstance(value, list):
        return [found for each in value for found in _tensors(each)]
    return [value["config"]] if isinstance(value, dict) else []


def _copy(source: Any, target: Any) -> None:
    names = {name: f"{'/'.join(name.split('/')[-2:])}:0" for name in map(_text, source.attrs["weight_names"])}
    target.attrs["weight_names"] = [name.encode() for name in names.values()]
    for name, written in names.items():
        target.create_dataset(written, data=source[name][()])


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name
