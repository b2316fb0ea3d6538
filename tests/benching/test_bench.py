"""A bench of a small network: what is told of everybody, and what happens where somebody is missing."""

from __future__ import annotations

import sys
from math import isfinite
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torch
from torch import nn

import graphbuilder as gb
from graphbuilder.analysis.roofline import Device
from graphbuilder.backends.table.bench import Bench
from graphbuilder.benching import bench as benching
from graphbuilder.benching import measured, training
from graphbuilder.benching.given import given, settled

SPEC = """
format = 1
name = "small"
[inputs]
image = [3, 16, 16]
[model]
body = [
  { op = "conv", out = 8, kernel = 3, bias = false },
  { op = "batchnorm" },
  { op = "relu" },
  { op = "sepconv", out = 8, kernel = 3 },
  { op = "globalavgpool" },
  { id = "logits", op = "linear", out = 10 },
]
"""
DEVICE = Device("a machine", 1e10, {"float32": 1e11, "bfloat16": 1e11}, 1e11, 1e-6, "made up")


@pytest.fixture(autouse=True)
def _known_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benching, "roof", lambda place: DEVICE)


def run(*versus: str, **options: object) -> Bench:
    network = gb.check_text(SPEC).network
    assert network is not None
    return gb.bench(network, device="cpu", versus=versus, seconds=0, **options)  # type: ignore[arg-type]


def test_what_is_told() -> None:
    found = run("torch", batches=[2])
    ours, torch_ = found.measurements
    assert [each.contender for each in found.measurements] == ["graphbuilder", "torch"]
    assert len(ours.seconds) == len(torch_.seconds) == 5
    assert 0 < min(ours.seconds) <= ours.median <= ours.p90 <= max(ours.seconds)
    assert ours.rate == 2 / ours.median and ours.speed == 1
    assert ours.difference is not None and ours.difference < 1e-5
    assert torch_.difference == 0
    assert ours.floor == torch_.floor and ours.reached == ours.floor / ours.median  # type: ignore[operator]
    assert ours.build > 0 and ours.first > 0
    assert found.machine["packages"] == {"torch": torch.__version__}


def test_every_case_is_measured() -> None:
    found = run(batches=[1, 3], dtypes=["float32", "bfloat16"])
    assert [each.case[1:] for each in found.measurements] == [
        (1, "float32"),
        (1, "bfloat16"),
        (3, "float32"),
        (3, "bfloat16"),
    ]
    assert all(each.difference is not None and each.difference < 0.05 for each in found.measurements)


def test_a_type_that_was_not_measured_has_no_floor() -> None:
    (found,) = run(dtypes=["float16"]).measurements
    assert found.floor is None and found.reached is None


def test_by_block() -> None:
    (found,) = run(blocks=True).rooflines
    data = found.data()
    measured_ = {block["name"]: block["measured"] for block in data["blocks"]}
    assert list(measured_) == ["conv", "relu", "sepconv", "globalavgpool", "logits"]
    assert all(took > 0 for took in measured_.values())
    assert sum(measured_.values()) <= data["measured"] * 1.01
    assert "of the floor" in found.text()


def test_peers_have_weights_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    library = ModuleType("timm")
    made: list[str] = []

    def create(name: str) -> nn.Module:
        made.append(name)
        return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))

    library.__dict__.update(list_models=lambda: ["tiny", "small"], create_model=create)
    monkeypatch.setitem(sys.modules, "timm", library)
    found = run("timm", "timm:tiny")
    assert made == ["small", "tiny"]
    assert [each.detail for each in found.measurements[1:]] == ["small, channels last", "tiny, channels last"]
    assert [each.difference for each in found.measurements[1:]] == [None, None]
    with pytest.raises(gb.CompileError, match="no model 'large'") as error:
        run("timm:large")
    assert [each.rule.code for each in error.value.diagnostics] == ["GB710"]


def test_a_model_that_is_not_known_is_told_before_anything_is_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared: list[object] = []
    monkeypatch.setattr(benching, "settled", prepared.append)
    monkeypatch.setitem(sys.modules, "timm", SimpleNamespace(list_models=lambda: ["tiny"]))
    with pytest.raises(gb.CompileError, match="timm cannot be measured: it has no model 'small'"):
        run("torch", "timm")
    assert prepared == []


@pytest.mark.parametrize("name", ["timm", "torchvision", "keras", "onnxruntime", "openvino"])
def test_who_is_missing_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for each in (name, "torchvision.models"):
        monkeypatch.setitem(sys.modules, each, None)
    with pytest.raises(gb.CompileError) as error:
        run(name)
    (found,) = error.value.diagnostics
    assert found.rule.code == "GB709"
    assert name in found.message and "pip install" in (found.help or "")


