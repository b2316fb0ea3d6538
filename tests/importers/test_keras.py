"""Keras models imported from their files: the same answers with the same weights, and the structure that they have."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import graphbuilder as gb
from graphbuilder.cli.entry import run
from tests.peers.parity import distance, outputs
from tests.peers.reference import import_keras

pytestmark = [
    pytest.mark.peers,
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
]


def randomised(model: Any) -> Any:
    """The model with statistics and factors that a network has after training."""
    generator = np.random.default_rng(0)
    for variable in model.weights:
        if variable.name in ("moving_mean", "beta", "bias", "alpha"):
            variable.assign(generator.normal(0, 0.1, variable.shape))
        if variable.name in ("moving_variance", "gamma"):
            variable.assign(generator.uniform(0.7, 1.3, variable.shape))
    return model


BROKEN = [
    b'{"class_name": "Functional", "config": {"layers": [{"class_name": "Add", "config": {"name": "a"}, '
    b'"inbound_nodes": [[]]}], "output_layers": [["a", 0, 0]], "input_layers": []}}',
    b'{"class_name": "Functional", "config": {}}',
    b'{"class_name": "Functional", "config": {"layers": [{"class_name": "InputLayer", "config": {}}]}}',
    b'{"class_name": "Sequential", "config": [{"class_name": "Conv2D", "config": {"batch_shape": [null, 8, 3]}}]}',
    b'{"class_name": "Functional", "config": {"layers": [3], "output_layers": 7}}',
]


def application(name: str, size: int) -> Any:
    return getattr(import_keras().applications, name)(weights=None, input_shape=(size, size, 3), classes=10)


def nested() -> Any:
    """Models within a model, numbered layers, and two outputs."""
    keras = import_keras()
    make = keras.layers
    image = keras.Input((16, 16, 3))
    base = keras.Sequential(
        [keras.Input((16, 16, 3)), make.Conv2D(4, 3, activation="relu"), make.BatchNormalization()], name="base"
    )
    x = make.ZeroPadding2D(((0, 1), (0, 1)))(base(image))
    x = make.Conv2D(6, 3, strides=2, activation="swish")(x)
    flat = make.Flatten()(make.AveragePooling2D(2, padding="same")(x))
    return keras.Model(image, [make.Dense(5, name="first")(flat), make.Dense(3, name="second")(flat)])


def fields() -> Any:
    """A layer called on both of its inputs' difference, upsampling, and a gate."""
    keras = import_keras()
    make = keras.layers
    left, right = keras.Input((8, 8, 4), name="left"), keras.Input((8, 8, 4), name="right")
    x = make.Subtract()([make.Conv2D(4, 1)(left), make.SeparableConv2D(4, 3, padding="same")(right)])
    gate = make.Conv2D(4, 1, activation="sigmoid")(make.GlobalAveragePooling2D(keepdims=True)(x))
    x = make.UpSampling2D(2, interpolation="bilinear")(make.Multiply()([x, gate]))
    return keras.Model([left, right], make.LeakyReLU(negative_slope=0.1)(make.LayerNormalization()(x)))


def exchanged() -> Any:
    """Channels made of places and back, a mixture of tokens, and axes by number."""
    keras = import_keras()
    make = keras.layers
    image = keras.Input((6, 8, 4))
    x = make.Conv2D(5, 1)(make.Permute((3, 1, 2))(image))  # 4x6x5 of 6x8x4
    x = make.Conv2D(3, 3)(make.Permute((2, 3, 1))(x))  # 4x3x3 of 6x5x4
    x = make.Softmax(axis=1)(make.BatchNormalization(axis=3)(make.Permute((3, 2, 1))(x)))
    x = make.Reshape((9, 4))(x)
    x = make.Permute((2, 1))(make.Dense(9, activation="relu")(make.Permute((2, 1))(x)))
    x = make.Concatenate(axis=2)([x, make.BatchNormalization(axis=2)(x)])
    return keras.Model(image, make.BatchNormalization(axis=1)(make.Dense(3)(make.Flatten()(x))))


