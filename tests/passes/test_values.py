"""Optimised networks give the answers of the plain ones, on the same weights with random statistics."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

import graphbuilder as gb
from graphbuilder.analysis.costs import costs
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.analysis.weights import walk
from graphbuilder.backends.torch import build, build_optimised
from graphbuilder.backends.torch.building import filled as drawn
from graphbuilder.ir.invariants import breaches
from graphbuilder.passes import optimise
from tests.backends.networks import NETWORKS, network
from tests.backends.torch.test_specs import NAMES, filled, small, with_weights
from tests.ops.interpret import batch
from tests.random.networks import Network

FEW = 40  # random networks
# How far answers may be apart, over the largest of them.
CLOSE = 1e-5


def by_name(given: Any) -> dict[str, Tensor]:
    return given if isinstance(given, dict) else {"out": given}


def apart(ours: Any, theirs: Any) -> float:
    """The largest difference over the largest number, of any output; both must give the same in the same form."""
    assert type(ours) is type(theirs)
    one, two = by_name(ours), by_name(theirs)
    assert list(one) == list(two)
    assert all(one[name].shape == each.shape for name, each in two.items())
    scales = {name: each.abs().max().clamp(min=1e-30) for name, each in two.items()}
    return max(float((one[name] - each).abs().max() / scales[name]) for name, each in two.items())


def norms(typed: TypedGraph) -> int:
    """The batch norms that own statistics."""
    return sum(name.endswith(".running_var") for name, _ in walk(typed))


FUSED = ("deeplabv3plus_xception", "mobilenet_v1", "xception")


@pytest.mark.parametrize(("name", "device"), [*((name, "cpu") for name in NAMES), *((name, "cuda") for name in FUSED)])
@torch.inference_mode()
def test_every_shipped_network(name: str, device: str) -> None:
    """What is made for a GPU is run on the CPU: the operator that it calls is there, too."""
    typed = small(name)
    module = build(typed, device="meta")
    state = filled(module)
    inputs = batch(typed.inputs, 1)
    optimised = optimise(typed, "inference", device)
    assert breaches(optimised.typed.graph) == []
    unread = sum(name.endswith(".running_var") for name in optimised.recipe.unread)
    assert norms(optimised.typed) == norms(typed) - len(optimised.recipe.folds) - unread
    fast = build_optimised(typed, optimised, weights=state)
    assert list(fast.state_dict()) == [key for key, _ in walk(optimised.typed)]
    assert apart(fast(*inputs), with_weights(module, state)(*inputs)) < CLOSE


# Of each: batch norms in all, and those that stay, since what they read is joined, pooled or read by others besides.
@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("xception", 40, 0),
        ("resnet50", 53, 0),
        ("resnext50_32x4d", 53, 0),
        ("inception_v3", 94, 0),
        ("mobilenet_v2", 52, 0),
        ("efficientnet_b0", 49, 0),
        ("convnext_tiny", 0, 0),
        ("densenet121", 121, 62),
        ("resnetv2_50", 49, 17),
    ],
)
def test_norms_are_gone(name: str, before: int, after: int) -> None:
    typed = small(name)
    optimised = optimise(typed, "inference").typed
    assert (norms(typed), norms(optimised)) == (before, after)
    assert costs(optimised).macs == costs(typed).macs


@pytest.mark.parametrize("name", NETWORKS)
@torch.inference_mode()
def test_networks_that_stretch_the_writer(name: str) -> None:
    same_answers(network(name))


@pytest.mark.parametrize("seed", range(FEW))
@torch.inference_mode()
def test_random_networks(seed: int) -> None:
    found = gb.check_text(Network(seed).text).network
    assert found is not None
    same_answers(found.typed)


def same_answers(typed: TypedGraph) -> None:
    state = drawn(typed, seed=3, dtype=torch.float64)
    for name, tensor in state.items():
        if name.endswith(("running_mean", "running_var")):
            tensor += torch.rand(tensor.shape, generator=torch.Generator().manual_seed(5))
    inputs = [each.double() for each in batch(typed.inputs)]
    plain = build(typed, weights=state, dtype=torch.float64).eval()
    theirs = plain(*inputs)
    for device in ("cpu", "cuda"):
        optimised = optimise(typed, "inference", device)
        if device == "cuda" and optimised.steps[-1].before is optimised.typed:
            return
        ours = build_optimised(typed, optimised, weights=state, dtype=torch.float64)(*inputs)
        assert list(by_name(ours)) == list(by_name(theirs))
        for name, each in by_name(theirs).items():
            torch.testing.assert_close(by_name(ours)[name], each, rtol=1e-5, atol=1e-5, equal_nan=True)
