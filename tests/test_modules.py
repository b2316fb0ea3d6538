"""The modules of the papers: forms that are said to be one function are, weight by weight and gradient by gradient."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import graphbuilder as gb
from graphbuilder.backends.table import summarise

MODULES = Path(__file__).parents[1] / "specs" / "modules"
Weights = Mapping[str, Tensor]


def module(name: str, **params: Any) -> nn.Module:
    """The module of a spec in double precision, where two orders of the same sum agree to many digits."""
    return gb.compile(gb.load(MODULES / f"{name}.toml", params)).double()


def answer(model: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """What ``model`` gives, and the gradient at its input of a sum that weighs every element otherwise."""
    x = x.clone().requires_grad_()
    y = model(x)
    weighs = torch.linspace(-1, 1, y.numel(), dtype=y.dtype).reshape(y.shape)
    (gradient,) = torch.autograd.grad((y * weighs).sum(), x)
    return y.detach(), gradient


def gathered(weights: Weights, pattern: str, axis: int = 0) -> Tensor:
    """The weights of all branches, one behind the other: ``pattern`` has ``{}`` where the branch's number stands."""
    found: list[Tensor] = []
    while (name := pattern.format(len(found))) in weights:
        found.append(weights[name])
    return torch.cat(found, axis)


# Figure 2 to 4 of Chollet 2017

SIZES = {"channels": 24, "size": 9}


def reformulated(weights: Weights) -> Weights:
    spatial = {name: weight for name, weight in weights.items() if "spatial" in name}
    return {"pointwise.weight": gathered(weights, "segment.{}.pointwise.weight"), **spatial}


def grouped(weights: Weights) -> Weights:
    spatial = gathered(weights, "segment.{}.spatial.weight")
    return {"pointwise.weight": reformulated(weights)["pointwise.weight"], "spatial.weight": spatial}


# ResNeXt, figure 3 of Xie et al. 2017

BLOCK = {"size": 6}


def early_concatenation(weights: Weights) -> Weights:
    """Form (a) as (b): the last convolutions side by side, reading one concatenation."""
    kept = {name: weight for name, weight in weights.items() if "expand" not in name}
    return {**kept, "block.expand.weight": gathered(weights, "block.path.{}.expand.weight", axis=1)}


def one_group_a_path(weights: Weights) -> Weights:
    """Form (b) as (c): the branches' convolutions and norms one behind the other."""
    kept = {name: weight for name, weight in weights.items() if ".path." not in name}
    first = "block.path.0."
    inner = [name.removeprefix(first) for name in weights if name.startswith(first)]
    counts = {f"block.{name}": weights[first + name] for name in inner if name.endswith("num_batches_tracked")}
    found = {
        f"block.{name}": gathered(weights, f"block.path.{{}}.{name}") for name in inner if weights[first + name].dim()
    }
    return {**kept, **found, **counts}


Form = tuple[str, Mapping[str, Any]]
EQUAL: dict[str, tuple[Form, Form, Callable[[Weights], Weights]]] = {
    "simplified and reformulated": (
        ("inception_simplified", {**SIZES, "width": 8}),
        ("inception_reformulated", {**SIZES, "width": 8}),
        reformulated,
    ),
    "five segments": (
        ("inception_simplified", {**SIZES, "width": 8, "segments": 5}),
        ("inception_reformulated", {**SIZES, "width": 8, "segments": 5}),
        reformulated,
    ),
    "segments and groups": (
        ("inception_simplified", {**SIZES, "width": 8}),
        ("inception_continuum", {**SIZES, "width": 24, "segments": 3}),
        grouped,
    ),
    "as many segments as channels, and the extreme module": (
        ("inception_continuum", {**SIZES, "width": 24, "segments": 24}),
        ("inception_extreme", {**SIZES, "width": 24}),
        dict,
    ),
    "resnext a and b": (("resnext_block_a", BLOCK), ("resnext_block_b", BLOCK), early_concatenation),
    "resnext b and c": (("resnext_block_b", BLOCK), ("resnext_block_c", BLOCK), one_group_a_path),
    "resnext a and c": (
        ("resnext_block_a", BLOCK),
        ("resnext_block_c", BLOCK),
        lambda weights: one_group_a_path(early_concatenation(weights)),
    ),
}


