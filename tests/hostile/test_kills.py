"""A few of the kills that `tools/fuzz kills` makes by the hundred, and two writers of one target."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import torch
from safetensors.torch import load

from tests.hostile.kills import inputs, lay_out

ROOT = Path(__file__).parents[2]
KILLS = """
import json, sys, torch
from tests.hostile.kills import torn
torch.set_num_threads(1)
print(json.dumps([torn(seed) for seed in range(int(sys.argv[1]))]))
"""
WRITES = """
import sys
from graphbuilder import files
from graphbuilder.diagnostics import CompileError
letter = sys.argv[1].encode()
for _ in range(40):
    files.write_all({"file": letter * 50_000, "folder": {"a": letter * 50_000, "b": letter}})
"""


def test_a_killed_command_tears_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLS, "12"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=1200
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [None] * 12


CONVERTS = """
import sys
from graphbuilder.cli.entry import run
from tests.hostile.kills import COMMANDS
(command,) = (each for each in COMMANDS if each.reads_weights)
for _ in range(10):
    assert run(command.arguments(int(sys.argv[1]))) == 0
"""


def test_of_two_conversions_of_weights_into_one_file_one_wins_whole(tmp_path: Path) -> None:
    lay_out(tmp_path, inputs())
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", CONVERTS, classes],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for classes in ("10", "20")
    ]
    for writer in writers:
        _, errors = writer.communicate(timeout=1200)
        assert writer.returncode == 0, errors.decode()
    written = load((tmp_path / "x.safetensors").read_bytes())
    given = load(inputs()[f"{len(written['linear.bias'])}.safetensors"])
    assert all(torch.equal(written[name], given[name]) for name in given)
    assert sorted(os.listdir(tmp_path)) == sorted([*inputs(), "x.safetensors"])


def test_of_two_writers_of_one_target_one_wins_whole(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITES, letter], cwd=tmp_path, env=environment, stderr=subprocess.PIPE)
        for letter in "xy"
    ]
    for writer in writers:
        _, errors = writer.communicate(timeout=1200)
        assert writer.returncode == 0, errors.decode()
    assert len(set((tmp_path / "file").read_bytes())) == 1
    first = (tmp_path / "folder" / "a").read_bytes()[:1]
    assert (tmp_path / "folder" / "b").read_bytes() == first
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]
