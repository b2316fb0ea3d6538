"""Layers and modules that a model runs several times: steps that share weights, and what cannot be said of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import graphbuilder as gb
from graphbuilder.cli.entry import run
from graphbuilder.diagnostics import CompileError
from tests.importers.test_keras import answers, randomised
from tests.peers.reference import import_keras

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
]


class Twins(nn.Module):
    """One tower on two inputs, and one layer four times."""

    def __init__(self) -> None:
        super().__init__()
        self.tower = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1))
        self.refine = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU())
        self.mix = nn.Conv2d(8, 8, 1)
        self.head = nn.Linear(8, 2)

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        x = torch.cat([self.tower(left), self.tower(right)], dim=1)
        for _ in range(4):
            x = self.refine(x)
        return self.head(self.mix(self.mix(x).relu()).mean(dim=(2, 3)))


class Interleaved(nn.Module):
    """A layer that two blocks own, which are therefore written out."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4), nn.Conv2d(4, 4, 3, padding=1))
        self.second = nn.Sequential(self.first[0], nn.BatchNorm2d(4), nn.Conv2d(4, 4, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        return (self.first(x) + x).relu() * (self.second(x) - x).relu()


class Strides(nn.Module):
    """One layer, run in two ways."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(4, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        fewer = nn.functional.conv2d(x, self.layer.weight, self.layer.bias, stride=2)
        return self.layer(x).mean(dim=(2, 3)) + fewer.mean(dim=(2, 3))


class Levels(nn.Module):
    """Two heads over three levels of a pyramid."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.down = nn.ModuleList(nn.Conv2d(8, 8, 3, stride=2, padding=1) for _ in range(2))
        self.classes, self.boxes = (
            nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, out, 1))
            for out in (6, 4)
        )

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        levels = [self.stem(x).relu()]
        for down in self.down:
            levels.append(down(levels[-1]).relu())
        found = {f"classes_{number}": self.classes(level) for number, level in enumerate(levels)}
        return {**found, **{f"boxes_{number}": self.boxes(level) for number, level in enumerate(levels)}}


def test_a_torch_module_called_again_is_shared() -> None:
    found = gb.from_torch(Twins(), torch.randn(2, 3, 8, 8), torch.randn(2, 3, 8, 8))
    assert found.difference is not None and found.difference < 1e-5
    assert '{ id = "tower_2", share = "tower", from = "right" }' in found.text
    assert '{ use = "refine", repeat = 4, share = true }' in found.text
    assert 'share = "mix"' in found.text


def test_heads_over_levels_of_several_sizes_are_shared(tmp_path: Path) -> None:
    model, example = Levels().eval(), torch.randn(2, 3, 33, 47)
    found = gb.from_torch(model, example)
    assert found.text.count('share = "classes"') == found.text.count('share = "boxes"') == 2
    found.save(tmp_path / "levels.toml")
    torch.save(model.state_dict(), tmp_path / "levels.pth")
    ours = gb.compile(tmp_path / "levels.toml", weights=tmp_path / "levels.pth").eval()
    with torch.no_grad():
        given, wanted = ours(example), model(example)
    assert all(torch.allclose(given[name], wanted[name], atol=1e-6) for name in wanted)


def test_blocks_that_share_a_layer_are_written_out() -> None:
    found = gb.from_torch(Interleaved(), torch.randn(2, 4, 8, 8))
    assert found.difference is not None and found.difference < 1e-5
    assert 'share = "conv"' in found.text


def test_what_cannot_be_shared_is_told() -> None:
    with pytest.raises(CompileError) as caught:
        gb.from_torch(Strides(), torch.randn(2, 4, 8, 8))
    assert all("with weights that 2 calls share" in each.message for each in caught.value.diagnostics)


def siamese() -> Any:
    """One model on two images, of which a layer has a later number than what reads it."""
    keras = import_keras()
    make = keras.layers
    image = keras.Input((8, 8, 3))
    x = make.BatchNormalization()(make.Conv2D(4, 3, padding="same", activation="relu")(image))
    tower = keras.Model(image, make.Conv2D(4, 3, padding="same")(x), name="tower")
    left, right = keras.Input((8, 8, 3), name="left"), keras.Input((8, 8, 3), name="right")
    again = make.Conv2D(4, 1, name="again")
    x = make.Add()([again(tower(left)), tower(right)])
    x = make.GlobalAveragePooling2D()(again(make.ReLU()(x)))
    return keras.Model([left, right], make.Dense(3)(x))


@pytest.mark.peers
def test_a_keras_model_called_again_is_shared(tmp_path: Path) -> None:
    model = randomised(siamese())
    file, spec = tmp_path / "model.keras", tmp_path / "siamese.toml"
    model.save(file)
    found = gb.from_keras(file, "siamese")
    found.save(spec)
    assert answers(model, file, spec) < 1e-5
    assert 'share = "tower"' in found.text and 'share = "again"' in found.text


@pytest.mark.peers
def test_calls_that_no_layer_is_for_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keras = import_keras()
    image = keras.Input((8, 8, 3))
    x = keras.layers.Dropout(0.5, name="always")(image, training=True)
    file = tmp_path / "model.json"
    file.write_text(keras.Model(image, keras.ops.sort(x)).to_json(), encoding="utf-8")
    assert run(["import", str(file)]) == 2
    told = capsys.readouterr().err
    assert "`Dropout` called with True" in told and "`Sort`" in told


class Tied(nn.Module):
    """Two layers, the second with a weight of the first, or all of them."""

    def __init__(self, shared: tuple[str, ...], bias: bool = True) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(6, 6, bias=bias), nn.Linear(6, 6, bias=bias)
        for name in shared:
            setattr(self.second, name, getattr(self.first, name))

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x).relu())


@pytest.mark.parametrize(("shared", "bias"), [(("weight", "bias"), True), (("weight",), False)])
def test_a_layer_whose_weights_are_all_anothers_is_run_again(
    shared: tuple[str, ...], bias: bool, tmp_path: Path
) -> None:
    model, example = Tied(shared, bias), torch.randn(2, 6)
    found = gb.from_torch(model, example)
    assert 'share = "first"' in found.text
    found.save(tmp_path / "tied.toml")
    torch.save(model.state_dict(), tmp_path / "tied.pth")
    with torch.no_grad():
        again = gb.compile(tmp_path / "tied.toml", weights=tmp_path / "tied.pth").eval()(example)
        assert torch.allclose(again, model(example), atol=1e-6)


def test_weights_that_two_layers_share_in_part_are_named() -> None:
    with pytest.raises(CompileError) as caught:
        gb.from_torch(Tied(("weight",)), torch.randn(2, 6))
    (found,) = caught.value.diagnostics
    assert found.code == "GB801" and found.message.startswith("module `second`, ")
    assert "weights shared between `first` and `second`, but not all that they have: `first.weight`" in found.message
