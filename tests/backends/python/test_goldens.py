"""The written source of whole networks, as a person reads it; and what holds of all of them."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from graphbuilder.backends.python import write
from tests.backends.networks import NETWORKS, SHIPPED, network, shipped

GOLDEN = Path(__file__).parents[2] / "golden" / "python"


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_network(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"python/{name}.py", write(shipped(name)))


@pytest.mark.parametrize("name", NETWORKS)
def test_network(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"python/{name}.py", write(network(name)))


def test_goldens_are_formatted() -> None:
    for command in (["format", "--check"], ["check", "--select", "E,F,I,W,C4,SIM,UP"]):
        run = [sys.executable, "-m", "ruff", *command, "--line-length", "100", "--isolated", str(GOLDEN)]
        done = subprocess.run(run, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", NETWORKS)
def test_only_torch_is_imported(name: str) -> None:
    tree = ast.parse(write(network(name)))
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert {str(name).partition(".")[0] for name in imported} <= {"torch", "collections", "functools"}


def test_the_text_is_the_same_in_every_process() -> None:
    script = "import graphbuilder as gb; print(gb.source(gb.load('specs/resnet50.toml')), end='')"
    texts = {
        subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            check=True,
            cwd=GOLDEN.parents[2],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(GOLDEN.parents[2])},
        ).stdout
        for seed in ("1", "2")
    }
    assert texts == {write(shipped("resnet50"))}