def randomised(model: nn.Module) -> nn.Module:
    generator = torch.Generator().manual_seed(0)
    for norm in (each for each in model.modules() if isinstance(each, nn.BatchNorm2d)):
        for tensor in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
            assert tensor is not None
            tensor.data = 0.5 + torch.rand(tensor.shape, generator=generator, dtype=tensor.dtype)
    return model


@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
@pytest.mark.parametrize("name", EQUAL)
def test_two_forms_are_one_function(name: str, training: bool) -> None:
    (left, left_params), (right, right_params), mapped = EQUAL[name]
    ours, other = randomised(module(left, **left_params)), module(right, **right_params)
    other.load_state_dict(mapped(ours.state_dict()))
    shape = next(iter(gb.load(MODULES / f"{left}.toml", left_params).inputs.values())).shape
    x = torch.randn(2, *shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    for found, wanted in zip(answer(other.train(training), x), answer(ours.train(training), x), strict=True):
        assert wanted.abs().max() > 0.1
        torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-9)


def test_one_segment_is_a_plain_convolution() -> None:
    model = module("inception_continuum", **SIZES, width=24, segments=1)
    weights = model.state_dict()
    x = torch.randn(2, 24, 9, 9, dtype=torch.float64)
    wanted = F.conv2d(F.conv2d(x, weights["pointwise.weight"]), weights["spatial.weight"], padding=1)
    torch.testing.assert_close(model(x), wanted)


def test_a_grouped_convolution_is_a_plain_one_that_is_zero_between_groups() -> None:
    grouped_one, plain = module("convolution", groups=4), module("convolution")
    (weight,) = grouped_one.parameters()
    blocks = [torch.zeros(8, 16, 3, 3, dtype=torch.float64) for _ in range(4)]
    for number, block in enumerate(blocks):
        block[:, 4 * number : 4 * (number + 1)] = weight[8 * number : 8 * (number + 1)]
    plain.load_state_dict({"conv.weight": torch.cat(blocks)})
    x = torch.randn(2, 16, 32, 32, dtype=torch.float64)
    for found, wanted in zip(answer(grouped_one, x), answer(plain, x), strict=True):
        torch.testing.assert_close(found, wanted)


# The separable convolution

ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = {"none": lambda x: x, "relu": F.relu, "elu": F.elu}


@pytest.mark.parametrize("intermediate", ACTIVATIONS)
@pytest.mark.parametrize("order", ["depthwise_first", "pointwise_first"])
def test_the_separable_convolution(order: str, intermediate: str) -> None:
    model = module("separable_convolution", order=order, intermediate=intermediate)
    weights = model.state_dict()
    depthwise, pointwise = weights["sepconv.depthwise.weight"], weights["sepconv.pointwise.weight"]
    x = torch.randn(2, 16, 32, 32, dtype=torch.float64)
    between = ACTIVATIONS[intermediate]
    if order == "depthwise_first":
        wanted = F.conv2d(between(F.conv2d(x, depthwise, padding=1, groups=16)), pointwise)
    else:
        wanted = F.conv2d(between(F.conv2d(x, pointwise)), depthwise, padding=1, groups=32)
    torch.testing.assert_close(model(x), wanted)


# What documents quote

QUOTED = [
    ("convolution", {"channels": 16, "out": 32}, 4_608),
    ("separable_convolution", {"channels": 16, "out": 32}, 656),
    ("convolution", {"channels": 3, "out": 64}, 1_728),
    ("separable_convolution", {"channels": 3, "out": 64}, 219),
]


@pytest.mark.parametrize(("name", "params", "count"), QUOTED)
def test_quoted_counts(name: str, params: Mapping[str, Any], count: int) -> None:
    assert summarise(gb.load(MODULES / f"{name}.toml", params).typed).data()["parameters"]["total"] == count


@pytest.mark.parametrize("segments", [1, 2, 3, 8, 64, 192])
def test_the_continuum_divides_its_spatial_weights(segments: int) -> None:
    typed = gb.load(MODULES / "inception_continuum.toml", {"segments": segments}).typed
    assert summarise(typed).data()["parameters"]["total"] == 192 * 192 + 192 * 192 * 9 // segments
