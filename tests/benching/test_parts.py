"""Rounds, memory, and the table, by themselves."""

from __future__ import annotations

import sys
from collections.abc import Callable
from io import StringIO

import pytest
import torch
from rich.console import Console

from graphbuilder.analysis.roofline import Device
from graphbuilder.backends.table.bench import OURS, Bench, Case, Measurement
from graphbuilder.backends.table.bench_rows import show
from graphbuilder.backends.torch.rounds import in_turns, ratio
from graphbuilder.benching.peak import peak_of

CPU = torch.device("cpu")


def test_rounds_go_forth_and_back() -> None:
    order: list[str] = []
    told: list[tuple[int, int]] = []
    runs = [lambda: order.append("a"), lambda: order.append("b")]
    found = in_turns(runs, CPU, 0.0, lambda *rounds: told.append(rounds))
    assert [len(each) for each in found] == [5, 5]
    # Every turn is a run that does not count, and one that does.
    assert "".join(order) == "aabbbbaa" + "aabbbbaaaabbbbaaaabb"
    assert told[0] == (0, 5) and told[-1] == (5, 5)


def test_a_round_is_a_pair() -> None:
    """A machine that slows down for some rounds changes no ratio."""
    assert ratio([2.0, 20.0, 200.0], [1.0, 10.0, 100.0]) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_memory_that_a_call_holds() -> None:
    size = 2**26
    found = peak_of(lambda: torch.ones(size // 4).sum(), CPU)
    if found is None:
        pytest.skip("this system does not let the mark be reset")
    assert 0.9 * size < found < 3 * size


DEVICE = Device("Some CPU", 4e10, {"float32": 1.5e11, "bfloat16": 6e11}, 1.5e11, 1e-6, "measured here")
MACHINE = {"device": "Some CPU", "system": "Linux x86_64", "cores": 8, "threads": 4, "packages": {"torch": "2.13.0"}}


def measurement(
    contender: str, detail: str, seconds: list[float], speed: float, difference: float | None
) -> Measurement:
    case = Case("xception", 8, "float32")
    return Measurement(case, contender, detail, seconds, 0.02, 0.4, 2**26, speed, difference, 0.03)


BENCH = Bench(
    MACHINE,
    DEVICE,
    (
        measurement(OURS, "", [0.1, 0.11, 0.12, 0.13, 0.5], 1.0, 2e-7),
        measurement("torch", "", [0.2, 0.22, 0.24, 0.26, 0.3], 2.01, 0.0),
        measurement("timm", "legacy_xception, channels last", [0.15] * 5, 1.25, None),
    ),
)


def test_numbers() -> None:
    ours = BENCH.measurements[0]
    assert (ours.median, ours.p90, ours.rate, ours.reached) == (0.12, 0.5, 8 / 0.12, 0.03 / 0.12)
    data = BENCH.data()
    assert data["machine"] == MACHINE and data["device"]["bandwidth"] == 4e10
    assert data["measurements"][1]["ours_is_faster_by"] == 2.01
    assert data["measurements"][2]["difference"] is None


def test_as_text(golden: Callable[[str, str], None]) -> None:
    golden("summary/bench.txt", BENCH.text())


def test_as_markdown() -> None:
    assert BENCH.markdown().startswith("| network | batch | dtype | by |")


@pytest.mark.parametrize("width", [70, 200])
def test_on_a_terminal(width: int) -> None:
    stream = StringIO()
    show(BENCH, Console(file=stream, width=width))
    assert "legacy_xception" in stream.getvalue() and "ours is" in stream.getvalue()
