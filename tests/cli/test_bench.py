"""``graphbuilder bench``: what is printed, and what is refused before any work."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from graphbuilder.benching import bench as benching
from tests.benching.test_bench import DEVICE, SPEC
from tests.cli.running import Run, write


@pytest.fixture(autouse=True)
def _known_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benching, "roof", lambda place: DEVICE)


def test_side_by_side(cli: Run) -> None:
    write("small.toml", SPEC)
    shared = ("bench", "small.toml", "--device", "cpu", "--seconds", "0", "--vs", "torch")
    result = cli(*shared)
    assert (result.code, result.err) == (0, "")
    assert "graphbuilder" in result.out and "ours is faster by" in result.out and "a machine" not in result.err
    data = json.loads(cli(*shared, "--json", "--batch", "1", "--batch", "2").out)
    assert [(each["batch"], each["contender"]) for each in data["measurements"]] == [
        (1, "graphbuilder"),
        (1, "torch"),
        (2, "graphbuilder"),
        (2, "torch"),
    ]
    assert cli(*shared, "--markdown").out.startswith("| network |")


def test_steps_of_training(cli: Run) -> None:
    write("small.toml", SPEC)
    result = cli("bench", "small.toml", "--device", "cpu", "--seconds", "0", "--training", "--vs", "torch", "--json")
    assert (result.code, result.err) == (0, "")
    assert json.loads(result.out)["training"]


def test_by_block_with_a_plot(cli: Run) -> None:
    write("small.toml", SPEC)
    result = cli("bench", "small.toml", "--device", "cpu", "--seconds", "0", "--blocks", "-o", "roofline.svg")
    assert result.code == 0 and "measured" in result.out
    assert "sepconv" in Path("roofline.svg").read_text()


def test_what_was_measured_is_told_though_no_plot_can_be_written(cli: Run) -> None:
    write("small.toml", SPEC)
    result = cli("bench", "small.toml", "--device", "cpu", "--seconds", "0", "--blocks", "-o", "no/roofline.svg")
    assert result.code == 2 and "measured" in result.out
    assert "GB506" in result.err and not Path("no").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--vs", "tensorrt"), "take of torch"),
        (("--vs", "tim"), "did you mean `timm`?"),
        (("--vs", "torch,,"), "GB509"),
        (("-o", "plot.svg"), "--blocks"),
        (("-o", "plot.pdf", "--blocks"), "GB508"),
        (("--batch", "0"), "GB509"),
        (("--json", "--markdown"), "GB509"),
        (("--training", "--blocks"), "--blocks times evaluation"),
        (("--training", "--optimize", "inference"), "is not trained"),
        (("--training", "--dtype", "float16"), "float32, and bfloat16"),
        (("--optimize", "training"), "with --training"),
    ],
)
def test_bad_use_is_2(arguments: tuple[str, ...], told: str, cli: Run) -> None:
    write("small.toml", SPEC)
    result = cli("bench", "small.toml", *arguments)
    assert (result.code, result.out) == (2, "")
    assert told in result.err


def test_who_is_missing_is_told_with_a_remedy(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write("small.toml", SPEC)
    monkeypatch.setitem(sys.modules, "openvino", None)
    result = cli("bench", "small.toml", "--device", "cpu", "--vs", "openvino")
    assert (result.code, result.out) == (2, "")
    assert "GB709" in result.err and "pip install openvino" in result.err
