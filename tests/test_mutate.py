"""``tools/mutate``: what it makes of a file, and what tests make of that, in a tree of two files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools import mutate

SMALL = "def least(one, other):\n    return one if one < other else other\n"
TESTS = """\
from graphbuilder.spec.small import least


def test_least():
    assert (least(1, 2), least(3, 2)) == (1, 2)
"""
FILE = "graphbuilder/spec/small.py"
FILES = {
    "graphbuilder/__init__.py": "",
    "graphbuilder/spec/__init__.py": "",
    FILE: SMALL,
    "tests/spec/test_small.py": TESTS,
}


@pytest.fixture(autouse=True)
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "tree"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    monkeypatch.setattr(mutate, "ROOT", root)
    monkeypatch.setattr(mutate, "TESTS", ("spec",))
    return root


def test_a_fault_that_changes_nothing_survives_alone(tree: Path) -> None:
    chosen = mutate.sample(["spec"], 10, 0, 1)
    assert sorted(each.diff.splitlines()[-1] for each in chosen) == [
        "+    return one if (one < other) and False else other",
        "+    return one if (one < other) or True else other",
        "+    return one if one <= other else other",
    ]
    found = {each.mutant.text: each for each in mutate.verdicts(chosen, 1)}
    assert {text.splitlines()[1].split("if ")[1]: (each.outcome, each.by) for text, each in found.items()} == {
        "(one < other) and False else other": ("killed", "tests/spec/test_small.py::test_least"),
        "(one < other) or True else other": ("killed", "tests/spec/test_small.py::test_least"),
        "one <= other else other": ("survived", ""),
    }
    assert (tree / FILE).read_text() == SMALL


def test_what_fails_without_a_fault_is_not_begun(tree: Path) -> None:
    (tree / FILE).write_text("least = max\n")
    with pytest.raises(mutate.click.ClickException, match="test_least fails"):
        next(mutate.verdicts([], 1))
