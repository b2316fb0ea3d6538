"""The two tools that editors check TOML with, as commands: where each says that something is wrong."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

TOOLS = Path(sys.executable).parent


class Mark(NamedTuple):
    """Where a squiggle begins; lines and columns from 1."""

    line: int
    column: int


# By the name of a file, in the order of its lines.
Marks = dict[str, list[Mark]]


def taplo(paths: list[Path]) -> Marks:
    return _by_file(re.findall(r"┌─ (.*?):(\d+):(\d+)\n", said_by_taplo(paths)))


def said_by_taplo(paths: list[Path]) -> str:
    command = [TOOLS / "taplo", "lint", "--colors", "never", *paths]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=paths[0].parent)
    assert f"total={len(paths)}" in run.stderr
    assert "invalid schema" not in run.stderr
    return run.stderr


def tombi(paths: list[Path]) -> Marks:
    """It may have several messages on one value, which has one squiggle for them."""
    report = paths[0].parent / "report.json"
    options = ["--offline", "--diagnostics-format", "json", "--diagnostics-file", str(report)]
    subprocess.run([TOOLS / "tombi", "lint", *options, *paths], capture_output=True, check=False, cwd=paths[0].parent)
    found = json.loads(report.read_text(encoding="utf-8"))
    return _by_file(
        {(each["path"], each["range"]["start"]["line"], each["range"]["start"]["column"]) for each in found}
    )


def _by_file(rows: Iterable[tuple[str, str, str]]) -> Marks:
    found: Marks = {}
    for path, line, column in rows:
        found.setdefault(Path(path).stem, []).append(Mark(int(line), int(column)))
    return {name: sorted(marks) for name, marks in found.items()}