def channels_first() -> Any:
    """A model whose maps have their channels first throughout."""
    keras = import_keras()
    make = keras.layers
    first: dict[str, Any] = {"data_format": "channels_first"}
    image = keras.Input((3, 12, 10))
    x = make.BatchNormalization(axis=1)(make.Conv2D(4, 3, padding="same", **first)(image))
    x = make.MaxPooling2D(2, **first)(make.PReLU(shared_axes=[2, 3])(x))
    x = make.Concatenate(axis=1)([x, make.SeparableConv2D(6, 3, padding="same", **first)(x)])
    x = make.Concatenate(axis=3)([make.ReLU()(x), make.DepthwiseConv2D(3, padding="same", **first)(x)])
    x = make.Multiply()([x, make.GlobalAveragePooling2D(keepdims=True, **first)(x)])
    x = make.UpSampling2D(2, **first)(make.ZeroPadding2D(((0, 1), (2, 0)), **first)(x))
    x = make.Conv2DTranspose(3, 3, strides=2, padding="same", **first)(x)
    return keras.Model(image, make.Dense(5)(make.Dense(4)(make.Flatten(**first)(x))), name="first")


def called_again() -> Any:
    """A model in the model that is called in a row and gives the output; another that does, called on both inputs."""
    keras = import_keras()
    make = keras.layers
    inner, left, right = (
        keras.Input((8, 8, 4)),
        keras.Input((8, 8, 4), name="left"),
        keras.Input((8, 8, 4), name="right"),
    )
    refine = keras.Model(inner, make.ReLU()(make.Conv2D(4, 3, padding="same")(make.BatchNormalization()(inner))))
    tower = keras.Sequential([keras.Input((8, 8, 4)), make.Conv2D(3, 3), make.GlobalAveragePooling2D()], name="tower")
    x = refine(refine(refine(left)))
    return keras.Model([left, right], [x, tower(x), tower(right)])


def answers(model: Any, file: Path, spec: Path) -> float:
    """The largest difference of any output, relative to its scale; weights found by the mapping beside the spec."""
    network = gb.load(spec, strict=True)
    shapes = [type_.shape for type_ in network.inputs.values()]
    generator = torch.Generator().manual_seed(1)
    batch = [torch.randn(2, *shape, generator=generator) for shape in shapes]
    with torch.inference_mode():
        found = outputs(gb.compile(network, weights=file).eval()(*batch))
    given = [np.moveaxis(each.numpy(), 1, -1) if model.name != "first" else each.numpy() for each in batch]
    wanted = model.predict(given if len(given) > 1 else given[0], verbose=0)
    listed = [*wanted.values()] if isinstance(wanted, dict) else wanted if isinstance(wanted, list) else [wanted]
    theirs = [torch.from_numpy(np.moveaxis(each, -1, 1).copy()) for each in listed]
    return max(distance(ours, other) for ours, other in zip(found, theirs, strict=True))


def decoder() -> Any:
    """Transposed convolutions whose padding is uneven, a learnt slope, functions of Keras, and numbers of data."""
    keras = import_keras()
    make = keras.layers
    image = keras.Input((9, 9, 3))
    adapted = make.Normalization(name="of_data")
    x = adapted(make.Rescaling(2.0, -1.0)(image)) - np.array([0.5, 0.25, 0.125], np.float32)
    x = make.Normalization(mean=[0.1, 0.2, 0.3], variance=[1.0, 4.0, 0.25])(x)
    adapted.adapt_mean.assign([0.5, -0.5, 0.25])
    adapted.adapt_variance.assign([2.0, 0.5, 1.5])
    adapted.finalize_state()
    x = make.Conv2DTranspose(6, 3, strides=2, padding="same")(x)
    x = make.PReLU(shared_axes=[1, 2])(make.Conv2DTranspose(4, 2, strides=3)(x))
    x = keras.ops.sqrt(keras.ops.clip(keras.ops.relu6(1.0 - x * 0.5 + 3.0), 0.25, 4.0))
    return keras.Model(image, [make.Resizing(8, 8)(x), keras.ops.mean(x, axis=(1, 2)) / 2.0])


