"""Modules made for a GPU keep what optimised modules promise; run on the CPU, where their operator is torch's own."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from torch import Tensor, nn

from graphbuilder.backends.torch import build, build_optimised
from graphbuilder.backends.torch.kernels import fused, lay_out
from graphbuilder.compiler import Network
from graphbuilder.passes import optimise
from tests.backends.torch.test_optimising import answer, network, state, wanted
from tests.ops.interpret import batch

__all__ = ["network", "state", "wanted"]


@pytest.fixture
def module(network: Network) -> nn.Module:
    return build_optimised(network.typed, optimise(network.typed, "inference", "cuda"))


def test_weights_are_called_the_same(module: nn.Module, network: Network) -> None:
    plain = build_optimised(network.typed, optimise(network.typed, "inference"))
    assert len(list(fused(module))) == 2
    assert {name: each.shape for name, each in module.state_dict().items()} == {
        name: each.shape for name, each in plain.state_dict().items()
    }
    module.load_state_dict(plain.state_dict())
    torch.testing.assert_close(answer(module, network), answer(plain, network), rtol=1e-5, atol=1e-5)


def test_plain_weights_are_loaded_after(
    module: nn.Module, network: Network, state: dict[str, Tensor], wanted: Tensor
) -> None:
    lay_out(module)
    strides = {name: each.stride() for name, each in module.state_dict().items()}
    module.load_state_dict(state)
    assert {name: each.stride() for name, each in module.state_dict().items()} == strides
    torch.testing.assert_close(answer(module, network), wanted, rtol=1e-5, atol=1e-5)


def test_channels_of_depthwise_kernels_are_neighbours(module: nn.Module) -> None:
    lay_out(module)
    for each in (*fused(module), *fused(copy.deepcopy(module)), *fused(module.bfloat16())):
        taps = each.get_parameter("depthwise.weight").flatten(1).t()
        assert taps.is_contiguous()


def test_it_is_copied_and_pickled(
    module: nn.Module, network: Network, state: dict[str, Tensor], wanted: Tensor
) -> None:
    twin = pickle.loads(pickle.dumps(module))  # noqa: S301  (our own)
    twin.load_state_dict(state)
    torch.testing.assert_close(answer(twin, network), wanted, rtol=1e-5, atol=1e-5)


def test_torch_traces_it_whole(module: nn.Module, network: Network) -> None:
    torch.compiler.reset()
    inputs = batch(network.typed.inputs)
    with torch.inference_mode():
        expected = module(*inputs)["logits"]
    program = torch.export.export(module, inputs, strict=True)
    targets = [node.target for node in program.graph.nodes]
    assert targets.count(torch.ops.graphbuilder.sepconv.default) == 2
    torch.testing.assert_close(program.module()(*inputs)["logits"], expected, rtol=1e-5, atol=1e-5)


def test_training_keeps_the_plain_form(network: Network) -> None:
    assert not list(fused(build(network.typed)))
