"""Asks processes that run what is hostile: a test asks of its own case alone, in whichever worker it runs."""

from __future__ import annotations

import compileall
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@contextmanager
def asking(module: str, *words: str) -> Iterator[Callable[[str], dict[str, Any]]]:
    """What gives the answer of a process of ``module`` to a name; it ends behind the last."""
    # What is imported late may be written by nobody that is watched, and is compiled at nobody's cost.
    assert compileall.compile_dir(ROOT / "graphbuilder", quiet=1)
    command = [sys.executable, "-m", module, *words]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        asked, answers = process.stdin, process.stdout

        def answer(name: str) -> dict[str, Any]:
            print(name, file=asked, flush=True)
            line = answers.readline()
            assert line, f"{module} ended at {name}"
            return json.loads(line)

        yield answer
    assert process.returncode == 0