def well_named() -> Any:
    """A model whose every name can stay."""
    keras = import_keras()
    make = keras.layers
    image = make.Input((8, 8, 3), name="image")
    x = make.GlobalAveragePooling2D()(make.Conv2D(4, 3, name="stem")(image))
    return keras.Model(image, make.Dense(3, name="logits")(x))


def shaped() -> Any:
    """A vector made maps, places joined, exchanged and told anew, sums over the past, and what only training has."""
    keras = import_keras()
    make = keras.layers
    vector = keras.Input((6,))
    x = make.RandomFlip(name="flip")(make.Reshape((4, 3, 5))(make.Dense(60)(vector)))
    x = make.Concatenate(axis=1)([make.Conv2D(5, 3, padding="same")(x), make.GaussianNoise(0.1)(x)])
    x = make.UnitNormalization()(make.Reshape((24, 5))(make.Permute((2, 1, 3))(x)))
    return keras.Model(vector, make.Conv1D(4, 3, padding="causal", dilation_rate=2)(x))


def attending() -> Any:
    """A small transformer of Keras, and attention to another's tokens, of other widths and without biases."""
    keras = import_keras()
    make = keras.layers
    image = keras.Input((8, 8, 3))
    x = make.Reshape((4, 12))(make.Conv2D(12, 4, strides=4)(image))
    for _ in range(3):
        y = make.LayerNormalization()(x)
        x = make.Add()([x, make.MultiHeadAttention(3, 4, dropout=0.1)(y, y)])
        y = make.Dense(24, activation="gelu")(make.LayerNormalization()(x))
        x = make.Add()([x, make.Dense(12)(y)])
    other = make.Reshape((16, 5))(make.Conv2D(5, 2, strides=2)(image))
    cross = make.MultiHeadAttention(2, 5, value_dim=7, output_shape=6, use_bias=False, name="cross")
    return keras.Model(image, make.GlobalAveragePooling1D()(cross(query=x, value=other, key=other)))


def unchanged() -> Any:
    """A model that gives what it gets."""
    image = import_keras().Input((8, 8, 3))
    return import_keras().Model(image, import_keras().layers.Dropout(0.0)(image))