def test_what_others_raise_is_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    def create(name: str) -> nn.Module:
        raise KeyError("\x1b[2Jboom")

    monkeypatch.setitem(sys.modules, "timm", SimpleNamespace(list_models=lambda: ["small"], create_model=create))
    with pytest.raises(gb.CompileError) as error:
        run("timm")
    (found,) = error.value.diagnostics
    assert found.rule.code == "GB710" and "boom" in found.notes[0] and "\x1b" not in found.notes[0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"batches": [0]},
        {"dtypes": ["int8"]},
        {"optimize": "all"},
        {"optimize": "training"},
        {"dtypes": []},
        {"dtypes": ["float16"], "training": True},
        {"optimize": "inference", "training": True},
        {"blocks": True, "training": True},
    ],
)
def test_wrong_arguments_are_named(wrong: dict[str, object]) -> None:
    name = next(iter(wrong))
    with pytest.raises(ValueError, match=name):
        run(**wrong)


def test_unknown_contenders_are_named() -> None:
    with pytest.raises(ValueError, match="versus must be of torch, compile"):
        run("tensorrt")


def test_steps_of_training() -> None:
    found = run("torch", "torch:channels_last", training=True, batches=[4], dtypes=["float32", "bfloat16"])
    single, half = found.measurements[:3], found.measurements[3:]
    assert [each.detail for each in single] == ["", "", "channels last"]
    assert all(each.difference is not None and each.difference < 1e-5 for each in single)
    assert all(each.difference is not None and 0 < each.difference < 0.02 for each in half)
    assert all(each.reached is not None and each.peak is not None for each in found.measurements)
    assert "Forward, loss, backward" in found.text() and found.data()["training"]
    (forward,) = run(batches=[4]).measurements
    assert forward.floor is not None and single[0].floor is not None and forward.floor * 2 < single[0].floor


def test_maps_with_channels_last_on_demand() -> None:
    found = run("torch", "torch:channels_last", batches=[2])
    assert [each.detail for each in found.measurements] == ["", "", "channels last"]
    assert all(each.difference is not None and each.difference < 1e-5 for each in found.measurements)


@pytest.mark.parametrize("contender", ["torch:rows", "compile:rows", "onnxruntime:rows", "openvino:rows"])
def test_forms_that_nobody_has_are_told(contender: str) -> None:
    with pytest.raises(gb.CompileError, match=r"it has no (layout|form) 'rows'") as error:
        run(contender)
    assert [each.rule.code for each in error.value.diagnostics] == ["GB710"]


def test_a_step_changes_the_weights() -> None:
    network = gb.check_text(SPEC).network
    assert network is not None
    case = given(network, 4, "float32", torch.device("cpu"), settled(network), training=True)
    run = training.ours(case, "training").run
    losses = [float(run()) for _ in range(3)]
    assert losses[0] == pytest.approx(float(training.loss_of(case)), rel=1e-5)
    assert losses[0] > losses[1] > losses[2]


@pytest.mark.parametrize(
    ("contender", "code", "message"),
    [
        ("onnxruntime", "GB710", "it answers and does not train"),
        ("torch:rows", "GB710", "it has no layout 'rows'"),
        ("compile:rows", "GB710", "it has no layout 'rows'"),
    ],
)
def test_who_does_not_train_is_told(contender: str, code: str, message: str) -> None:
    with pytest.raises(gb.CompileError, match=message) as error:
        run(contender, training=True)
    assert [each.rule.code for each in error.value.diagnostics] == [code]


def test_peers_train(monkeypatch: pytest.MonkeyPatch) -> None:
    first = nn.Conv2d(3, 4, 3)
    module = nn.Sequential(first, nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    library = SimpleNamespace(list_models=lambda: ["small"], create_model=lambda name: module)
    monkeypatch.setitem(sys.modules, "timm", library)
    before = first.weight.detach().clone()
    found = run("timm", training=True, batches=[2]).measurements[1]
    assert (found.detail, found.difference) == ("small, channels last", None)
    assert not torch.equal(first.weight, before)


def test_a_device_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measured, "BUDGET", 0)
    monkeypatch.setattr(measured, "_COPIED", {"cpu": 2**16})
    monkeypatch.setattr(measured, "_SIDES", {"cpu": 32})
    found = measured.measured(torch.device("cpu"))
    numbers = (found.bandwidth, found.vector, found.launch, *found.matrix.values())
    assert all(isfinite(each) and each > 0 for each in numbers)
    assert found.vector == found.matrix["float32"] and "measured here" in found.source


def test_weights_are_settled() -> None:
    """What a norm gives has mean 0 and deviation 1 on the batch that it is settled on, so on others nearly."""
    network = gb.load(Path(__file__).parents[2] / "specs" / "resnet18.toml", params={"size": 32})
    weights = settled(network)
    module = gb.compile(network)
    module.load_state_dict(weights)
    deep: list[torch.Tensor] = []
    norms = [each for each in module.modules() if isinstance(each, nn.BatchNorm2d)]
    norms[-1].register_forward_hook(lambda *given: deep.append(given[-1]))
    with torch.no_grad():
        module.eval()(torch.randn(4, 3, 32, 32))
    assert 0.1 < deep[0].std() < 10
