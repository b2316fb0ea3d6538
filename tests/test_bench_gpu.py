"""The table of the measurements on a GPU: what it says of rows and checks, and of those that are not there."""

from __future__ import annotations

import json
import os
import subprocess
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from tools.gpu import __main__ as bench
from tools.gpu import child, rows
from tools.gpu.models import answering, images, written_by_hand
from tools.gpu.results import Results
from tools.gpu.row import SHARES, Check, Row
from tools.gpu.rows import TASKS, Setting
from tools.gpu.writing import markdown, slug

ROOT = Path(__file__).parents[1]
PLAN = {"kind": "span", "rows": 64, "columns": 128, "depth": 32, "warps": 4, "stages": 3, "images": 0}
LIBRARY = {**PLAN, "kind": "library"}


def result(**changes: Any) -> dict[str, Any]:
    check, row = Check("a kernel", 0.5, 1e-5), Row("inference", "by hand", 1.3, 0.001, 0.0014, 1.4, 9)
    problem = {"shape": (2, 64, 9, 9), "out": 128, "residual": True, "pixels": 162}
    seconds = [{**PLAN, "seconds": 0.001}, {**LIBRARY, "seconds": 0.002}]
    return {
        "when": "now",
        "dry": False,
        "machine": {"device": "NVIDIA H200 (one)", "packages": {"torch": "2.11"}},
        "groups": {"checks": "done in 3 s", "others": "not run: no time was left"},
        "checks": [{**check._asdict(), "passed": check.passed}],
        "rows": [{**row._asdict(), "reached": row.reached}],
        "rows not run": ["first-middle", "others-resnext50"],
        "plans": [{"problem": problem, "plan": PLAN, "seconds": seconds}],
        **changes,
    }


def test_the_table() -> None:
    text = markdown(result())
    assert "| inference | by hand | 1.000 | 1.400 | 1.400 | 1.3 | reached |" in text
    assert "- FAILED a kernel: 5.00e-01 of 1e-05 allowed" in text
    assert "Rows not run: first-middle, others-resnext50." in text
    assert "- others: not run: no time was left" in text
    assert "| 64 to 128, residual | 162 | span 64x128x32, 4 warps | 1.000 | 2.000 |" in text
    assert slug(result()) == "nvidia-h200-one"


def test_a_rehearsal_says_so() -> None:
    assert "the numbers mean nothing" in markdown(result(dry=True))
    assert slug(result(dry=True)).endswith("-dry")
    assert "no device" in markdown(result(machine={}, rows=[], checks=[], plans=[]))


@torch.inference_mode()
def test_what_is_compared_is_the_same_network() -> None:
    cpu = torch.device("cpu")
    x = images(1, 43, cpu, torch.float32)
    theirs = written_by_hand(cpu, folded=True).eval()
    assert not any(isinstance(each, torch.nn.BatchNorm2d) for each in theirs.modules())
    torch.testing.assert_close(answering("xception", 43, cpu, torch.float32)(x), theirs(x), rtol=1e-4, atol=1e-4)


