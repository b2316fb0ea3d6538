"""Modules made to be trained: the plain network's weights, answers, gradients and statistics, laid out to be faster."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import graphbuilder as gb
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.torch import build, build_optimised
from graphbuilder.passes import optimise
from tests.backends.torch.test_optimising import SPEC, answer
from tests.backends.torch.test_specs import small
from tests.ops.interpret import batch
from tests.random.networks import Network

SHIPPED = ("xception", "inception_v3", "mobilenet_v2", "unet")


def learning(typed: TypedGraph, dtype: torch.dtype = torch.float64) -> nn.Module:
    return build_optimised(typed, optimise(typed, "training"), dtype=dtype)


def stepped(module: nn.Module, inputs: Any) -> dict[str, Tensor]:
    """The loss of one forward in training, every gradient, every statistic behind it."""
    torch.manual_seed(0)  # of dropout
    given = module.train()(*inputs)
    outputs = given.values() if isinstance(given, dict) else [given]
    loss = sum((each.square().mean() for each in outputs), torch.zeros(()))
    if loss.requires_grad:
        loss.backward()
    gradients = {name: each.grad for name, each in module.named_parameters() if each.grad is not None}
    return {"loss": loss.detach(), **gradients, **{f"{name}.": each for name, each in module.named_buffers()}}


def assert_same(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> None:
    assert list(found) == list(wanted)
    scale = max(float(each.abs().max()) for each in wanted.values())
    for key, each in wanted.items():
        torch.testing.assert_close(found[key], each, rtol=1e-6, atol=1e-9 * scale, msg=lambda text, key=key: key + text)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_step_is_the_plain_one(name: str) -> None:
    same_steps(small(name))


@pytest.mark.parametrize("seed", range(15))
def test_a_step_of_random_networks(seed: int) -> None:
    found = gb.check_text(Network(seed).text).network
    assert found is not None
    same_steps(found.typed)


def same_steps(typed: TypedGraph) -> None:
    inputs = [each.double() for each in batch(typed.inputs, 2)]
    wanted = stepped(build(typed, dtype=torch.float64), inputs)
    assert_same(stepped(learning(typed), inputs), wanted)


def test_activations_take_the_place_of_what_they_read() -> None:
    """All but those of the eleven blocks whose shortcut reads what they do."""
    for form in ("training", "inference"):
        module = build_optimised(typed := small("xception"), optimise(typed, form), device="meta")
        written = [each.inplace for each in module.modules() if isinstance(each, nn.ReLU)]
        assert (written.count(True), written.count(False)) == (24, 11)


def test_memory_is_laid_out_for_it() -> None:
    typed = small("xception")
    module, seen = learning(typed, torch.float32), list[Tensor]()
    module.get_submodule("entry.stem.relu").register_forward_hook(lambda *given: seen.append(given[2]))
    module(*batch(typed.inputs, 2))
    assert seen[0].is_contiguous(memory_format=torch.channels_last)
    state = build(typed).state_dict()
    module.load_state_dict(state)
    assert list(module.state_dict()) == list(state)
    twin = copy.deepcopy(module)
    assert twin.get_parameter("entry.stem.conv.weight").is_contiguous(memory_format=torch.channels_last)


def test_it_is_trained_and_answers() -> None:
    found = gb.check_text(SPEC).network
    assert found is not None
    module, plain = gb.compile(found, optimize="training"), gb.compile(found)
    assert module.training
    assert all(each.requires_grad for each in module.parameters())
    assert list(module(*batch(found.typed.inputs, 2))) == ["logits", "aux"]
    module.load_state_dict(plain.state_dict())
    torch.testing.assert_close(answer(module.eval(), found), answer(plain.eval(), found))
