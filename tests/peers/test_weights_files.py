"""Files that Keras and torch themselves write: one model, one set of names and numbers, whatever the format."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.optim.swa_utils import AveragedModel

import graphbuilder as gb
from graphbuilder.weights.keras_names import snake_case
from graphbuilder.weights.load import fitting
from graphbuilder.weights.read import read
from tests.peers.parity import SPECS
from tests.peers.reference import import_keras, import_torchvision

Names = dict[str, np.ndarray]

# Keras's variables answer numpy the old way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

# Those that keep something, in order; automatic names count from the model's first.
LAYERS = [
    "base/conv2d",
    "base/batch_normalization",
    "base/block1_sep",
    "base/batch_normalization_1",
    "base/depthwise_conv2d",
    "base/conv2d_1",
    "base/layer_normalization",
    "hidden",
    "dense",
]


def layers(keras: Any) -> list[Any]:
    """Some of everything that keeps variables, most of it under automatic names."""
    make = keras.layers
    return [
        make.Conv2D(4, 3, use_bias=False),
        make.BatchNormalization(),
        make.SeparableConv2D(6, 3, name="block1_sep"),
        make.BatchNormalization(scale=False),
        make.DepthwiseConv2D(3, depth_multiplier=2),
        make.Conv2D(4, 3),
        make.LayerNormalization(),
        make.GlobalAveragePooling2D(),
        make.Dropout(0.5),
    ]


def random(keras: Any) -> Any:
    """A model with a model in it; every number in it is another."""
    image = keras.Input((16, 16, 3))
    base = keras.Sequential([keras.Input((16, 16, 3)), *layers(keras)], name="base")
    model = keras.Model(image, keras.layers.Dense(5)(keras.layers.Dense(4, name="hidden")(base(image))))
    generator = np.random.default_rng(0)
    for variable in model.weights:
        variable.assign(generator.normal(size=variable.shape))
    return model


def contents(path: Path) -> Names:
    with read(path) as checkpoint:
        return {name: stored.read() for name, stored in checkpoint.tensors.items() if "optimizer" not in name}


@pytest.fixture(scope="module")
def model() -> Any:
    keras = import_keras()
    random(keras)  # so that automatic numbers do not start at nothing
    return random(keras)


@pytest.fixture(scope="module")
def folder(model: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keras")
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    model.save(folder / "w.keras")
    model.save_weights(folder / "w.weights.h5")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that .h5 is the older format
        model.save(folder / "w.h5")
    return folder


def expected(model: Any) -> Names:
    weighted = [layer for layer in (*model.get_layer("base").layers, *model.layers[2:]) if layer.weights]
    return {
        f"{name}/{variable.name}": variable.value.detach().numpy()
        for name, layer in zip(LAYERS, weighted, strict=True)
        for variable in layer.weights
    }


@pytest.mark.parametrize("name", ["w.keras", "w.weights.h5", "w.h5"])
def test_every_format_has_the_names_and_numbers(model: Any, folder: Path, name: str) -> None:
    found, wanted = contents(folder / name), expected(model)
    if name == "w.weights.h5":
        # Without a config nobody knows which of its variables this layer leaves out; the network will.
        wanted["base/batch_normalization_1/gamma_or_beta"] = wanted.pop("base/batch_normalization_1/beta")
    assert sorted(found) == sorted(wanted)
    for key, array in wanted.items():
        np.testing.assert_array_equal(found[key], array, err_msg=key)


def test_keras_names_its_classes_so() -> None:
    from_keras = import_keras().src.utils.naming.to_snake_case
    names = [name for name in dir(import_keras().layers) if name[0].isupper()]
    assert len(names) > 100
    assert [snake_case(name) for name in names] == list(map(from_keras, names))


def trained(model: nn.Module) -> dict[str, Any]:
    """What a script of training has beside the model."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    torch.stack([parameter.sum() for parameter in model.parameters()]).sum().backward()
    optimizer.step()
    return {"epoch": 3, "optimizer": optimizer.state_dict(), "best": torch.tensor(0.5)}


# What training scripts put into a file, by the habit that they follow.
CHECKPOINTS = {
    "the state alone": lambda model: model.state_dict(),
    "below state_dict": lambda model: {"state_dict": model.state_dict(), **trained(model)},
    "below model": lambda model: {"model": model.state_dict(), **trained(model)},
    "below model_state_dict": lambda model: {"model_state_dict": model.state_dict(), **trained(model)},
    "in parallel": lambda model: {"state_dict": nn.DataParallel(model).state_dict(), "epoch": 1},
    "compiled": lambda model: torch.compile(model).state_dict(),
    "compiled, in parallel": lambda model: nn.DataParallel(cast("nn.Module", torch.compile(model))).state_dict(),
    "averaged": lambda model: AveragedModel(model).state_dict(),
    "averages beside": lambda model: {"model": model.state_dict(), "model_ema": AveragedModel(model).state_dict()},
    "timm's averages beside": lambda model: {
        "state_dict": model.state_dict(),
        "state_dict_ema": {name: tensor * 0 for name, tensor in model.state_dict().items()},
    },
}


@pytest.fixture(scope="module")
def squeezenet() -> nn.Module:
    return import_torchvision().models.squeezenet1_1(num_classes=10)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch.compile's own
@pytest.mark.parametrize("ending", ["pth", "older.pth", "safetensors"])
@pytest.mark.parametrize("name", CHECKPOINTS)
def test_every_checkpoint_of_torch_gives_the_weights(
    name: str, ending: str, squeezenet: nn.Module, tmp_path: Path
) -> None:
    content = CHECKPOINTS[name](squeezenet)
    wanted = [tensor.clone() for tensor in squeezenet.state_dict().values()]
    file = tmp_path / f"w.{ending}"
    if ending == "safetensors":
        state = next((content[key] for key in ("state_dict", "model", "model_state_dict") if key in content), content)
        save_file({key: tensor.clone() for key, tensor in state.items()}, file)
    else:
        torch.save(content, file, _use_new_zipfile_serialization=ending == "pth")
    network = gb.load(SPECS / "squeezenet1_1.toml", params={"classes": 10})
    with fitting(network.typed, network.files, file) as fit:
        found = list(fit.tensors().values())
    assert sorted(map(float, map(torch.sum, found))) == sorted(map(float, map(torch.sum, wanted)))