def test_a_row_of_memory_has_the_ratio_of_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours with blocks run again is measured ahead of theirs and of ours without."""
    peaks = iter((50, 100, 90))
    monkeypatch.setattr(rows, "peak_of", lambda *_: next(peaks))
    monkeypatch.setattr(rows.models, "training", lambda *_, **given: torch.nn.Conv2d(3, 4, 43))
    monkeypatch.setattr(rows.models, "written_by_hand", lambda *_, **given: torch.nn.Conv2d(3, 4, 43))
    monkeypatch.setattr(rows.models, "compiled", lambda module, *_: module)
    monkeypatch.setattr(rows.models, "step", lambda module, x, *_: lambda: module(x))
    setting = Setting(torch.device("cpu"), (2, 3, 1), 43, torch.float32, 0.01)
    (row,) = TASKS["recompute-large"](setting)
    assert row.ratio == 2.0 and row.reached and row.name.startswith("training with recompute, batch 3")
    assert row.more["bytes without"] == 90 and {"without, compiled, ms", "ratio of time"} <= set(row.more)


ROW = {**Row("inference, batch 1", "by hand", 1.1, 0.001)._asdict(), "key": "inference-one"}


def test_rows_have_tasks_and_shares() -> None:
    assert list(TASKS) == [key for key in SHARES if key != "checks"]


def test_what_is_told_is_written_at_once(tmp_path: Path) -> None:
    results = Results(tmp_path, "now", False, ["inference-one", "first-middle"])
    results.take("machine", {"device": "A card"})
    results.take("row", ROW)
    found = json.loads((tmp_path / "a-card.json").read_text())
    assert [row["reached"] for row in found["rows"]] == [None] and found["rows not run"] == ["first-middle"]
    results.take("row", {**ROW, "theirs": 0.002, "ratio": 2.0})
    results.take("note", ["first-middle", "stopped after 3 s"])
    found = json.loads((tmp_path / "a-card.json").read_text())
    assert [row["reached"] for row in found["rows"]] == [True]
    assert "- first-middle: stopped after 3 s" in (tmp_path / "a-card.md").read_text()
    assert results.is_good()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-card.json", "a-card.md"]


@pytest.mark.parametrize(
    ("note", "error", "good"),
    [("done in 3 s", 0.0, True), ("stopped after 3 s", 0.0, False), ("done in 3 s", 1.0, False)],
)
def test_checks_that_were_not_done_are_no_success(tmp_path: Path, note: str, error: float, good: bool) -> None:
    results = Results(tmp_path, "now", False, ["checks"])
    results.take("machine", {"device": "A card"})
    results.take("check", {"name": "a kernel", "error": error, "allowed": 0.1})
    assert not results.is_good()
    results.note("checks", note)
    assert results.is_good() == good


def slow(_: Setting) -> Iterator[Row]:
    yield Row("first call", "theirs", 10, 0.5)
    try:
        time.sleep(60)
    except Exception:
        pytest.fail("a compiler would take it for an error of its own")


def broken(_: Setting) -> Iterator[Row]:
    raise ValueError("no such card")


def test_a_row_that_outruns_its_time_or_fails_takes_no_other_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, Any]] = []
    setting = Setting(torch.device("cpu"), (2, 3, 1), 43, torch.float32, 0.1)
    for task in (slow, broken):
        monkeypatch.setitem(TASKS, "first-middle", task)
        child._run("first-middle", setting, 0.2, lambda *each: told.append(each))
    child._run("first-middle", setting, -1, lambda *each: told.append(each))
    assert [kind for kind, _ in told] == ["row", "note", "note", "note"]
    assert told[0][1]["ours"] == 0.5 and told[1][1] == ["first-middle", "stopped after 0 s"]
    assert "no such card" in told[2][1][1]


STOPPED = """#!/bin/sh
echo 'a warning that some library prints'
echo '{"row": {"key": "first-middle"}}'
%s
sleep 60 &
sleep 60
"""


@pytest.mark.parametrize(
    ("last", "seconds", "note"), [("", 1.0, "stopped after"), ("""echo '{"done": 1}'""", 50.0, "done in")]
)
def test_a_process_that_hangs_is_ended_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: str, seconds: float, note: str
) -> None:
    """The one that it started holds the pipe that its answers come by."""
    python = tmp_path / "python"
    python.write_text(STOPPED % last)
    python.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(python))
    monkeypatch.setattr(bench, "GRACE", 0)
    told: list[Any] = []
    results = SimpleNamespace(take=lambda *each: told.append(each))
    options = SimpleNamespace(device="cpu", dry=True)
    start = time.monotonic()
    end = bench._child(["first-middle"], (seconds, seconds), options, tmp_path, 1, results, 0)  # pyright: ignore[reportArgumentType]
    assert end.startswith(note) and time.monotonic() - start < 30
    assert told[0] == ("row", {"key": "first-middle"})


@pytest.mark.parametrize(
    ("only", "keys"),
    [
        (["first"], ["first-middle"]),
        (["inference-one", "checks"], ["checks", "inference-one"]),
        (None, list(SHARES)),
    ],
)
def test_rows_are_chosen_by_group_or_name(only: list[str] | None, keys: list[str]) -> None:
    assert bench._chosen(only, ArgumentParser()) == keys


def test_a_row_that_is_none_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench._chosen(["second"], ArgumentParser())
    assert "no row or group is called second: there are checks, inference-large" in capsys.readouterr().err


STUB = """#!/bin/sh
echo "$PYTHONPATH | $*" >> "$LOG"
case "$*" in *tomli*) [ -n "$PYTHONPATH" ] ;; esac
"""


def test_what_is_lacking_is_named_and_wheels_are_installed(tmp_path: Path) -> None:
    """A Python that has everything but tomli, which is found where wheels are."""
    python, log = tmp_path / "python", tmp_path / "log"
    python.write_text(STUB)
    python.chmod(0o755)
    surroundings = {"PATH": os.environ["PATH"], "PYTHON": str(python), "LOG": str(log)}

    def run(**more: str) -> subprocess.CompletedProcess[str]:
        command = [ROOT / "tools" / "bench_gpu", "--dry"]
        return subprocess.run(command, env={**surroundings, **more}, text=True, capture_output=True, check=False)

    found = run()
    assert found.returncode == 2 and found.stderr.startswith(f"{python} lacks tomli: put their wheels into a folder")
    (tmp_path / "a.whl").touch()
    assert run(WHEELS=str(tmp_path)).returncode == 0
    lines = log.read_text().splitlines()
    assert any(line.endswith(f"{tmp_path}/a.whl") and " --no-index " in line for line in lines)
    site, _, last = lines[-1].partition(" | ")
    assert last == "-m tools.gpu --dry" and site and not Path(site).exists()
