"""Every hostile spec costs at most a second and 256 MiB, reaches nothing outside its folder, and ends in its code.

The limits are the system's own, ``RLIMIT_CPU`` and ``RLIMIT_AS``: a process that goes beyond them is killed. On a
slower machine a second is as much longer as plain arithmetic takes there.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.hostile.cases import CASES

ROOT = Path(__file__).parents[2]
EVIL = "open('ran', 'w').close()\n"
CODE = re.compile(r"error\[(GB\d+)\]")
# What would steer a terminal, or turn its writing around.
STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, Any]]:
    """What came of each case, all of them checked by one process that forks for each."""
    folder = tmp_path_factory.mktemp("hostile")
    for name, case in CASES.items():
        (folder / name / "it").mkdir(parents=True)
        here = folder / name / "it"
        (here / "spec.toml").write_bytes(case.text.encode() if isinstance(case.text, str) else case.text)
        (here / "evil.py").write_text(EVIL)
        if case.prepare:
            case.prepare(here)
    command = [sys.executable, "-m", "tests.hostile.child", str(folder), *(f"{name}/it" for name in CASES)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    rows = map(json.loads, done.stdout.splitlines())
    return {row["name"].partition("/")[0]: {**row, "folder": folder} for row in rows}


@pytest.mark.parametrize("name", CASES)
def test_it_ends_in_its_code(answers: Mapping[str, Mapping[str, Any]], name: str) -> None:
    answer = answers[name]
    assert answer["exit"] == 2, answer["output"][-2000:]
    codes = CODE.findall(answer["output"])
    assert CASES[name].code in codes, answer["output"][:2000]
    assert "Traceback" not in answer["output"]


@pytest.mark.parametrize("name", CASES)
def test_it_reaches_nothing_and_costs_little(answers: Mapping[str, Mapping[str, Any]], name: str) -> None:
    answer = answers[name]
    assert answer["seen"] == []
    assert answer["seconds"] < answer["most"]
    assert answer["kilobytes"] < 256 * 1024
    assert not (answer["folder"] / name / "it" / "ran").exists()


@pytest.mark.parametrize("name", CASES)
def test_what_is_said_steers_no_terminal_and_tells_no_secret(
    answers: Mapping[str, Mapping[str, Any]], name: str
) -> None:
    output = answers[name]["output"]
    assert not STEERING.search(output), output[:2000]
    assert "hunter2" not in output and "root:" not in output
    assert len(output) < 1 << 20


def test_there_are_many() -> None:
    assert len(CASES) >= 60
