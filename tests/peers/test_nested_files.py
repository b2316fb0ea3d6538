"""A model in a model in a model of Keras, by a mapping of one's own: its answers, and the table of what went where."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import graphbuilder as gb
from graphbuilder.cli.entry import run
from tests.peers.keras_2 import older
from tests.peers.reference import import_keras

# Keras's variables answer numpy the old way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

SPEC = """\
format = 1
name = "net"
dialect = "keras"
[inputs]
image = [3, 12, 12]
[model]
body = [
  { use = "stem" },
  { id = "deep", use = "unit", repeat = 2 },
  { op = "flatten" },
  { id = "hidden", op = "linear", out = 5 },
  { op = "relu" },
  { id = "logits", op = "linear", out = 3 },
]
[blocks.stem]
body = [{ op = "conv", out = 6, kernel = 3 }, { op = "batchnorm" }]
[blocks.unit]
body = [{ op = "sepconv", out = 6, kernel = 3, bias = false }, { op = "batchnorm", scale = false }]
"""
MAPPING = """\
format = 1
source = "keras"
[rules]
"features/first"                   = "stem.conv"
"features/batch_normalization"     = "stem.batchnorm"
"features/deep/sep{n}"             = "deep.{n-1}.sepconv"
"features/deep/bn{n}"              = "deep.{n-1}.batchnorm"
"hidden"                           = "hidden"
"dense"                            = "logits"
"""
# Keras 2 left out the names of models in a model's model.
OLDER = """\
format = 1
source = "keras"
extends = "net.keras.toml"
[rules]
"features/deep/sep{n}" = false
"features/deep/bn{n}"  = false
"features/sep{n}"      = "deep.{n-1}.sepconv"
"features/bn{n}"       = "deep.{n-1}.batchnorm"
"""


def nested() -> Any:
    keras = import_keras()
    make = keras.layers
    deep = keras.Sequential(name="deep")
    for number in (1, 2):
        deep.add(make.SeparableConv2D(6, 3, use_bias=False, name=f"sep{number}"))
        deep.add(make.BatchNormalization(scale=False, name=f"bn{number}"))
    inner, image = keras.Input((12, 12, 3)), keras.Input((12, 12, 3))
    features = keras.Model(
        inner, deep(make.BatchNormalization()(make.Conv2D(6, 3, name="first")(inner))), name="features"
    )
    x = make.Dense(5, activation="relu", name="hidden")(make.Flatten()(features(image)))
    model = keras.Model(image, make.Dense(3)(x))
    generator = np.random.default_rng(0)
    for variable in model.weights:
        variable.assign(generator.uniform(0.2, 0.9, variable.shape))
    return model


@pytest.fixture(scope="module")
def model() -> Any:
    nested()  # so that automatic numbers do not start at nothing
    return nested()


@pytest.fixture(scope="module")
def folder(model: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nested")
    (folder / "weights").mkdir()
    (folder / "weights" / "net.keras.toml").write_text(MAPPING)
    (folder / "weights" / "net.keras_2.toml").write_text(OLDER)
    (folder / "net.toml").write_text(SPEC)
    model.save(folder / "w.keras")
    model.save_weights(folder / "w.weights.h5")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that .h5 is the older format
        model.save(folder / "w.h5")
    older(folder / "w.h5", folder / "older.h5")
    return folder


FILES = ("w.keras", "w.weights.h5", "w.h5", "older.h5")


@pytest.mark.parametrize("name", FILES)
def test_it_answers_as_keras(name: str, model: Any, folder: Path) -> None:
    ours = gb.compile(folder / "net.toml", weights=folder / name).eval()
    image = torch.randn(2, 3, 12, 12, generator=torch.Generator().manual_seed(1))
    wanted = torch.from_numpy(model.predict(image.permute(0, 2, 3, 1).numpy(), verbose=0))
    with torch.inference_mode():
        torch.testing.assert_close(ours(image), wanted, rtol=1e-5, atol=1e-5)


def rows(deep: str, shift: str) -> Iterator[tuple[str, str, list[int], list[int], str]]:
    """What the table says: ours, theirs, its shape in the file, ours, and how it is turned."""
    norm = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}
    yield "stem.conv.weight", "features/first/kernel", [3, 3, 3, 6], [6, 3, 3, 3], "channels first"
    yield "stem.conv.bias", "features/first/bias", [6], [6], "as it is"
    for theirs, ours in norm.items():
        yield f"stem.batchnorm.{ours}", f"features/batch_normalization/{theirs}", [6], [6], "as it is"
    for n in (0, 1):
        sep = (f"deep.{n}.sepconv", f"{deep}/sep{n + 1}")
        yield f"{sep[0]}.depthwise.weight", f"{sep[1]}/depthwise_kernel", [3, 3, 6, 1], [6, 1, 3, 3], "depthwise"
        yield f"{sep[0]}.pointwise.weight", f"{sep[1]}/pointwise_kernel", [1, 1, 6, 6], [6, 6, 1, 1], "channels first"
        for theirs, ours in {**norm, shift: "bias"}.items():
            if theirs not in {"gamma", "beta"} - {shift}:
                yield f"deep.{n}.batchnorm.{ours}", f"{deep}/bn{n + 1}/{theirs}", [6], [6], "as it is"
    flattened = "channels first, flattened 6x6x6 to channels first"
    yield "hidden.weight", "hidden/kernel", [216, 5], [5, 216], flattened
    yield "hidden.bias", "hidden/bias", [5], [5], "as it is"
    yield "logits.weight", "dense/kernel", [5, 3], [3, 5], "channels first"
    yield "logits.bias", "dense/bias", [3], [3], "as it is"


@pytest.mark.parametrize("name", FILES)
def test_the_table_says_what_went_where(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["weights", str(folder / "net.toml"), str(folder / name), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    keys = ("ours", "theirs", "stored", "shape", "transform")
    deep = "features" if name == "older.h5" else "features/deep"
    # Without a config nobody knows which of its variables a norm leaves out; the network does.
    shift = "gamma_or_beta" if name == "w.weights.h5" else "beta"
    assert sorted(tuple(each[key] for key in keys) for each in found["tensors"]) == sorted(rows(deep, shift))
    assert run(["weights", str(folder / "net.toml"), str(folder / name)]) == 0
    shown = {" ".join(line.split()) for line in capsys.readouterr().out.splitlines()}
    assert f"deep.0.sepconv.depthwise.weight {deep}/sep1/depthwise_kernel 3x3x6x1 -> 6x1x3x3 depthwise" in shown


def test_it_is_loaded_by_a_mapping_from_anywhere(model: Any, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "net.toml").write_text(SPEC)
    (tmp_path / "names.toml").write_text(MAPPING)
    with pytest.raises(gb.CompileError, match='write a mapping with source = "keras" into the folder'):
        gb.compile(tmp_path / "net.toml", weights=folder / "w.keras")
    found = gb.compile(tmp_path / "net.toml", weights=folder / "w.keras", weights_map=tmp_path / "names.toml")
    kernel = model.get_layer("features").get_layer("deep").get_layer("sep2").depthwise_kernel.value.detach()
    assert torch.equal(found.state_dict()["deep.1.sepconv.depthwise.weight"], kernel.permute(2, 3, 0, 1))
