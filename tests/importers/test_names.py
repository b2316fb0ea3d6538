"""Names that a model brings: whatever they are, they become names of the language and nothing else of the text."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import tomli
from torch import Tensor, nn, ones

import graphbuilder as gb
from graphbuilder.importers.importing import Imported

TABLES = 'ok=[1,32,32]\n[blocks.evil]\nbody=[{op="relu"}]\n[params.injected]\ndefault=[1]\nmin'


def layer(kind: str, name: str, **config: Any) -> dict[str, Any]:
    return {"module": "keras.layers", "class_name": kind, "config": {"name": name, **config}}


def imported(folder: Path, given: str, dense: str = "d", model: str = "m", file: str = "model.json") -> Imported:
    layers = [
        layer("InputLayer", given, batch_shape=[None, 8, 8, 1]),
        layer("Flatten", "flat"),
        layer("Dense", dense, units=3, activation="linear", use_bias=True),
    ]
    config = {"module": "keras", "class_name": "Sequential", "config": {"name": model, "layers": layers}}
    path = folder / file
    path.write_text(json.dumps(config), encoding="utf-8")
    return gb.from_keras(path)


@pytest.mark.parametrize(
    ("given", "called"),
    [
        ("left", "left"),
        ('in"put', "in_put"),
        ('a"]\n', "a"),
        ("title = [1, 8, 8]\nin", "title_1_8_8_in"),
        ("torch", "image"),
        ("\u6570", "image"),
        ("x" * 5000, "x" * 64),
        (TABLES, "ok_1_32_32_blocks_evil_body_op_relu_params_injected_default_1_min"[:64]),
    ],
)
def test_an_input_has_a_name_of_the_language(given: str, called: str, tmp_path: Path) -> None:
    found = tomli.loads(imported(tmp_path, given).text)
    assert [*found["inputs"]] == [called]
    assert "blocks" not in found and "injected" not in found["params"]


def test_an_input_is_told_apart_from_a_layer_that_its_name_becomes(tmp_path: Path) -> None:
    found = imported(tmp_path, "d?")
    assert [*tomli.loads(found.text)["inputs"]] == ["image"]


@pytest.mark.parametrize("text", ['d" }\n]\n[params]\nevil = 1 #\x1b[2J\u202e', "{b}", "*" * 3000])
def test_what_layers_models_and_files_are_called_stays_in_its_place(text: str, tmp_path: Path) -> None:
    found = imported(tmp_path, "left", dense=text, model=text, file="a\n[evil]\x1b.json")
    assert [*tomli.loads(found.text)] == ["format", "name", "dialect", "params", "inputs", "model"]
    rules = tomli.loads(found.mapping or "")
    assert set(rules) <= {"format", "source", "ignore", "rules"} and len(rules["rules"]) == 1


def test_a_compressed_config_is_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", " " * 1000 + "{}")
    with pytest.raises(gb.CompileError, match="compressed"):
        gb.from_keras(path)


def test_half_a_character_is_no_name(tmp_path: Path) -> None:
    with pytest.raises(gb.CompileError, match="GB802"):
        imported(tmp_path, "\ud800")


def test_the_name_of_a_class_of_python_becomes_one_of_a_block() -> None:
    class Inner(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 1)

        def forward(self, x: Tensor) -> Tensor:
            return x + self.two(self.one(x).relu())

    Inner.__name__ = Inner.__qualname__ = f'In"ner]\n[evil]{"x" * 100}'
    found = gb.from_torch(nn.Sequential(Inner(), Inner(), Inner()), ones(1, 4, 8, 8), name="m")
    assert all(name.startswith("in_ner_evil") for name in tomli.loads(found.text)["blocks"])


def test_two_inputs_of_python_have_two_names() -> None:
    class Sum(nn.Module):
        def forward(self, x: Tensor, image: Tensor) -> Tensor:
            return x + 2 * image

    found = gb.from_torch(Sum(), ones(1, 4, 8, 8), ones(1, 4, 8, 8))
    assert len(tomli.loads(found.text)["inputs"]) == 2
