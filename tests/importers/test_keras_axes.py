"""Code on Keras's tensors that acts on axes, and layers that resize: the answers of Keras, or a refusal by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import graphbuilder as gb
from tests.importers.test_keras import answers, randomised
from tests.peers.reference import import_keras

pytestmark = [
    pytest.mark.peers,
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
]

Layer = Callable[[Any, Any, Any], Any]

# Functions of keras.ops, keras.layers and maps 9 x 8 of 6 channels.
PARTS: Mapping[str, Layer] = {
    "channels": lambda ops, make, x: x[..., 1:3],
    "places": lambda ops, make, x: x[:, 2:7, ::2, 1:],
    "a row": lambda ops, make, x: x[:, 3],
    "one place": lambda ops, make, x: x[:, 3, -1],
    "halves": lambda ops, make, x: ops.subtract(*ops.split(x, 2, axis=-1)),
    "cut": lambda ops, make, x: ops.split(x, [1, 4], axis=-1)[1],
    "cut rows": lambda ops, make, x: ops.split(x, 3, axis=1)[2],
}
SUMS: Mapping[str, Layer] = {
    "max of channels": lambda ops, make, x: x * ops.max(x, axis=-1, keepdims=True),
    "mean of rows": lambda ops, make, x: ops.mean(x, axis=1),
    "sum of columns": lambda ops, make, x: ops.sum(x, axis=2, keepdims=True),
    "deviation": lambda ops, make, x: ops.std(x, axis=(1, 2)),
    "max of places": lambda ops, make, x: ops.max(x, axis=(-3, -2)),
    "softmax of rows": lambda ops, make, x: ops.softmax(x, axis=1),
    "log of softmax": lambda ops, make, x: ops.log_softmax(x, axis=-1),
    "stacked and summed": lambda ops, make, x: ops.sum(ops.stack([x, -x, x], axis=1), axis=1),
}
MOVED: Mapping[str, Layer] = {
    "turned": lambda ops, make, x: ops.flip(x, axis=(1, 3)),
    "rolled": lambda ops, make, x: ops.roll(x, (3, -2), axis=(1, 2)),
    "reflected": lambda ops, make, x: ops.pad(x, ((0, 0), (1, 2), (0, 3), (0, 0)), mode="reflect"),
    "padded": lambda ops, make, x: ops.pad(x, ((0, 0), (1, 2), (0, 3), (0, 0)), constant_values=2),
    "channels from places": lambda ops, make, x: ops.transpose(x, (0, 3, 2, 1)),
    "exchanged": lambda ops, make, x: ops.swapaxes(x, 1, 2),
    "stacked": lambda ops, make, x: ops.stack([x, x], axis=2),
    "an axis more": lambda ops, make, x: ops.expand_dims(x, 1),
    "and less": lambda ops, make, x: ops.squeeze(ops.expand_dims(x, 2), 2),
    "reshaped": lambda ops, make, x: ops.reshape(x, (-1, 72, 6)),
}
ONE_BY_ONE: Mapping[str, Layer] = {
    "gelu by tanh": lambda ops, make, x: ops.gelu(x),
    "gelu": lambda ops, make, x: ops.gelu(x, approximate=False),
    "elu": lambda ops, make, x: ops.elu(x, alpha=0.3),
    "leaky": lambda ops, make, x: ops.leaky_relu(x, negative_slope=0.4),
    "exponential": lambda ops, make, x: make.Activation("exponential")(x),
    "log of softmax": lambda ops, make, x: make.Activation("log_softmax")(x),
    "up to 4": lambda ops, make, x: make.ReLU(max_value=4)(x * 9.0),
    "root mean square": lambda ops, make, x: make.RMSNormalization()(x),
}
RESIZED: Mapping[str, Layer] = {
    "nearest smaller": lambda ops, make, x: make.Resizing(4, 5, interpolation="nearest")(x),
    "nearest larger": lambda ops, make, x: make.Resizing(13, 20, interpolation="nearest", antialias=True)(x),
    "bilinear": lambda ops, make, x: make.Resizing(5, 13)(x),
    "upsampled": lambda ops, make, x: make.UpSampling2D((3, 2))(x),
    "in bins": lambda ops, make, x: make.AdaptiveMaxPooling2D((5, 3))(make.AdaptiveAveragePooling2D((7, 9))(x)),
    "over one axis": lambda ops, make, x: make.UpSampling1D(2)(make.Cropping1D((1, 2))(make.Reshape((72, 6))(x))),
    "over three": lambda ops, make, x: make.Cropping3D(1)(
        make.ZeroPadding3D(2)(make.UpSampling3D((2, 1, 3))(ops.expand_dims(x, 1)))
    ),
}


@pytest.mark.parametrize("rows", [PARTS, SUMS, MOVED, ONE_BY_ONE, RESIZED], ids=lambda rows: next(iter(rows)))
def test_axes_of_keras_come_over(rows: Mapping[str, Layer], tmp_path: Path) -> None:
    keras = import_keras()
    image = keras.Input((9, 8, 6))
    made = [row(keras.ops, keras.layers, keras.layers.DepthwiseConv2D(1)(image)) for row in rows.values()]
    model, file = randomised(keras.Model(image, made)), tmp_path / "model.keras"
    model.save(file)
    gb.from_keras(file).save(tmp_path / "model.toml")
    assert answers(model, file, tmp_path / "model.toml") < 1e-4


REFUSED: Mapping[str, tuple[Layer, str]] = {
    "cubic": (lambda ops, make, x: make.Resizing(4, 4, interpolation="bicubic")(x), "a resizing by `bicubic`"),
    "areas": (lambda ops, make, x: make.Resizing(4, 4, interpolation="area")(x), "a resizing by `area`"),
    "antialias": (lambda ops, make, x: make.Resizing(4, 4, antialias=True)(x), "with antialias = True"),
    "aspect": (lambda ops, make, x: make.Resizing(4, 4, pad_to_aspect_ratio=True)(x), "with pad_to_aspect_ratio"),
    "cropped": (lambda ops, make, x: make.Resizing(4, 4, crop_to_aspect_ratio=True)(x), "with crop_to_aspect_ratio"),
    "upsampled": (lambda ops, make, x: make.UpSampling2D(2, interpolation="bicubic")(x), "`bicubic` interpolation"),
    "of the batch": (lambda ops, make, x: make.Softmax(axis=0)(x), "axis = 0, which is that of the batch"),
    "over all": (lambda ops, make, x: x * ops.mean(x), "the mean over every axis, the batch with them"),
    "no channels": (lambda ops, make, x: ops.max(x, axis=-1), "which leaves no channels"),
    "one channel": (lambda ops, make, x: x[..., 0], "channel 0 alone, which leaves no axis of channels"),
    "an axis": (lambda ops, make, x: x[:, None], "an index with new axes"),
    "backwards": (lambda ops, make, x: ops.reshape(x, (-1, 8, 6)), r"to \[-1, 8, 6\], the batch with it"),
    "a setting": (lambda ops, make, x: ops.max(x, axis=-1, keepdims=True, initial=1.0), "`Max` with initial = 1.0"),
    "of several": (lambda ops, make, x: ops.add(*ops.unstack(x[..., :2], axis=-1)), "the function `Unstack`"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_acts_otherwise_is_refused_by_name(name: str, tmp_path: Path) -> None:
    keras, (row, told) = import_keras(), REFUSED[name]
    image, file = keras.Input((9, 8, 6)), tmp_path / "model.json"
    file.write_text(keras.Model(image, row(keras.ops, keras.layers, image)).to_json(), encoding="utf-8")
    with pytest.raises(gb.CompileError, match=told) as found:
        gb.from_keras(file)
    assert {each.code for each in found.value.diagnostics} == {"GB801"}


# What Keras 3.15 gives on TensorFlow 2.21 for the numbers 0 to 7 in a row. Of those only averages are others on torch:
# where padding is uneven Keras repeats the edge there, which makes the last 6.6667, and TensorFlow leaves padding out.
OF_TENSORFLOW: Mapping[str, tuple[Callable[[Any], Any], list[float]]] = {
    "average": (lambda make: make.AveragePooling2D((1, 3), (1, 2), padding="same"), [1.0, 3.0, 5.0, 6.5]),
    "largest": (lambda make: make.MaxPooling2D((1, 3), (1, 2), padding="same"), [2.0, 4.0, 6.0, 7.0]),
    "nearest": (lambda make: make.Resizing(1, 5, interpolation="nearest"), [0.0, 2.0, 4.0, 5.0, 7.0]),
}


@pytest.mark.parametrize("name", OF_TENSORFLOW)
def test_windows_are_those_of_tensorflow(name: str, tmp_path: Path) -> None:
    keras, (build, wanted) = import_keras(), OF_TENSORFLOW[name]
    image, file = keras.Input((1, 8, 1)), tmp_path / "model.json"
    file.write_text(keras.Model(image, build(keras.layers)(image)).to_json(), encoding="utf-8")
    model = gb.compile(gb.from_keras(file).network)
    found = model(torch.arange(8.0).reshape(1, 1, 1, 8))
    np.testing.assert_allclose(found.flatten().numpy(), wanted, rtol=1e-6)
