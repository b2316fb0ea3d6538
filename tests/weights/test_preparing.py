"""What the model of a Keras file does to images, told where the network does not do the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphbuilder as gb
from graphbuilder.weights.checkpoint import Checkpoint
from graphbuilder.weights.unprepared import unprepared
from graphbuilder.weights.variants import Variants
from tests.weights.helpers import checkpoint

PLAIN = """\
format = 1
name = "net"
[inputs]
image = [3, 8, 8]
[model]
body = [{ op = "globalavgpool" }, { id = "logits", op = "linear", out = 2 }]
"""
PREPARING = """\
format = 1
extends = "net.toml"
name = "prepared"
[params]
mean = [0.5, 0.25, 0.5]
deviation = [0.5, 0.25, 0.25]
[model]
body = [
  { op = "rescale", scale = "=1 / 255" },
  { op = "rescale", offset = ["=-mean[0]", "=-mean[1]", "=-mean[2]"] },
  { op = "rescale", scale = ["=1 / deviation[0]", "=1 / deviation[1]", "=1 / deviation[2]"] },
  { op = "globalavgpool" },
  { id = "logits", op = "linear", out = 2 },
]
"""
RULES = 'format = 1\nsource = "keras"\nignore = ["normalization/*"]\n[rules]\n"logits" = "logits"\n'

MEAN, VARIANCE = [0.5, 0.25, 0.5], [0.25, 0.0625, 0.0625]
BYTES: dict[str, Any] = {"scale": 1 / 255}
FIXED: dict[str, Any] = {"mean": MEAN, "variance": VARIANCE}
ADAPTED = {"normalization/mean": np.array(MEAN, np.float32), "normalization/variance": np.array(VARIANCE, np.float32)}
BODY = {"logits/kernel": np.zeros((3, 2), np.float32), "logits/bias": np.zeros(2, np.float32)}


def layer(kind: str, name: str, read: str = "", **config: Any) -> dict[str, Any]:
    inbound = [{"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": [read, 0, 0]}}]}]
    return {"class_name": kind, "config": {"name": name, **config}, "inbound_nodes": inbound if read else []}


def model(*layers: Mapping[str, Any], kind: str = "Functional") -> dict[str, Any]:
    return {"class_name": kind, "config": {"name": "net", "layers": [*layers]}}


def chain(*kinds: tuple[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A model of these layers in a row, and a dense one."""
    names = ["image", *(f"{kind.lower()}_{number}" for number, (kind, _) in enumerate(kinds))]
    rows = [layer(kind, names[n + 1], names[n], **config) for n, (kind, config) in enumerate(kinds)]
    return model(layer("InputLayer", "image"), *rows, layer("Dense", "logits", names[-1]))


def file(config: Mapping[str, Any] | None = None, adapted: bool = False, bare: tuple[str, ...] = ()) -> Checkpoint:
    found = checkpoint({**BODY, **(ADAPTED if adapted else {})})
    return replace(found, config=config or {}, bare=bare)


def by_code(kind: str, number: object, name: str, read: str) -> dict[str, Any]:
    """A layer that Keras 3 makes of ``x / 255``, or of an array in place of the number."""
    found = layer(kind, name, read)
    value = {"class_name": "__numpy__", "config": {"value": number}} if isinstance(number, list) else number
    found["inbound_nodes"][0]["args"].append(value)
    return {**found, "module": "keras.src.ops.numpy"}


def by_older_code(function: str, number: float, name: str, read: str) -> dict[str, Any]:
    """The like of Keras 2."""
    config = {"name": name, "function": function}
    return {"class_name": "TFOpLambda", "config": config, "inbound_nodes": [[read, 0, 0, {"y": number, "name": None}]]}


