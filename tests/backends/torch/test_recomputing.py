"""Blocks that are run again in the backward pass: the plain network's numbers and statistics, in less memory."""

from __future__ import annotations

import copy
import pickle
from functools import cache
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

import graphbuilder as gb
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.python import root_name, write
from graphbuilder.backends.torch import build, build_optimised
from graphbuilder.passes import optimise
from tests.backends.torch.test_specs import small
from tests.backends.torch.test_training import assert_same, learning, stepped
from tests.ops.interpret import batch
from tests.random.networks import Network

# Shared weights, random numbers, a block of two inputs and outputs, one with and without being run again, two outputs.
SPEC = """\
format = 1
name = "mixed"
[inputs]
image = [4, 12, 12]
[defaults]
conv = { kernel = 3, padding = "half", bias = false }
[model]
body = [
  { id = "stem", use = "unit" },
  { id = "deep", use = "residual", repeat = 2 },
  { id = "same", use = "residual", repeat = 2, share = true },
  { id = "left", use = "unit", from = "same" },
  { id = "right", share = "left", from = "deep" },
  { id = "cross", use = "cross", from = { a = "left", b = "right" } },
  { id = "pool", op = "globalavgpool", from = "cross.sum" },
  { id = "logits", op = "linear", out = 5 },
]
[blocks.unit]
body = [{ op = "conv", out = 8 }, { op = "batchnorm" }, { op = "relu" }, { op = "dropout", rate = 0.3 }]
[blocks.residual]
body = [{ use = "unit" }, { use = "unit" }, { op = "droppath", rate = 0.5 }]
shortcut = "project"
[blocks.cross]
inputs = ["a", "b"]
outputs = { sum = "sum", wide = "wide" }
body = [
  { id = "narrow", op = "conv", out = 8, from = "a" },
  { id = "sum", op = "add", from = ["narrow", "b"] },
  { id = "wide", op = "conv", out = 16 },
]
[outputs]
logits = "logits"
features = "cross.wide"
"""
SHIPPED = {"xception": 0.1, "densenet121": 0.25}  # what is kept of the plain network's


@cache
def mixed() -> TypedGraph:
    checked = gb.check_text(SPEC)
    assert checked.network is not None, checked.diagnostics
    return checked.network.typed


def lean(typed: TypedGraph, dtype: torch.dtype = torch.float64) -> nn.Module:
    return build_optimised(typed, optimise(typed, "training", recomputed=True), dtype=dtype)


def kept(module: nn.Module, inputs: list[Tensor]) -> int:
    """The bytes that a forward keeps for the backward pass, weights excepted."""
    own = {each.untyped_storage().data_ptr() for each in (*module.parameters(), *module.buffers())}
    found: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        found[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        outputs = module(*inputs)
    assert outputs is not None
    return sum(each.untyped_storage().nbytes() for place, each in found.items() if place not in own)


@pytest.mark.parametrize(("name", "part"), SHIPPED.items())
def test_less_is_kept(name: str, part: float) -> None:
    typed = small(name, shallow=True)
    inputs = [each.double() for each in batch(typed.inputs, 2)]
    assert kept(lean(typed), inputs) <= part * kept(learning(typed), inputs)


@pytest.mark.parametrize("name", ["xception", "densenet121", "mixed"])
def test_a_step_is_the_plain_one(name: str) -> None:
    same_steps(mixed() if name == "mixed" else small(name, shallow=True))


@pytest.mark.parametrize("seed", range(12))
def test_a_step_of_random_networks(seed: int) -> None:
    found = gb.check_text(Network(seed).text).network
    assert found is not None
    same_steps(found.typed)


def same_steps(typed: TypedGraph) -> None:
    """Loss, gradients, statistics and counts of batches, from one seed of all that is drawn."""
    inputs = [each.double() for each in batch(typed.inputs, 2)]
    assert_same(stepped(lean(typed), inputs), stepped(learning(typed), inputs))


def test_what_is_written_does_the_same() -> None:
    typed, names = mixed(), dict[str, Any]()
    optimised = optimise(typed, "training", recomputed=True).typed
    source = write(optimised)
    assert "graphbuilder" not in source
    exec(source, names)  # noqa: S102  (our own)
    module, plain = names[root_name(optimised)]().double(), build(typed, dtype=torch.float64)
    module.load_state_dict(plain.state_dict())
    inputs = [each.double() for each in batch(typed.inputs, 2)]
    assert_same(stepped(module, inputs), stepped(plain, inputs))
    assert kept(module, inputs) <= 0.5 * kept(plain, inputs)


def test_evaluation_is_as_it_was() -> None:
    typed = mixed()
    plain, module = learning(typed), lean(typed)
    assert list(module.state_dict()) == list(plain.state_dict())
    inputs = [each.double() for each in batch(typed.inputs, 2)]
    assert kept(module.eval(), inputs) > 0.9 * kept(plain.eval(), inputs)
    for name, each in module(*inputs).items():
        torch.testing.assert_close(each, plain(*inputs)[name])
    with torch.no_grad():
        module.train()(*inputs)
    assert int(module.get_buffer("stem.batchnorm.num_batches_tracked")) == 1


def test_a_frozen_norm_stays_frozen() -> None:
    """A block in training may have norms in evaluation: they use their statistics both times."""
    inputs = [each.double() for each in batch(mixed().inputs, 2)]
    steps: list[dict[str, Tensor]] = []
    for module in (lean(mixed()), learning(mixed())):
        for each in module.modules():
            if isinstance(each, nn.BatchNorm2d):
                each.running_mean = torch.full_like(cast("Tensor", each.running_mean), 0.1)
                each.train = lambda mode=True, each=each: each  # pyright: ignore[reportAttributeAccessIssue]
                each.training = False
        steps.append(stepped(module, inputs))
    assert_same(*steps)


def test_it_is_compiled() -> None:
    torch.compiler.reset()
    compiled = cast("nn.Module", torch.compile(lean(mixed()), backend="aot_eager", fullgraph=True))  # pyright: ignore[reportUnknownMemberType]
    inputs = [each.double() for each in batch(mixed().inputs, 2)]
    found = stepped(compiled, inputs)
    wanted = stepped(learning(mixed()), inputs)
    assert_same({name.removeprefix("_orig_mod."): each for name, each in found.items()}, wanted)


def test_copies_under_autocast() -> None:
    module, inputs = lean(mixed(), torch.float32), batch(mixed().inputs, 2)
    twins = [copy.deepcopy(module), cast("nn.Module", pickle.loads(pickle.dumps(module)))]  # noqa: S301  (our own)
    with torch.autocast("cpu", torch.bfloat16):
        wanted = stepped(learning(mixed(), torch.float32), inputs)
        for each in twins:
            assert_same(stepped(each, inputs), wanted)


def test_only_what_is_to_be_trained_is_run_again() -> None:
    network = gb.check_text(SPEC).network
    assert network is not None
    assert gb.compile(network, recompute=True).training
    for asked in ({"optimize": "inference"}, {"optimize": "none"}, {"tune": 1.0, "optimize": "inference"}):
        with pytest.raises(ValueError, match="training"):
            gb.compile(network, recompute=True, **cast("Any", asked))
