"""Every module does what its graph says: values, statistics and gradients are those of the interpreter."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.analysis.weights import walk
from graphbuilder.backends.torch import build
from tests.backends.networks import NETWORKS, network, shipped
from tests.ops.interpret import Interpreter, batch


def pair(typed: TypedGraph) -> tuple[nn.Module, Interpreter]:
    """A module and an interpreter with the same weights, norms that are not those of a fresh network, and no noise."""
    module, interpreter = build(typed, seed=3), Interpreter(typed)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if tensor.is_floating_point() and tensor.ndim < 2:
                tensor.add_(torch.rand(tensor.shape, generator=generator) * 0.2)
            assert name in interpreter.state_dict()
    interpreter.load_state_dict(module.state_dict())
    for each in (*module.modules(), *interpreter.modules()):
        if hasattr(each, "p") and isinstance(each.p, float):
            setattr(each, "p", 0.0)  # noqa: B010  (a module is not typed as having one)
    return module, interpreter


def tensors(outputs: Any) -> list[Tensor]:
    return list(outputs.values()) if isinstance(outputs, dict) else [outputs]


@pytest.mark.parametrize("name", NETWORKS)
def test_evaluation(name: str) -> None:
    module, interpreter = (each.eval() for each in pair(network(name)))
    inputs = batch(network(name).inputs)
    kept = [each.clone() for each in inputs]
    ours, theirs = tensors(module(*inputs)), tensors(interpreter(*inputs))
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert torch.equal(one, other)
    assert all(torch.equal(one, other) for one, other in zip(inputs, kept, strict=True)), "an input was written to"


@pytest.mark.parametrize("name", NETWORKS)
def test_training_step(name: str) -> None:
    module, interpreter = pair(network(name))
    inputs = batch(network(name).inputs, 3)
    for each in (module, interpreter):
        torch.stack([output.square().mean() for output in tensors(each(*inputs))]).sum().backward()
    theirs = dict(interpreter.named_parameters())
    for path, parameter in module.named_parameters():
        ours, other = parameter.grad, theirs[path].grad
        assert (ours is None) == (other is None), path
        if ours is not None:
            torch.testing.assert_close(ours, other, rtol=1e-4, atol=1e-6, msg=path)
    statistics = dict(interpreter.named_buffers())
    for path, buffer in module.named_buffers():
        torch.testing.assert_close(buffer, statistics[path], msg=path)


@pytest.mark.parametrize("name", NETWORKS)
def test_names_are_the_graphs(name: str) -> None:
    state = build(network(name), device="meta").state_dict()
    assert {path: tuple(tensor.shape) for path, tensor in state.items()} == {
        path: weight.shape for path, weight in walk(network(name))
    }


def test_shipped_xception() -> None:
    typed = shipped("xception", classes=7, size=71)
    module, interpreter = (each.eval() for each in pair(typed))
    inputs = batch(typed.inputs, 1)
    with torch.no_grad():
        assert torch.equal(module(*inputs), interpreter(*inputs))


def test_outputs_by_name() -> None:
    outputs = build(network("taps")).eval()(*batch(network("taps").inputs))
    assert list(outputs) == ["c2", "c3", "deep"]
