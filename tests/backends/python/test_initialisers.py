"""A standalone file draws its weights as the compiled module does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import nn

from graphbuilder.analysis.weights import walk
from graphbuilder.backends.python import write
from graphbuilder.backends.torch import build
from tests.backends.networks import NETWORKS, network, shipped, spelt

CONV = '[model]\nbody = [{{ op = "conv", out = 64, kernel = 3, init = {init} }}]'


def written(init: str) -> list[str]:
    text = write(spelt(CONV.format(init=init), "[32, 8, 8]"))
    return [line.strip() for line in text.splitlines() if "_(module" in line]


@pytest.mark.parametrize(
    ("init", "lines"),
    [
        ('"glorot_uniform"', ["nn.init.xavier_uniform_(module.weight)"]),
        ('"kaiming_normal"', ['nn.init.kaiming_normal_(module.weight, nonlinearity="relu")']),
        (
            '{ kind = "kaiming_normal", mode = "fan_out" }',
            ['nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")'],
        ),
        (
            '{ kind = "kaiming_uniform", gain = 1.0 }',
            ['nn.init.kaiming_uniform_(module.weight, nonlinearity="linear")'],
        ),
        ('{ kind = "kaiming_normal", gain = 1.0, mode = "fan_avg" }', ["nn.init.xavier_normal_(module.weight)"]),
        ('{ kind = "truncated_normal", std = 0.02 }', ["nn.init.trunc_normal_(module.weight, std=0.02)"]),
        ('"lecun_normal"', ["lecun_normal_(module.weight)"]),
        (
            '{ weight = "zeros", bias = { kind = "constant", value = -2.0 } }',
            ["nn.init.zeros_(module.weight)", "nn.init.constant_(module.bias, -2.0)"],
        ),
        ('{ kind = "kaiming_uniform", gain = 0.5773502691896257 }', []),
    ],
)
def test_calls(init: str, lines: list[str]) -> None:
    assert written(init) == lines


def test_nothing_is_written_where_torch_does_it() -> None:
    assert "init" not in write(network("unet")).replace("__init__", "")


def test_a_class_states_its_exceptions() -> None:
    text = write(
        spelt(
            """
            [model]
            body = [{ use = "unit" }, { use = "unit" }, { op = "batchnorm" }, { op = "conv", out = 4, kernel = 1 }]
            [init]
            conv = "glorot_normal"
            [blocks.unit]
            body = [
              { op = "conv", out = 4, kernel = 1 },
              { op = "conv", out = 4, kernel = 1, init = { kind = "kaiming_uniform", gain = 0.5773502691896257 } },
              { op = "batchnorm", init = "zeros" },
            ]
            """
        )
    )
    assert text[text.index("def init_weights") : text.index("class Unit")].split() == [
        "def",
        "init_weights(module):",
        "if",
        "isinstance(module,",
        "nn.Conv2d):",
        "nn.init.xavier_normal_(module.weight)",
        "elif",
        "isinstance(module,",
        "Unit):",
        "module.conv_2.reset_parameters()",
        "nn.init.zeros_(module.batchnorm.weight)",
    ]


LEFT_OUT = """
[model]
body = [{ use = "unit" }, { use = "unit", wide = true }, { op = "conv", out = 8, kernel = 1 }]
[blocks.unit]
args     = { wide = false }
body     = [{ op = "conv", out = 8, kernel = 1 }]
shortcut = [{ op = "conv", out = 8, kernel = 1, init = { kind = "normal", std = 0.5 }, when = "=wide" }]
"""

# Torch's own convolution has a bias here, and the standardised one, a subclass of its kind, has none.
SUBCLASS = """
[model]
body = [{ op = "conv", out = 8, kernel = 1 }, { op = "stdconv", out = 8, kernel = 1, bias = false }]
[init]
conv = { weight = "ones", bias = "zeros" }
"""


@pytest.mark.parametrize(
    ("text", "drawn"),
    [(LEFT_OUT, {"unit_2.shortcut.conv.weight": 0.5}), (SUBCLASS, {"conv.weight": 0, "stdconv.weight": 0.2})],
)
def test_only_what_is_there_and_of_that_very_kind_is_filled(text: str, drawn: dict[str, float]) -> None:
    torch.manual_seed(1)
    alone = type(build(spelt(text, "[8, 8, 8]")))()
    parameters = dict(alone.named_parameters())
    assert {path: parameters[path].std().item() for path in drawn} == pytest.approx(drawn, abs=0.15)


def pairs(name: str) -> Iterator[tuple[str, torch.Tensor, torch.Tensor]]:
    """Each weight as a standalone file draws it and as the compiled module does."""
    typed = shipped(name, classes=10) if name == "resnet50" else network(name)
    torch.manual_seed(1)
    module = build(typed)
    alone: nn.Module = type(module)()
    ours = dict(module.named_parameters())
    assert {path for path, weight in walk(typed) if weight.trainable} == set(ours)
    yield from ((path, parameter.detach(), ours[path].detach()) for path, parameter in alone.named_parameters())


@pytest.mark.parametrize("name", [*NETWORKS, "resnet50"])
def test_a_standalone_file_draws_alike(name: str) -> None:
    for path, alone, ours in pairs(name):
        if ours.numel() == 1 or ours.std() == 0:
            assert ours.numel() == 1 or torch.equal(alone, ours), path
        if ours.numel() < 64 or ours.std() == 0:
            continue
        slack = 6 / ours.numel() ** 0.5
        assert abs(alone.std() / ours.std() - 1) < slack, path
        assert abs(alone.mean() - ours.mean()) < slack * ours.std(), path
        assert 0.5 - slack < alone.abs().max() / ours.abs().max() < 2 + slack, path
