"""What Keras flattened is read in our order, wherever the flattened vector has gone."""

from __future__ import annotations

import numpy as np
import pytest

import graphbuilder as gb
from graphbuilder.weights.checkpoint import Source
from graphbuilder.weights.layouts import KERNEL, SAME, unflattened
from graphbuilder.weights.match import match
from graphbuilder.weights.wanted import wanted
from tests.weights.helpers import checkpoint, numbers

SPEC = 'format = 1\nname = "net"\n[inputs]\nimage = [3, 4, 5]\nvector = [7]\n'
BLOCK = '[blocks.head]\nbody = [{ op = "dropout" }, { op = "linear", out = 60 }, { op = "relu" }]\n'


def maps(body: str) -> dict[str, tuple[tuple[int, ...], ...]]:
    steps = "".join(f"  {{ {step} }},\n" for step in body.split("; "))
    checked = gb.check_text(f"{SPEC}[model]\nbody = [\n{steps}]\n{BLOCK}")
    assert checked.network is not None, checked.diagnostics
    return {name: weight.maps for name, weight in wanted(checked.network.typed).items() if weight.maps}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('op = "flatten", from = "image"; op = "linear", out = 60', {"linear.weight": ((3, 4, 5),)}),
        (
            'op = "flatten", from = "image"; use = "head", repeat = 2',
            {"head.0.linear.weight": ((3, 4, 5),)},
        ),
        (
            'op = "flatten", from = "image"; op = "relu"; op = "batchnorm"; op = "linear", out = 2',
            {f"batchnorm.{name}": ((3, 4, 5),) for name in ("weight", "bias", "running_mean", "running_var")}
            | {"linear.weight": ((3, 4, 5),)},
        ),
        (
            'id = "a", op = "flatten", from = "image"; op = "concat", from = ["vector", "a", "a"]; '
            'id = "b", op = "linear", out = 2',
            {"b.weight": ((7,), (3, 4, 5), (3, 4, 5))},
        ),
        ('op = "globalavgpool", from = "image"; op = "linear", out = 3', {}),
        ('op = "globalavgpool", from = "image"; op = "flatten"; op = "linear", out = 3', {}),
        ('op = "channelslast", from = "image"; op = "flatten"; op = "linear", out = 3', {}),
        ('op = "linear", out = 3, from = "vector"', {}),
    ],
)
def test_who_reads_a_flattened_map(body: str, found: dict[str, object]) -> None:
    assert maps(body) == found


def test_a_dense_layer_on_a_flattened_map_computes_the_same() -> None:
    image, vector = numbers(2, 3, 4, 5), numbers(2, 7)
    kernel = np.random.default_rng(0).normal(size=(7 + 60, 6))
    theirs = np.concatenate([vector, image.transpose(0, 2, 3, 1).reshape(2, -1)], 1) @ kernel
    ours = unflattened(KERNEL, ((7,), (3, 4, 5))).apply(kernel)
    np.testing.assert_allclose(np.concatenate([vector, image.reshape(2, -1)], 1) @ ours.T, theirs)


def test_a_norm_of_a_flattened_map_is_ordered_too() -> None:
    feature = numbers(3, 4, 5)
    theirs = feature.transpose(1, 2, 0).ravel()
    np.testing.assert_array_equal(unflattened(SAME, ((3, 4, 5),)).apply(theirs), feature.ravel())


@pytest.mark.parametrize(("source", "name"), [("keras", "flattened 3x4x5 to channels first"), ("torch", "as it is")])
def test_only_keras_needs_it(source: Source, name: str) -> None:
    network = gb.check_text(
        f'{SPEC}[model]\nbody = [{{ op = "flatten", from = "image" }}, {{ op = "linear", out = 60 }}]'
    ).network
    assert network is not None
    theirs = {"linear.weight": numbers(60, 60), "linear.bias": numbers(60)}
    (row, _) = match(wanted(network.typed), checkpoint(theirs, source), None).rows
    assert row.layout and name in row.layout.name
