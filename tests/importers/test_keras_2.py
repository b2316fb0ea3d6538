"""Whole models in files of Keras 2: its own layouts of config and weights, and TensorFlow's functions as layers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import graphbuilder as gb
from tests.importers.test_keras import answers, application, randomised
from tests.peers.keras_2 import older_whole
from tests.peers.reference import import_keras

pytestmark = [
    pytest.mark.peers,
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
]


def prepared() -> Any:
    """A model that prepares its images by code, with a norm of a vector, whose axis counts as no map's."""
    keras = import_keras()
    make = keras.layers
    image = keras.Input((12, 12, 3))
    x = make.BatchNormalization()(make.Conv2D(6, 3, padding="same")(image / 127.5 - 1.0))
    x = make.Add()([x, make.SeparableConv2D(6, 3, padding="same")(keras.ops.relu6(1.0 - x * 2.0))])
    x = keras.ops.mean(x + 0.5, axis=[1, 2])
    return keras.Model(image, make.Dense(4)(make.BatchNormalization()(make.Dense(5)(x))))


MODELS = {
    "prepared": (prepared, 33),
    "Xception": (lambda: application("Xception", 71), 60),
    "MobileNetV2": (lambda: application("MobileNetV2", 64), 75),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_whole_model_of_keras_2_comes_back(name: str, tmp_path: Path) -> None:
    build, lines = MODELS[name]
    model = randomised(build())
    file, spec = older_whole(model, tmp_path / "model.h5"), tmp_path / f"{name.lower()}.toml"
    found = gb.from_keras(file, name.lower())
    found.save(spec)
    assert answers(model, file, spec) < 1e-4
    assert len(found.text.splitlines()) <= lines


@pytest.mark.parametrize(
    ("function", "named", "told"),
    [
        ("linalg.matmul", {"y": ["image", 0, 0]}, "`tf.linalg.matmul`"),
        ("nn.relu", {"alpha": 0.1}, "`Relu` with alpha = 0.1"),
        ("math.reduce_mean", {"axis": [3]}, r"the mean over axis \[3\], which leaves no channels"),
    ],
)
def test_functions_that_have_no_counterpart_are_told(
    function: str, named: dict[str, Any], told: str, tmp_path: Path
) -> None:
    image = {"class_name": "InputLayer", "config": {"name": "image", "batch_input_shape": [None, 8, 8, 3]}}
    made = {"class_name": "TFOpLambda", "config": {"name": "made", "function": function}, "name": "made",
            "inbound_nodes": [["image", 0, 0, named]]}  # fmt: skip
    ends = {"input_layers": [["image", 0, 0]], "output_layers": [["made", 0, 0]]}
    config = {"class_name": "Functional", "config": {"name": "net", "layers": [image, made], **ends}}
    (tmp_path / "net.json").write_text(json.dumps(config))
    with pytest.raises(gb.CompileError, match=f"layer `made`: .*{told}"):
        gb.from_keras(tmp_path / "net.json")


@pytest.mark.parametrize(
    "layer", [{"class_name": "Activation"}, {"class_name": "Dense"}], ids=lambda layer: layer["class_name"]
)
def test_an_activation_that_keras_3_computes_otherwise_is_told(layer: dict[str, Any], tmp_path: Path) -> None:
    first = {"class_name": "InputLayer", "config": {"name": "x", "batch_input_shape": [None, 8]}}
    gate = {**layer, "config": {"name": "gate", "units": 3, "activation": "hard_sigmoid"}}
    config = {"class_name": "Sequential", "config": {"name": "net", "layers": [first, gate]}}
    (tmp_path / "net.json").write_text(json.dumps(config))
    with pytest.raises(gb.CompileError, match=r"layer `gate`: .*hard_sigmoid of Keras 2"):
        gb.from_keras(tmp_path / "net.json")