MODELS = {
    "unchanged": (unchanged, 20, 0),
    "called_again": (called_again, 40, 1),
    "exchanged": (exchanged, 60, 0),
    "channels_first": (channels_first, 60, 0),
    "attending": (attending, 60, 0),
    "shaped": (shaped, 40, 0),
    "well_named": (well_named, 25, 0),
    "Xception": (lambda: application("Xception", 71), 60, 2),
    "EfficientNetB0": (lambda: application("EfficientNetB0", 32), 95, 3),
    "ConvNeXtTiny": (lambda: application("ConvNeXtTiny", 32), 50, 4),
    "MobileNetV3Small": (lambda: application("MobileNetV3Small", 32), 120, 2),
    "decoder": (decoder, 60, 0),
    "MobileNetV2": (lambda: application("MobileNetV2", 64), 75, 4),
    "nested": (nested, 60, 0),
    "fields": (fields, 60, 0),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_comes_back(name: str, tmp_path: Path) -> None:
    build, lines, repeats = MODELS[name]
    model = randomised(build())
    file, spec = tmp_path / "model.keras", tmp_path / f"{name.lower()}.toml"
    model.save(file)
    found = gb.from_keras(file, name.lower())
    found.save(spec)
    assert answers(model, file, spec) < 1e-4
    assert len(found.text.splitlines()) <= lines
    assert found.repeats == repeats


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_a_folder_has_all_that_compile_wants(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that .h5 is the older format
        randomised(nested()).save(tmp_path / name)
    outputs = [f"{tmp_path}/model/", str(tmp_path / "other.safetensors")]
    assert run(["import", str(tmp_path / name), "-o", outputs[0], "-o", outputs[1]]) == 0
    folder = tmp_path / "model"
    assert {file.name for file in folder.iterdir()} == {"spec.toml", "weights.safetensors", "names.toml"}
    assert (folder / "weights.safetensors").read_bytes() == (tmp_path / "other.safetensors").read_bytes()
    assert run(["compile", str(folder / "spec.toml"), "--weights", str(folder / "weights.safetensors")]) == 0
    by = ["--weights-map", str(folder / "names.toml")]
    assert run(["weights", str(folder / "spec.toml"), str(tmp_path / name), *by]) == 0


@pytest.mark.parametrize("name", ["w.weights.h5", "w.h5"])
def test_attention_has_the_names_of_its_parts_in_every_file(name: str, tmp_path: Path) -> None:
    model = randomised(attending())
    model.save(tmp_path / "w.keras")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that .h5 is the older format
        model.save_weights(tmp_path / name) if ".weights" in name else model.save(tmp_path / name)
    gb.from_keras(tmp_path / "w.keras").save(tmp_path / "w.toml")
    first, second = (gb.compile(tmp_path / "w.toml", weights=tmp_path / each) for each in ("w.keras", name))
    for key, tensor in first.state_dict().items():
        assert torch.equal(tensor, second.state_dict()[key]), key


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda layer, x: type(layer)(2, 3, output_shape=(2, 3))(x, x), r"values of \[2, 3\]"),
        (lambda layer, x: type(layer)(2, 3, use_gate=True)(x, x), "attention with use_gate = True"),
        (lambda layer, x: layer(x, x, use_causal_mask=True), "called with True beside its input"),
        (lambda layer, x: layer(x, x, attention_mask=x), "attention with attention_mask"),
        (lambda layer, x: layer(x, x, return_attention_scores=True)[0], "called with True beside its input"),
    ],
)
def test_attention_that_has_no_counterpart_is_told(call: Callable[..., Any], told: str, tmp_path: Path) -> None:
    keras = import_keras()
    tokens = keras.Input((4, 4))
    file = tmp_path / "model.json"
    file.write_text(keras.Model(tokens, call(keras.layers.MultiHeadAttention(2, 3), tokens)).to_json())
    with pytest.raises(gb.CompileError, match=told):
        gb.from_keras(file)


@pytest.mark.parametrize("before", [0, 1])
def test_calls_of_a_model_are_counted_as_keras_2_did(before: int, tmp_path: Path) -> None:
    """Where the model in the model began with an input, its first call was the second."""

    def layer(kind: str, name: str, *nodes: tuple[str, int], **config: Any) -> dict[str, Any]:
        calls = [[[to, number, 0, {}]] for to, number in nodes]
        return {"class_name": kind, "name": name, "config": {"name": name, **config}, "inbound_nodes": calls}

    image = layer("InputLayer", "image", batch_input_shape=[None, 8, 8, 3])
    relu = layer("Activation", "relu", ("image", 0), activation="relu")
    ends = {"input_layers": [["image", 0, 0]], "output_layers": [["relu", 0, 0]]}
    sub = layer("Functional", "sub", ("image", 0), ("sub", before), layers=[image, relu], **ends)
    layers = [image, sub, layer("GlobalAveragePooling2D", "pool", ("sub", before + 1))]
    config = {"name": "net", "layers": layers, "input_layers": [["image", 0, 0]], "output_layers": [["pool", 0, 0]]}
    (tmp_path / "net.json").write_text(json.dumps({"class_name": "Functional", "config": config}))
    ops = [line.split('op = "')[1].partition('"')[0] for line in gb.from_keras(tmp_path / "net.json").text.splitlines()
           if "op = " in line]  # fmt: skip
    assert ops == ["relu", "relu", "globalavgpool"]


def test_sizes_that_a_file_leaves_open_are_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keras = import_keras()
    image = keras.Input((None, None, 3))
    file, weights = tmp_path / "model.json", str(tmp_path / "w.safetensors")
    file.write_text(keras.Model(image, keras.layers.Conv2D(4, 3)(image)).to_json(), encoding="utf-8")
    assert run(["import", str(file)]) == 2
    assert "--input 3,224,224" in capsys.readouterr().err
    assert run(["import", str(file), "--input", "3,48,32"]) == 0
    assert "image = [3, 48, 32]" in capsys.readouterr().out
    assert run(["import", str(file), "--input", "3,48,32", "-o", weights]) == 2
    assert "a config alone has none" in capsys.readouterr().err


