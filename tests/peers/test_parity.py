"""Our networks beside other people's: with the same weights they give the same logits, and learn the same in one step.

The weights are random, batch norm's statistics too, and come over in a file through our own reader.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import graphbuilder as gb
from graphbuilder.analysis.weights import walk
from graphbuilder.weights.load import load
from tests.peers.reference import import_keras, import_torchvision

SPECS = Path(__file__).parents[2] / "specs"
MAPPINGS = SPECS / "weights"
CLASSES = 10
BATCH = 2

# Keras's variables answer numpy the old way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.fixture(autouse=True, scope="module")
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def images(size: int) -> Tensor:
    return torch.randn(BATCH, 3, size, size, generator=torch.Generator().manual_seed(size))


LABEL = torch.tensor([3])


def scales(count: int, generator: torch.Generator) -> Tensor:
    return 0.5 + torch.rand(count, generator=generator)


def means(count: int, generator: torch.Generator) -> Tensor:
    return 0.3 * torch.randn(count, generator=generator)


DRAWS = {"gamma": scales, "beta": means, "moving_mean": means, "moving_variance": scales, "bias": means}


def distance(found: Tensor, wanted: Tensor) -> float:
    """The largest difference, relative to the scale of what is wanted."""
    return float((found - wanted).abs().max() / wanted.abs().max())


def step(model: nn.Module, batch: Tensor) -> tuple[float, dict[str, Tensor]]:
    """The loss of one step of training on the first image, and every parameter's gradient, in double precision.

    In single precision, rounding decides which of two near numbers a pool takes and whether one near zero passes a
    ReLU, and one such choice in a small map moves whole gradients by more than what is compared.
    """
    model.double().train()
    loss = functional.cross_entropy(model(batch[:1].double()), LABEL)
    loss.backward()
    return float(loss.detach()), {
        name: parameter.grad for name, parameter in model.named_parameters() if parameter.grad is not None
    }


def compare(found: tuple[float, dict[str, Tensor]], wanted: tuple[float, Mapping[str, Tensor]]) -> None:
    assert found[0] == pytest.approx(wanted[0], rel=1e-6)
    assert found[1]
    worst = {name: distance(gradient, wanted[1][name]) for name, gradient in found[1].items()}
    assert max(worst.values()) <= 1e-6, max(worst.items(), key=lambda item: item[1])


# Keras


class KerasXception:
    """Keras's Xception in several sizes, with one set of weights."""

    def __init__(self, folder: Path) -> None:
        self._keras = import_keras()
        self._folder = folder
        generator = torch.Generator().manual_seed(0)
        model = self.model(299)
        for variable in model.weights:
            if draw := DRAWS.get(variable.name):
                variable.assign(draw(variable.shape[0], generator))
        self.file = folder / "xception.keras"
        model.save(self.file)
        self._weights = model.get_weights()

    @contextmanager
    def in_double_precision(self) -> Iterator[None]:
        """What is made here has 64 bits throughout. Keras itself narrows what some layers compute, by this table."""
        narrower = importlib.import_module("keras.src.backend.common.dtypes").BIT64_TO_BIT32_DTYPE
        self._keras.config.set_dtype_policy("float64")
        before = narrower.pop("float64")
        try:
            yield
        finally:
            narrower["float64"] = before
            self._keras.config.set_dtype_policy("float32")

    def model(self, size: int) -> Any:
        shape = (size, size, 3)
        return self._keras.applications.Xception(
            weights=None, input_shape=shape, classes=CLASSES, classifier_activation=None
        )

    def filled(self, size: int) -> Any:
        model = self.model(size)
        model.set_weights(self._weights)
        return model

    def logits(self, model: Any, batch: Tensor, training: bool = False) -> Tensor:
        return model(batch.permute(0, 2, 3, 1), training=training)

    def step(self, size: int, network: gb.Network) -> tuple[float, Mapping[str, Tensor]]:
        """The gradients by our names: they take the weights' places in a file that our reader reads."""
        with self.in_double_precision():
            model = self.filled(size)
            loss = functional.cross_entropy(self.logits(model, images(size)[:1].double(), training=True), LABEL)
        loss.backward()
        for variable in model.trainable_variables:
            variable.assign(variable.value.grad)
        file = self._folder / f"gradients_{size}.keras"
        model.save(file)
        return float(loss.detach()), load(dict(walk(network.typed)), file, MAPPINGS / "xception.keras.toml")


@pytest.fixture(scope="module")
def keras_xception(tmp_path_factory: pytest.TempPathFactory) -> KerasXception:
    return KerasXception(tmp_path_factory.mktemp("keras"))


def xception(size: int) -> gb.Network:
    return gb.load(SPECS / "xception.toml", params={"size": size, "classes": CLASSES})


@pytest.mark.parametrize("size", [299, 224, 256, 150])
def test_xception_answers_as_in_keras(keras_xception: KerasXception, size: int) -> None:
    model = gb.compile(xception(size), weights=keras_xception.file).eval()
    with torch.inference_mode():
        found = model(images(size))
        wanted = keras_xception.logits(keras_xception.filled(size), images(size))
    assert wanted.std() > 0.01
    assert distance(found, wanted) <= 1e-4


@pytest.mark.parametrize("size", [299, 224, 256, 150])
def test_xception_learns_as_in_keras(keras_xception: KerasXception, size: int) -> None:
    network = xception(size)
    model = gb.compile(network, weights=keras_xception.file)
    compare(step(model, images(size)), keras_xception.step(size, network))


# torchvision


def torchvision_model(name: str) -> nn.Module:
    model = getattr(import_torchvision().models, name)(weights=None, num_classes=CLASSES)
    generator = torch.Generator().manual_seed(0)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            state = {
                "weight": scales(module.num_features, generator),
                "bias": means(module.num_features, generator),
                "running_mean": means(module.num_features, generator),
                "running_var": scales(module.num_features, generator),
            }
            module.load_state_dict(state, strict=False)
    return model


class Pair(NamedTuple):
    """Our network and module, and torchvision's module with the same weights."""

    network: gb.Network
    ours: nn.Module
    theirs: nn.Module
    batch: Tensor


RESNETS = [("resnet50", 224), ("resnext50_32x4d", 224), ("resnext101_32x8d", 96)]


@pytest.fixture(scope="module", params=RESNETS, ids=[name for name, _ in RESNETS])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    name, size = request.param
    theirs = torchvision_model(name)
    file = tmp_path_factory.mktemp("torchvision") / f"{name}.pth"
    torch.save(theirs.state_dict(), file)
    network = gb.load(SPECS / f"{name}.toml", params={"size": size, "classes": CLASSES})
    return Pair(network, gb.compile(network, weights=file), theirs, images(size))


def test_resnets_answer_as_in_torchvision(pair: Pair) -> None:
    with torch.inference_mode():
        found, wanted = pair.ours.eval()(pair.batch), pair.theirs.eval()(pair.batch)
    assert distance(found, wanted) <= 1e-4


def test_resnets_learn_as_in_torchvision(pair: Pair, tmp_path: Path) -> None:
    loss, gradients = step(pair.theirs, pair.batch)
    torch.save(gradients, tmp_path / "gradients.pth")
    trained = {name: weight for name, weight in walk(pair.network.typed) if weight.trainable}
    wanted = load(trained, tmp_path / "gradients.pth", MAPPINGS / "resnet50.torchvision.toml")
    compare(step(pair.ours, pair.batch), (loss, wanted))