IMAGENET = (("Rescaling", BYTES), ("Normalization", FIXED))
NESTED = model(layer("InputLayer", "x"), {**chain(*IMAGENET), "inbound_nodes": layer("", "", "x")["inbound_nodes"]})
PREPARED = {
    "by numbers of its config": file(chain(*IMAGENET)),
    "by one factor and offset": file(
        chain(("Rescaling", {"scale": [2 / 255, 4 / 255, 4 / 255], "offset": [-1, -1, -2]}))
    ),
    "adapted to data": file(chain(("Rescaling", BYTES), ("Normalization", {"mean": None})), adapted=True),
    "in a model within": file(NESTED),
    "in a row, behind what training alone does": file(
        model(
            layer("RandomFlip", "flip"), *(layer(kind, kind, **config) for kind, config in IMAGENET), kind="Sequential"
        )
    ),
    "undone and done again": file(chain(*IMAGENET, ("Normalization", {**FIXED, "invert": True}), IMAGENET[1])),
    "by code": file(
        model(
            layer("InputLayer", "image"),
            by_older_code("math.truediv", 255.0, "bytes", "image"),
            by_code("Subtract", [[[MEAN]]], "mean", "bytes"),
            by_code("TrueDivide", [0.5, 0.25, 0.25], "deviation", "mean"),
        )
    ),
    "weights alone": file(adapted=True),
}
PLAINLY = {
    "nothing": file(chain()),
    "a factor of one": file(chain(("Rescaling", {"scale": 1.0}))),
    "further in": file(chain(("Conv2D", {}), *IMAGENET)),
    "weights alone, without": file(),
    "beside the way": file(
        model(layer("InputLayer", "x"), layer("Dense", "d", "x"), layer("Rescaling", "r", "d", scale=9))
    ),
}
STRANGE = [
    {"class_name": "Rescaling", "config": None},
    *(layer("Rescaling", "r", scale=scale) for scale in ("two", [1, 2], None, {}, [[]], 10**400)),
    *(layer("Normalization", "n", mean=MEAN, variance=variance) for variance in (None, [-1, -1, -1], "v")),
    layer("Normalization", "n"),
    layer("Rescaling", "r", scale=0.0),
]


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    (tmp_path / "weights").mkdir()
    for name, text in (("net", PLAIN), ("prepared", PREPARING)):
        (tmp_path / f"{name}.toml").write_text(text)
        (tmp_path / "weights" / f"{name}.keras.toml").write_text(RULES)
    return tmp_path


def told(path: Path, found: Checkpoint, **params: Any) -> list[str]:
    network = gb.load(path, params=params)
    return [str(each.help) for each in unprepared(network.typed, found, Variants(network.files, network.params))]


@pytest.mark.parametrize("name", PREPARED)
def test_a_file_that_prepares_images_and_a_network_that_does(name: str, specs: Path) -> None:
    assert told(specs / "prepared.toml", PREPARED[name]) == []
    assert told(specs / "net.toml", PREPARED[name]) == [f"take {specs / 'prepared.toml'}, whose network does that"]
    (setting,) = told(specs / "prepared.toml", PREPARED[name], mean=[0.0, 0.0, 0.0])
    assert setting == "--set mean=[0.5,0.25,0.5] --set deviation=[0.5,0.25,0.25]"


@pytest.mark.parametrize("name", PLAINLY)
def test_a_file_that_does_not(name: str, specs: Path) -> None:
    assert told(specs / "net.toml", PLAINLY[name]) == []


def test_a_network_that_does_it_alone(specs: Path) -> None:
    (specs / "weights" / "net.keras.toml").unlink()
    (remedy,) = told(specs / "prepared.toml", file(chain(("Rescaling", {"scale": 1.0}))))
    assert remedy.startswith("--set mean=[0.0,0.0,0.0] --set deviation=[0.00392157,")


def test_numbers_that_no_spec_has(specs: Path) -> None:
    (remedy,) = told(specs / "net.toml", file(chain(("Rescaling", {"scale": 0.5, "offset": -1}))))
    step = '{ op = "rescale", scale = 0.5, offset = -1.0 }'
    assert remedy == f"give it images that are prepared so, or put a step in front of all others: {step}"
    block = f'[blocks.first]\nbody = [{{ op = "scale", value = 0.5, learn = false }}, {step.replace("0.5", "1.0")}]\n'
    for text in (PLAIN.replace("[{", f"[{step}, {{", 1), PLAIN.replace("[{", '[{ use = "first" }, {', 1) + block):
        (specs / "net.toml").write_text(text)
        assert told(specs / "net.toml", file(chain(("Rescaling", {"scale": 0.5, "offset": -1})))) == []


def test_layers_whose_numbers_are_not_there(specs: Path) -> None:
    found = file(bare=("conv2d", "rescaling"))
    assert told(specs / "net.toml", found) == [f"take {specs / 'prepared.toml'}, whose network does that"]
    assert told(specs / "prepared.toml", found) == []


def test_deviations_where_variances_are_expected(specs: Path) -> None:
    """As in the EfficientNets that Keras publishes."""
    published = checkpoint({**BODY, **ADAPTED, "normalization/variance": np.array([0.5, 0.25, 0.25], np.float32)})
    assert told(specs / "prepared.toml", published) == []


@pytest.mark.parametrize("number", range(len(STRANGE)))
def test_a_config_that_says_anything(number: int, specs: Path) -> None:
    assert told(specs / "net.toml", file(model(layer("InputLayer", "x"), STRANGE[number]))) == []
