"""A tuned module on a small network: the same answers by every engine, also after its weights have changed; and the
contract of a module."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import graphbuilder as gb
from graphbuilder.backends.torch import tuned as tuned_module
from graphbuilder.backends.torch.engines import Engine, Way
from graphbuilder.backends.torch.tuned import Tuned, tuned
from graphbuilder.compiler import Network
from graphbuilder.tuning.tune import Wanted

SPEC = """\
format = 1
name = "small"
[inputs]
image = [3, 12, 12]
[model]
body = [
  { op = "conv", out = 8, kernel = 3, bias = false },
  { op = "batchnorm" },
  { op = "relu" },
  { op = "globalavgpool" },
  { id = "logits", op = "linear", out = 5 },
  { id = "other", op = "linear", out = 2, from = "globalavgpool" },
]
[outputs]
logits = "logits"
other = "other"
"""
RUNTIMES: tuple[Engine, ...] = ("onnxruntime", "onnxruntime-resting", "openvino")


@pytest.fixture(scope="module")
def network() -> Network:
    found = gb.check_text(SPEC).network
    assert found is not None
    return found


def made(network: Network, engine: Engine, dtype: torch.dtype = torch.float32, batch: int = 2) -> nn.Module:
    wanted = Wanted(network.name, network.typed, batch, dtype=dtype)
    what = Tuned(Way(engine), ((batch, 3, 12, 12),), dtype, torch.device("cpu"))
    return tuned(wanted.module("last", False), what)


def image(batch: int = 2, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(batch, 3, 12, 12, generator=torch.Generator().manual_seed(batch)).to(dtype)


def assert_same(found: dict[str, Tensor], wanted: dict[str, Tensor], within: float = 1e-5) -> None:
    assert list(found) == list(wanted)
    for name, each in wanted.items():
        assert found[name].dtype == each.dtype
        torch.testing.assert_close(found[name], each, rtol=0, atol=within * float(each.abs().max()))


@pytest.mark.parametrize("engine", RUNTIMES)
def test_weights_are_loaded_and_written_to_after_the_first_call(engine: Engine, network: Network) -> None:
    module, x = made(network, engine), image()
    with torch.no_grad():
        for seed in (0, 3):
            plain = gb.compile(network, seed=seed).eval()
            module.load_state_dict(plain.state_dict())
            assert_same(module(x), plain(x))
        module.get_parameter("logits.weight").zero_()
        assert module(x)["logits"].std(0).max() == 0
        module.logits = nn.Linear(8, 7)
        assert module(x)["logits"].shape == (2, 7)


def test_bfloat16_by_openvino(network: Network) -> None:
    plain = gb.compile(network).eval()
    with torch.no_grad():
        wanted = {name: each.bfloat16() for name, each in plain(image()).items()}
        assert_same(made(network, "openvino", torch.bfloat16)(image(dtype=torch.bfloat16)), wanted, 0.05)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is prepared and run, by an engine that is the module itself."""
    told: list[str] = []

    def make(engine: Engine, module: nn.Module, inputs: object) -> Callable[..., object]:
        told.append("prepared")
        return lambda *given: (told.append("run"), module(*given))[1]

    monkeypatch.setattr(tuned_module, "make", make)
    return told


def test_it_is_prepared_once_and_at_the_first_call(calls: list[str], network: Network) -> None:
    module = made(network, "openvino")
    assert calls == []
    module(image())
    module(image=image())
    assert calls == ["prepared", "run", "run"]


@pytest.mark.parametrize(
    "ask",
    [
        lambda module: module(image(3)),
        lambda module: module(image().requires_grad_())["logits"].sum().backward(),
        lambda module: torch.export.export(module, (image(),)),
        lambda module: module.double()(image().double()),
        lambda module: torch.func.functional_call(module, {}, (image(4),)),
    ],
)
def test_what_it_was_not_tuned_for_is_plain_torch(
    ask: Callable[[nn.Module], object], calls: list[str], network: Network
) -> None:
    ask(made(network, "openvino"))
    assert calls == []


def test_autocast_and_hooks_are_plain_torch(calls: list[str], network: Network) -> None:
    module = made(network, "openvino")
    with torch.autocast("cpu", torch.bfloat16):
        assert module(image())["logits"].dtype == torch.bfloat16
    assert calls == []
    module(image())
    seen: list[object] = []
    module.get_submodule("relu").register_forward_hook(lambda *given: seen.append(given))
    module(image())
    assert calls == ["prepared", "run"] and len(seen) == 1


def test_a_wrong_shape_is_told_as_ever(calls: list[str], network: Network) -> None:
    with pytest.raises(ValueError, match="image"):
        made(network, "openvino")(torch.zeros(2, 4, 12, 12))


def test_it_is_not_trained(network: Network) -> None:
    with pytest.raises(gb.CompileError, match="GB708"):
        made(network, "onnxruntime").train()


def test_copies_have_runners_of_their_own(calls: list[str], network: Network) -> None:
    module = made(network, "openvino")
    module(image())
    for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):  # noqa: S301  (our own)
        assert type(twin) is type(module) and "OpenVINO" in repr(twin)
        assert_same(twin(image()), module(image()))
    assert calls.count("prepared") == 3


def test_it_has_the_plain_names_and_signature(network: Network) -> None:
    module, fast = made(network, "openvino"), gb.compile(network, optimize="inference")
    assert list(module.state_dict()) == list(fast.state_dict())
    assert inspect.signature(module.forward) == inspect.signature(fast.forward)