def test_zeros_that_a_file_counts_stay_counted_at_every_size(tmp_path: Path) -> None:
    make = import_keras().layers
    model = import_keras().Sequential(
        [import_keras().Input((8, 8, 3)), make.ZeroPadding2D(((0, 1), (0, 1))), make.Conv2D(4, 3, strides=2)]
    )
    config, spec = tmp_path / "zeros.json", tmp_path / "zeros.toml"
    config.write_text(model.to_json(), encoding="utf-8")
    gb.from_keras(config).save(spec)
    assert "padding = [[0, 1], [0, 1]]" in spec.read_text(encoding="utf-8")
    network = gb.compile(gb.load(spec, params={"size": 9}))
    with torch.inference_mode():
        assert network(torch.zeros(1, 3, 9, 9)).shape == (1, 4, 4, 4), "as padding 'same', it would be 5 x 5"


def test_the_text_of_xception(golden: Callable[[str, str], None], tmp_path: Path) -> None:
    config = tmp_path / "xception.json"
    config.write_text(application("Xception", 299).to_json(), encoding="utf-8")
    found = gb.from_keras(config)
    golden("importers/xception.toml", found.text)
    golden("importers/xception.keras.toml", found.mapping or "")


def test_what_only_training_has_is_left_out_and_told(tmp_path: Path) -> None:
    config = tmp_path / "shaped.json"
    config.write_text(shaped().to_json(), encoding="utf-8")
    head = gb.from_keras(config).text.splitlines()[1]
    assert "without what it does in training alone: `flip` (RandomFlip), `gaussian_noise" in head


def test_what_cannot_be_said_is_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keras = import_keras()
    image = keras.Input((8, 8, 3))
    x = keras.layers.Lambda(lambda value: value + 1, name="plus")(image)
    x = keras.layers.BatchNormalization(axis=1, name="rows")(x)
    file, spec = tmp_path / "model.json", tmp_path / "model.toml"
    file.write_text(keras.Model(image, keras.layers.Conv2D(4, 3)(x)).to_json(), encoding="utf-8")
    assert run(["import", str(file), "-o", str(spec)]) == 2
    told = capsys.readouterr().err
    assert (
        "GB801" in told
        and "layer `plus`: `Lambda`" in told
        and "layer `rows`: axis = 1, which is not that of the channels" in told
    )
    assert not spec.exists()


def test_channels_that_are_first_in_some_layers_alone_are_told(tmp_path: Path) -> None:
    keras = import_keras()
    image, file = keras.Input((8, 8, 3)), tmp_path / "model.json"
    x = keras.layers.MaxPooling2D(2)(keras.layers.Conv2D(4, 3, data_format="channels_first")(image))
    file.write_text(keras.Model(image, x).to_json(), encoding="utf-8")
    with pytest.raises(gb.CompileError, match="`Conv2D` with channels_first beside others with channels_last"):
        gb.from_keras(file)
    x = keras.layers.Conv2D(4, 3, data_format="channels_first")(image)
    file.write_text(keras.Model(image, keras.layers.Dense(4)(x)).to_json(), encoding="utf-8")
    with pytest.raises(gb.CompileError, match="`Dense`, which acts on the last axis, in a model with channels first"):
        gb.from_keras(file)


@pytest.mark.parametrize(
    "content", [b"", b"\x89HDF\r\n\x1a\n", b"[1, 2]", b'{"class_name": "Dense", "config": {}}', *BROKEN]
)
def test_what_is_no_model_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "model.keras"
    file.write_bytes(content)
    assert run(["import", str(file)]) == 2


def test_what_may_never_begin_or_end_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.keras")
    (tmp_path / "zeros.keras").symlink_to("/dev/zero")
    for name, kind in (("pipe", "a pipe"), ("zeros", "a device")):
        with pytest.raises(gb.CompileError, match=f"it is {kind}, not a file"):
            gb.from_keras(tmp_path / f"{name}.keras")
