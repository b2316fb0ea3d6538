"""``graphbuilder summary --roofline``: what a device needs at least."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from graphbuilder.analysis.roofline import DEVICES
from tests.cli.running import Run

XCEPTION = str(Path(__file__).parents[2] / "specs" / "xception.toml")
H200 = ("summary", XCEPTION, "--roofline", "h200", "--batch", "256", "--dtype", "bfloat16")


def test_what_a_device_needs(cli: Run) -> None:
    result = cli(*H200)
    assert (result.code, result.err) == (0, "")
    assert "middle ×8" in result.out and "33,55" in result.out and "bound by" in result.out
    data = json.loads(cli(*H200, "--fuse", "nothing", "--json").out)
    assert (data["fusion"], data["floor"]["kernels"], data["batch"]) == ("nothing", 167, 256)
    assert cli(*H200, "--markdown", "--depth", "1").out.startswith("| block | op | bytes |")


def test_what_a_step_of_training_needs(cli: Run) -> None:
    result = cli(*H200, "--training")
    assert (result.code, result.err) == (0, "")
    assert "a step of training on a batch of 256" in result.out
    assert "of forward and backward" in result.out
    data = json.loads(cli(*H200, "--training", "--fuse", "nothing", "--json").out)
    assert (data["training"], data["floor"]["kernels"]) == (True, 488)
    assert "GB509" in cli("summary", XCEPTION, "--training").err


def test_the_plot_is_written_beside_the_table(cli: Run) -> None:
    assert "middle ×8" in cli(*H200, "-o", "roofline.svg").out
    assert "entry.block2" in Path("roofline.svg").read_text()


def test_this_machine_is_measured(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    device = replace(DEVICES["a100"], name="this machine", matrix={"float32": 1e12})
    monkeypatch.setattr("graphbuilder.benching.measured.measured", lambda place: device)
    assert "xception on this machine" in cli("summary", XCEPTION, "--roofline", "measure").out
    refused = cli("summary", XCEPTION, "--roofline", "measure", "--dtype", "float16")
    assert refused.code == 2 and "this machine has no units for float16" in refused.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--roofline", "gtx"), "GB509"),
        (("--dtype", "float16"), "--roofline"),
        (("--fuse", "blocks"), "--roofline"),
        (("-o", "plot.svg"), "--roofline"),
        (("--roofline", "h200", "-o", "plot.pdf"), "GB508"),
        (("--roofline", "h200", "--json", "--markdown"), "GB509"),
    ],
)
def test_bad_use_is_2(arguments: tuple[str, ...], told: str, cli: Run) -> None:
    result = cli("summary", XCEPTION, *arguments)
    assert (result.code, result.out) == (2, "")
    assert told in result.err
