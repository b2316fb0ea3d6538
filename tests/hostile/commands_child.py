"""Gives the specs of a folder to commands, each run in a process of its own under limits, and watched.

    python -m tests.hostile.commands_child FOLDER COMMAND

A line of JSON for each NAME on a line of standard input says what came of FOLDER/NAME/spec.toml; what was written
stands in FOLDER/NAME/COMMAND.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

from graphbuilder.backends.graphviz.write import pdf
from graphbuilder.cli.entry import run
from tests.clock import spent
from tests.hostile.child import at_best, limited, serve
from tests.hostile.commands import COMMANDS, Command
from tests.hostile.watch import Watch

# What is imported only where the machine's Graphviz refuses a drawing.
IMPORTED = (pdf,)

PLAIN = 'format = 1\nname = "plain"\n[inputs]\nx = [4, 8, 8]\n[model]\nbody = [{ op = "relu" }]\n'
"""What is run first, so that all is imported before the limits, and what others are compared with."""


def tried(command: Command, folder: Path, seconds: float) -> dict[str, Any]:
    """What the command says of the spec in ``folder``, and what it cost."""
    os.chdir(folder)
    output = io.StringIO()
    before = spent()
    limited(seconds, command.more_bytes)
    watch = Watch(folder, [name.rstrip("/") for name in command.outputs], command.programs)
    with redirect_stdout(output), redirect_stderr(output):
        code = run(command.arguments)
    seen = watch.end()
    return {"exit": code, "output": output.getvalue(), "seconds": spent() - before, "seen": seen}


def put_away(command: Command, folder: Path, to: Path) -> None:
    """Let what was written stand where the next command does not write over it."""
    to.mkdir()
    for output in command.outputs:
        if (folder / output).exists():
            shutil.move(folder / output.rstrip("/"), to)


def main(folder: Path, name: str) -> None:
    command = COMMANDS[name]
    warm = folder / "warm"
    warm.mkdir()
    for spec in ("spec.toml", "plain.toml"):
        (warm / spec).write_text(PLAIN)
    os.chdir(warm)
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        assert run(command.arguments) == 0

    def answer(spec: str) -> dict[str, Any]:
        found = at_best(partial(tried, command, folder / spec, command.seconds), command.seconds)
        put_away(command, folder / spec, folder / spec / name)
        return found

    serve(answer)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2])
