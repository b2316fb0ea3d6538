"""The contract of an optimised module: which names it takes and gives, that it is not trained, that it is ordinary."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import graphbuilder as gb
from graphbuilder.analysis.weights import walk
from graphbuilder.backends.torch import build
from graphbuilder.compiler import Network
from graphbuilder.diagnostics import CompileError
from graphbuilder.passes import optimise
from tests.ops.interpret import batch

SPEC = """\
format = 1
name = "tiny"
[inputs]
image = [4, 9, 9]
[defaults]
conv = { kernel = 3, bias = false }
[model]
body = [
  { op = "conv", out = 8 },
  { op = "batchnorm" },
  { op = "relu" },
  { id = "deep", use = "unit", repeat = 2 },
  { id = "up", op = "convtranspose", out = 8, kernel = 2, stride = 2, groups = 2 },
  { id = "up_norm", op = "batchnorm", scale = false },
  { op = "globalavgpool" },
  { op = "dropout", rate = 0.5 },
  { id = "logits", op = "linear", out = 5 },
  { id = "vector_norm", op = "batchnorm", bias = false, eps = 1e-2 },
  { id = "aux", op = "linear", out = 3, from = "deep" },
]
[blocks.unit]
body = [
  { op = "sepconv", out = 8, kernel = 3, padding = "same", norm = true, between = "relu", bias = true },
  { op = "batchnorm" },
]
shortcut = "identity"
[outputs]
logits = "vector_norm"
aux = { from = "aux", training = true }
"""


@pytest.fixture(scope="module")
def network() -> Network:
    checked = gb.check_text(SPEC)
    assert checked.network is not None, checked.diagnostics
    return checked.network


@pytest.fixture(scope="module")
def state(network: Network) -> dict[str, Tensor]:
    """The weights of the plain network, norms like those of one that was trained."""
    made = build(network.typed).state_dict()
    generator = torch.Generator().manual_seed(2)
    for tensor in made.values():
        if tensor.ndim == 1:
            tensor.copy_(0.5 + torch.rand(tensor.shape, generator=generator))
    return made


def answer(module: nn.Module, network: Network) -> Any:
    with torch.inference_mode():
        return module(*batch(network.typed.inputs))["logits"]


@pytest.fixture(scope="module")
def wanted(network: Network, state: dict[str, Tensor]) -> Tensor:
    module = build(network.typed).eval()
    module.load_state_dict(state)
    return answer(module, network)


def fast(network: Network, **options: Any) -> nn.Module:
    return gb.compile(network, optimize="inference", **options)


def test_it_takes_the_plain_names(network: Network, state: dict[str, Tensor], wanted: Tensor) -> None:
    module = fast(network)
    assert not torch.allclose(answer(module, network), wanted, atol=1e-3)
    assert str(module.load_state_dict(state)) == "<All keys matched successfully>"
    torch.testing.assert_close(answer(module, network), wanted, rtol=1e-5, atol=1e-5)
    assert set(state) == {name for name, _ in walk(network.typed)}, "what was given has changed"


def test_it_takes_and_gives_its_own_names(network: Network, state: dict[str, Tensor], wanted: Tensor) -> None:
    module, other = fast(network), fast(network, seed=1)
    module.load_state_dict(state)
    own = module.state_dict()
    assert list(own) == [name for name, _ in walk(optimise(network.typed, "inference").typed)]
    assert {name for name in own if "norm" in name} == set()
    assert {name for name in own if "aux" in name} == set()
    other.load_state_dict(own)
    assert torch.equal(answer(other, network), answer(module, network))


def test_it_takes_them_as_a_part_of_another(network: Network, state: dict[str, Tensor], wanted: Tensor) -> None:
    outer = nn.ModuleDict({"inner": fast(network), "head": nn.Linear(2, 2)}).eval()
    given = {
        **{f"inner.{name}": tensor for name, tensor in state.items()},
        **nn.Linear(2, 2).state_dict(prefix="head."),
    }
    outer.load_state_dict(given)
    torch.testing.assert_close(answer(outer["inner"], network), wanted, rtol=1e-5, atol=1e-5)


def test_a_missing_statistic_is_named(network: Network, state: dict[str, Tensor]) -> None:
    given = {name: tensor for name, tensor in state.items() if name != "batchnorm.running_var"}
    with pytest.raises(RuntimeError, match=r"Missing key.*batchnorm\.running_var"):
        fast(network).load_state_dict(given)
    with pytest.raises(RuntimeError, match=r"Unexpected key.*other"):
        fast(network).load_state_dict({**state, "other": torch.zeros(1)})


def test_the_same_seed_is_the_same_network(network: Network) -> None:
    plain = build(network.typed, seed=7).eval()
    torch.testing.assert_close(answer(fast(network, seed=7), network), answer(plain, network), rtol=1e-5, atol=1e-5)


def test_weights_are_read_from_a_file(
    network: Network, state: dict[str, Tensor], wanted: Tensor, tmp_path: Path
) -> None:
    torch.save(state, tmp_path / "x.pt")
    module = fast(network, weights=tmp_path / "x.pt")
    torch.testing.assert_close(answer(module, network), wanted, rtol=1e-5, atol=1e-5)


def test_it_refuses_to_be_trained(network: Network) -> None:
    module = fast(network)
    assert not module.training
    assert module.eval() is module
    assert not any(parameter.requires_grad for parameter in module.parameters())
    with pytest.raises(CompileError, match="GB708"):
        module.train()
    with pytest.raises(CompileError, match="GB708"):
        nn.Sequential(module).train()
    assert not module.training


def test_it_is_copied_and_pickled(network: Network, state: dict[str, Tensor], wanted: Tensor) -> None:
    module = fast(network)
    twins = (copy.deepcopy(module), pickle.loads(pickle.dumps(module)))  # noqa: S301  (our own)
    for twin in twins:
        assert type(twin) is type(module)
        twin.load_state_dict(state)
        torch.testing.assert_close(answer(twin, network), wanted, rtol=1e-5, atol=1e-5)
        with pytest.raises(CompileError, match="GB708"):
            twin.train()


def test_torch_traces_it_whole(network: Network) -> None:
    module = fast(network)
    torch.compiler.reset()
    program = torch.export.export(module, batch(network.typed.inputs), strict=True)
    torch.testing.assert_close(
        program.module()(*batch(network.typed.inputs))["logits"], answer(module, network), rtol=1e-5, atol=1e-5
    )


def test_channels_stand_last_inside_whatever_comes_in(
    network: Network, state: dict[str, Tensor], wanted: Tensor
) -> None:
    module = fast(network)
    module.load_state_dict(state)
    seen: list[Tensor] = []
    last = copy.deepcopy(module)
    last.get_submodule("relu").register_forward_hook(lambda *given: seen.append(given[2]))
    (image,) = batch(network.typed.inputs)
    for given in (image, image.contiguous(memory_format=torch.channels_last), image[..., :9, :9]):
        torch.testing.assert_close(last(given)["logits"], wanted, rtol=1e-5, atol=1e-5)
    assert all(each.is_contiguous(memory_format=torch.channels_last) for each in seen)
    assert len(seen) == 3


@pytest.mark.parametrize("options", [{"device": "meta"}, {"dtype": "bfloat16"}, {"dtype": torch.float64}])
def test_devices_and_numbers(network: Network, options: dict[str, Any]) -> None:
    module, plain = fast(network, **options), gb.compile(network, **options)
    one, two = next(module.parameters()), next(plain.parameters())
    assert (one.device, one.dtype) == (two.device, two.dtype)


def test_no_such_pipeline(network: Network) -> None:
    with pytest.raises(ValueError, match="optimize must be one of none, inference, training, not 'speed'"):
        gb.compile(network, optimize="speed")
    assert gb.compile(network, optimize="none").training


SIBLINGS = """\
format = 1
name = "tiny"
[inputs]
image = [4, 9, 9]
[model]
body = [{ use = "module", repeat = 2 }]
[blocks.module]
merge = "concat"
[blocks.module.branches]
a = [{ op = "conv", out = 3, kernel = 1, bias = false }, { op = "batchnorm" }, { op = "relu" }]
b = [{ op = "conv", out = 5, kernel = 1 }, { op = "relu" }, { op = "conv", out = 2, kernel = 3, padding = "half" }]
"""


def test_siblings_take_the_plain_names() -> None:
    found = gb.check_text(SIBLINGS).network
    assert found is not None
    plain = build(found.typed, seed=1).eval()
    state = plain.state_dict()
    for name, tensor in state.items():
        if name.endswith("running_mean"):
            tensor += 1
    module, inputs = fast(found), batch(found.typed.inputs)
    assert not torch.allclose(module(*inputs), plain(*inputs), atol=1e-3)
    assert str(module.load_state_dict(state)) == "<All keys matched successfully>"
    torch.testing.assert_close(module(*inputs), plain(*inputs), rtol=1e-5, atol=1e-5)
    own = module.state_dict()
    assert [name for name in own if name.startswith("module.0.")] == [
        "module.0.siblings.weight",
        "module.0.siblings.bias",
        "module.0.b.conv_2.weight",
        "module.0.b.conv_2.bias",
    ]
    other = fast(found)
    other.load_state_dict(own)
    assert torch.equal(other(*inputs), module(*inputs))


@pytest.mark.parametrize("lost", ["module.1.b.conv.weight", "module.0.a.batchnorm.running_var"])
def test_a_missing_part_of_siblings_is_named(lost: str) -> None:
    found = gb.check_text(SIBLINGS).network
    assert found is not None
    state = {name: tensor for name, tensor in build(found.typed).state_dict().items() if name != lost}
    with pytest.raises(RuntimeError, match=lost.replace(".", r"\.")) as error:
        fast(found).load_state_dict(state)
    assert "conv.bias" not in str(error.value)
