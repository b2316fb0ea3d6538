"""Live Keras models: their answers are compared with the spec's, and the first layer that differs is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import graphbuilder as gb
from tests.importers.test_keras import channels_first, fields, nested, randomised
from tests.peers.reference import import_keras

pytestmark = [
    pytest.mark.peers,
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
]


@pytest.mark.parametrize("build", [fields, nested, channels_first])
def test_a_live_model_is_compared(build: Any, tmp_path: Path) -> None:
    model = randomised(build())
    if build is nested:  # its average pools an even size with a window of 2, and needs no padding
        model = import_keras().Model(model.inputs, {"b": model.outputs[0], "a": model.outputs[1]})
    found = gb.from_keras(model, "live")
    assert found.difference is not None and found.difference < 1e-4
    found.save(tmp_path / "live.toml", tmp_path / "live.safetensors")


def test_the_first_layer_that_differs_is_named() -> None:
    """Keras on torch repeats the edge where TensorFlow leaves padding out of an average."""
    keras = import_keras()
    image = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, padding="same", name="before")(image)
    x = keras.layers.AveragePooling2D(3, 2, padding="same", name="uneven")(x)
    model = keras.Model(image, keras.layers.Conv2D(4, 3, name="behind")(x))
    with pytest.raises(gb.CompileError, match="`uneven` answers otherwise here than in Keras on torch") as found:
        gb.from_keras(model)
    assert {each.code for each in found.value.diagnostics} == {"GB805"}


def test_what_is_no_model_is_told() -> None:
    with pytest.raises(gb.CompileError, match="a dict: it is no path of a file, and no Keras model"):
        gb.from_keras({})
