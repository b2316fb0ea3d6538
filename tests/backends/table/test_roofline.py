"""The table of a roofline, and its plot."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

import graphbuilder as gb
from graphbuilder.backends.table.roofline import Roofline
from graphbuilder.backends.table.screen import show

SPECS = Path(__file__).parents[3] / "specs"


@pytest.fixture(scope="module")
def xception() -> Roofline:
    return gb.roofline(SPECS / "xception.toml", "h200", batch=256, dtype="bfloat16")


def test_as_text(xception: Roofline, golden: Callable[[str, str], None]) -> None:
    golden("summary/xception_on_h200.txt", xception.text())


def test_as_markdown(xception: Roofline) -> None:
    lines = xception.markdown(1).splitlines()
    assert lines[0].startswith("| block | op | bytes |")
    assert any(line.startswith("| separable * |") for line in lines)


@pytest.mark.parametrize("width", [60, 200])
def test_on_a_terminal(xception: Roofline, width: int) -> None:
    stream = StringIO()
    show(xception, 1, Console(file=stream, width=width))
    assert "middle ×8" in stream.getvalue()
    assert max(map(len, stream.getvalue().splitlines())) <= width
    assert ("FLOPs  " in stream.getvalue()) == (width == 200)


def test_as_data(xception: Roofline) -> None:
    data = xception.data()
    assert data["floor"] == data["floors"]["separable"]
    assert sum(block["kernels"] for block in data["blocks"]) == data["floor"]["kernels"] == 46
    assert sum(block["seconds"] for block in data["blocks"]) == pytest.approx(data["floor"]["seconds"])
    middle = data["blocks"][1]
    # A block counts all its copies, and those under it one of its copies.
    assert (middle["repeat"], middle["kernels"], middle["blocks"][0]["kernels"]) == (8, 24, 3)
    assert middle["blocks"][1] == {
        "name": "merge",
        "path": "middle.0.merge",
        "op": "add",
        "repeat": 1,
        "kernels": 0,
        "bytes": 0,
        "flops": 0,
        "intensity": 0.0,
        "seconds": 0,
        "bound": None,
        "seconds_by_bound": {"memory": 0.0, "arithmetic": 0.0, "launches": 0.0},
        "blocks": [],
    }


def test_copies_that_differ_are_added_up() -> None:
    data = gb.roofline(SPECS / "resnet50.toml", fusion="elementwise").data()
    (stages,) = [block for block in data["blocks"] if block["name"] == "stages"]
    assert stages["kernels"] == 52
    assert sum(block["kernels"] for block in stages["blocks"]) == 52
    first, *others = stages["blocks"][2]["blocks"][0]["blocks"]
    assert [(block["name"], block["kernels"]) for block in (first, *others)] == [("0", 4), ("1-5", 15)]


def test_as_a_plot(xception: Roofline, tmp_path: Path) -> None:
    path = tmp_path / "roofline.svg"
    svg = xception.plot(path).decode()
    assert path.read_text() == svg
    words = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    assert {"entry.block2", "exit.block14", "pool", "FLOPs a byte", "100 T"} <= set(words)
    assert "xception on NVIDIA H200: a batch of 256 in bfloat16" in words
    tip = r"<title>entry.block2: 180 TFLOP/s, 41.9 FLOPs a byte, 23.3 % of the time, bound by memory</title>"
    assert tip in svg
    assert xception.plot(tmp_path / "roofline.png").startswith(b"\x89PNG")
    with pytest.raises(gb.CompileError, match="GB508"):
        xception.plot(tmp_path / "roofline.pdf")


def test_a_network_without_operations_has_a_plot() -> None:
    checked = gb.check_text('format = 1\nname = "x"\n[inputs]\nx = [3, 8]\n[model]\nbody = [{ op = "identity" }]')
    assert checked.network is not None
    found = gb.roofline(checked.network)
    assert found.total.seconds == 0
    assert "identity" in found.text() and found.plot()


@pytest.mark.parametrize("wrong", [{"device": "h201"}, {"dtype": "int8"}, {"fusion": "all"}, {"batch": 0}])
def test_wrong_arguments_are_named(wrong: dict[str, object]) -> None:
    (name,) = wrong
    with pytest.raises(ValueError, match=f"{name} must be"):
        gb.roofline(SPECS / "xception.toml", **wrong)  # type: ignore[arg-type]
