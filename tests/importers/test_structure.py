"""Keras models of several inputs and outputs: what recurs in them is found, and which number counts classes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import graphbuilder as gb
from tests.importers.test_keras import answers, randomised
from tests.peers.reference import import_keras

pytestmark = [
    pytest.mark.peers,
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
]

SIZE = 8


def image(name: str, channels: int = 3) -> Any:
    return import_keras().Input((SIZE, SIZE, channels), name=name)


def residual(x: Any) -> Any:
    make = import_keras().layers
    y = make.Conv2D(x.shape[-1], 3, padding="same")(x)
    return make.ReLU()(make.Add()([x, make.BatchNormalization()(y)]))


def tower(x: Any) -> Any:
    make = import_keras().layers
    x = make.ReLU()(make.BatchNormalization()(make.Conv2D(4, 3, strides=2, padding="same")(x)))
    return residual(residual(x))


def head(x: Any, width: int, name: str, activation: str | None = None) -> Any:
    make = import_keras().layers
    return make.Dense(width, activation, name=name)(make.GlobalAveragePooling2D()(x))


def merged() -> Any:
    """Two inputs of other kinds, and a body that repeats behind their join."""
    keras = import_keras()
    left, right = image("left"), image("right", 1)
    x = keras.layers.Add()([keras.layers.Conv2D(4, 3, padding="same")(each) for each in (left, right)])
    for _ in range(4):
        x = residual(x)
    return keras.Model([left, right], head(x, 5, "logits"))


def towers() -> Any:
    """Two ways of one form, with weights of their own."""
    keras = import_keras()
    left, right = image("left"), image("right")
    x = keras.layers.Concatenate()([tower(left), tower(right)])
    return keras.Model([left, right], head(x, 5, "logits"))


def twins() -> Any:
    """Two ways of the same layers, each called for itself."""
    keras = import_keras()
    make = keras.layers
    layers = [make.Conv2D(4, 3, strides=2), make.BatchNormalization(), make.ReLU(), make.Conv2D(4, 3), make.Flatten()]
    left, right = image("left"), image("right")
    ways: list[Any] = []
    for way in (left, right):
        for layer in layers:
            way = layer(way)
        ways.append(way)
    return keras.Model([left, right], make.Dense(1, activation="sigmoid")(make.Subtract()(ways)))


def crossed() -> Any:
    """Inputs of one form that are called in another order than their ways are long, and so is a model within."""
    keras = import_keras()
    make = keras.layers
    near, far = image("near"), image("far")
    ways = [make.ReLU()(make.Conv2D(4, 3)(far)), make.Conv2D(4, 3)(near)]
    inner = keras.Model([far, near], make.Subtract()(ways), name="inner")
    left, right = image("left"), image("right")
    return keras.Model([left, right], head(inner([make.ReLU()(right), left]), 5, "logits"))


def asked() -> Any:
    """A classifier and a regression, which stands last."""
    keras = import_keras()
    x = image("image")
    y = residual(residual(residual(keras.layers.Conv2D(4, 3)(x))))
    return keras.Model(x, [head(y, 6, "species", "softmax"), head(y, 1, "age")])


def boxed() -> Any:
    """Outputs as a table, one of them under a name that a spec cannot have."""
    keras = import_keras()
    x = image("image")
    y = keras.layers.Conv2D(4, 3)(x)
    return keras.Model(x, {"class": head(y, 6, "class_logits"), "corners": head(y, 4, "box", "sigmoid")})


def twice() -> Any:
    """Two classifiers."""
    keras = import_keras()
    x = image("image")
    y = keras.layers.Conv2D(4, 3)(x)
    return keras.Model(x, [head(y, 6, "species", "softmax"), head(y, 3, "colour", "softmax")])


def deep() -> Any:
    """Heads with blocks of their own that begin where they fork, and a map of classes."""
    keras = import_keras()
    x = image("image")
    y = residual(residual(keras.layers.Conv2D(4, 3, padding="same")(x)))
    left, right = residual(residual(y)), residual(residual(residual(y)))
    mask = keras.layers.Conv2D(6, 1, activation="softmax", name="mask")(right)
    return keras.Model(x, [mask, head(left, 4, "corners")])


def within() -> Any:
    """A layer in the body of a shortcut and outside of it."""
    keras = import_keras()
    make = keras.layers
    x = image("image")
    again = make.Conv2D(3, 3, padding="same", name="again")
    y = make.ReLU()(again(x))
    y = make.Add()([y, make.BatchNormalization()(again(y))])
    return keras.Model(x, head(again(y), 5, "logits"))


# What the text of each has, and has not.
MODELS: dict[str, tuple[Callable[[], Any], tuple[str, ...], tuple[str, ...]]] = {
    "merged": (merged, ('use = "residual", repeat = "=depth"', "depth   = 4", "classes = 5"), ()),
    "towers": (
        towers,
        ('id = "left_tower", use = "tower", from = "left"', 'id = "right_tower", use = "tower"', "repeat = 2"),
        ("depth",),
    ),
    "twins": (twins, ('id = "right_tower", share = "left_tower", from = "right"',), ("classes",)),
    "crossed": (crossed, ("left  = [3", "right = [3"), ()),
    "asked": (
        asked,
        ('id = "species", op = "linear", out = "=classes"', 'id = "age", op = "linear"', 'repeat = "=depth"',
         "out = 1 }", 'species = "softmax"'),
        (),
    ),
    "boxed": (boxed, ("classes = 6", 'id = "box", op = "linear"', "out = 4 }", 'corners      = "sigmoid"'), ()),
    "twice": (twice, ('out = "=species_classes"', 'out = "=colour_classes"', "colour_classes  = 3"), ()),
    "deep": (
        deep,
        ('{ use = "residual", repeat = "=depths[0]" }', "depths  = [2, 3, 2]", 'op = "conv", out = "=classes"'),
        (),
    ),
    "within": (within, ('share = "again"', 'op = "add", from = ['), ("blocks",)),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_a_person_would_have_written_it_so(name: str, tmp_path: Path) -> None:
    build, said, unsaid = MODELS[name]
    model = randomised(build())
    file, spec = tmp_path / "model.keras", tmp_path / f"{name}.toml"
    model.save(file)
    found = gb.from_keras(file, name)
    found.save(spec)
    assert [text for text in said if text not in found.text] == [], found.text
    assert [text for text in unsaid if text in found.text] == [], found.text
    assert answers(model, file, spec) < 1e-5
