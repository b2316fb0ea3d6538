"""The table of the measurements on a GPU: what it says of rows and checks, and of those that are not there."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import torch

from tools.gpu.models import answering, images, written_by_hand
from tools.gpu.row import Check, Row
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
        "rows not run": 11,
        "plans": [{"problem": problem, "plan": PLAN, "seconds": seconds}],
        **changes,
    }


def test_the_table() -> None:
    text = markdown(result())
    assert "| inference | by hand | 1.000 | 1.400 | 1.400 | 1.3 | reached |" in text
    assert "- FAILED a kernel: 5.00e-01 of 1e-05 allowed" in text
    assert "Rows not run: 11." in text
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
