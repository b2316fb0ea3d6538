"""The dialect ``keras``: ops with their defaults against Keras's layers with theirs, on values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import torch

import graphbuilder as gb
from graphbuilder.ops import find
from graphbuilder.ops.dialects import DIALECTS
from tests.peers.reference import import_keras

ROWS: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("batchnorm", "BatchNormalization", {}),
    ("layernorm", "LayerNormalization", {}),
    ("groupnorm, groups = 2", "GroupNormalization", {"groups": 2}),
    ("instancenorm", "GroupNormalization", {"groups": -1}),
    ("rmsnorm", "RMSNormalization", {}),
    ("l2norm", "UnitNormalization", {}),
    ("leakyrelu", "LeakyReLU", {}),
    ("prelu, shared = false", "PReLU", {"shared_axes": [1, 2]}),
    ("relu", "ReLU", {}),
    ("relu6", "ReLU", {"max_value": 6.0}),
    ("elu", "ELU", {}),
    ("softmax", "Softmax", {}),
    *((kind, "Activation", {"activation": word}) for kind, word in (
        ("selu", "selu"), ("gelu", "gelu"), ("silu", "silu"), ("sigmoid", "sigmoid"), ("hardsigmoid", "hard_sigmoid"),
        ("hardswish", "hard_swish"), ("tanh", "tanh"), ("softplus", "softplus"), ("mish", "mish"),
        ("logsoftmax", "log_softmax"),
    )),
    ("dropout, rate = 0.5", "Dropout", {"rate": 0.5}),
    ("resize, factor = 2", "UpSampling2D", {}),
    ("pad, sides = 1", "ZeroPadding2D", {}),
    ("maxpool, kernel = 2", "MaxPooling2D", {}),
    ("avgpool, kernel = 2", "AveragePooling2D", {"pool_size": 2}),
    ('avgpool, kernel = 3, stride = 1, padding = "same"', "AveragePooling2D",
     {"pool_size": 3, "strides": 1, "padding": "same"}),
    ('maxpool, kernel = 3, stride = 2, padding = "same"', "MaxPooling2D",
     {"pool_size": 3, "strides": 2, "padding": "same"}),
    ("globalavgpool", "GlobalAveragePooling2D", {}),
    ("conv, out = 6, kernel = 3", "Conv2D", {"filters": 6, "kernel_size": 3}),
    ("dwconv, kernel = 3", "DepthwiseConv2D", {"kernel_size": 3}),
    ("sepconv, out = 6, kernel = 3", "SeparableConv2D", {"filters": 6, "kernel_size": 3}),
    ("convtranspose, out = 6, kernel = 3", "Conv2DTranspose", {"filters": 6, "kernel_size": 3}),
    ("convtranspose, out = 6, kernel = 3, stride = 2", "Conv2DTranspose",
     {"filters": 6, "kernel_size": 3, "strides": 2}),
    ('convtranspose, out = 6, kernel = 3, stride = 2, padding = "same"', "Conv2DTranspose",
     {"filters": 6, "kernel_size": 3, "strides": 2, "padding": "same"}),
    ('convtranspose, out = 6, kernel = 4, stride = 2, padding = "same"', "Conv2DTranspose",
     {"filters": 6, "kernel_size": 4, "strides": 2, "padding": "same"}),
)  # fmt: skip


@pytest.mark.parametrize(("step", "layer", "settings"), ROWS, ids=[row[0] for row in ROWS])
def test_defaults_are_those_of_layers(step: str, layer: str, settings: Mapping[str, Any], tmp_path: Path) -> None:
    """With Keras's own first weights; numbers near zero, where constants of norms and slopes tell."""
    keras = import_keras()
    x = 0.05 * torch.randn(2, 8, 8, 4, generator=torch.Generator().manual_seed(0))
    theirs = keras.Sequential([keras.layers.Input((8, 8, 4)), getattr(keras.layers, layer)(name="step", **settings)])
    expected = theirs(x, training=False).detach()
    ours = _built(step, theirs, tmp_path)
    with torch.no_grad():
        given = ours(x.permute(0, 3, 1, 2))
    given = given.permute(0, 2, 3, 1) if given.ndim == 4 else given
    torch.testing.assert_close(given, expected, rtol=1e-5, atol=1e-6)


def _built(step: str, theirs: Any, folder: Path) -> torch.nn.Module:
    op, _, args = step.partition(", ")
    text = f"""
        format = 1
        name = "one"
        dialect = "keras"
        [inputs]
        x = [4, 8, 8]
        [model]
        body = [{{ id = "step", op = "{op}"{", " + args if args else ""} }}]
    """
    network = gb.check_text(dedent(text)).network
    assert network is not None
    module = gb.compile(network).eval()
    if op not in ("conv", "dwconv", "sepconv", "convtranspose"):
        return module  # its first weights are Keras's, which is part of what is tested
    kernels = [each.value.detach() for each in theirs.weights]
    weights = [each for each in module.parameters() if each.ndim == 4]
    with torch.no_grad():
        for mine, kernel in zip(weights, (each for each in kernels if each.ndim == 4), strict=True):
            mine.copy_(_turned(kernel, mine.shape))
    return module


def _turned(kernel: torch.Tensor, shape: torch.Size) -> torch.Tensor:
    """From (height, width, in, out), or (height, width, out, in) of a transposed one: the sizes tell."""
    turned = kernel.permute(3, 2, 0, 1)
    return turned if turned.shape == shape else turned.transpose(0, 1)


def test_the_reference_says_all_that_a_dialect_sets() -> None:
    text = (Path(__file__).parents[2] / "specs" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^ *\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", text.split("- `dialect` sets")[1].split("[defaults]")[0], re.M
    )
    told = {op: (torch, keras) for ops, torch, keras in rows for op in re.findall("`([a-z]+)`", ops)}
    dialect = DIALECTS["keras"]
    assert set(told) - {"torch", "keras"} == {*dialect.defaults, *dialect.init}
    for op, defaults in dialect.defaults.items():
        declared = find(op)
        assert declared is not None
        own = {name: declared.model_fields[name].default for name in defaults}
        assert [_said(cell) for cell in told[op]] == [own, dict(defaults)]
    for op, weights in dialect.init.items():
        assert {name: each.kind for name, each in weights.items()} == {"weight": "xavier_uniform", "bias": "zeros"}, op


def _said(cell: str) -> dict[str, object]:
    words = {"true": True, "false": False}
    pairs = (pair.split(" = ") for pair in cell.strip("` ").split(", "))
    return {name: words[value] if value in words else float(value) for name, value in pairs}
