"""An audit hook that writes down what a process touches besides Python's own files and those of one folder."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Collection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
NEVER = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "os.startfile",
    "pty.",
)
NEVER += ("ctypes.", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod", "shutil.")
# What Python imports itself from; the marker is a module that hostile specs name.
OWN = (
    *{os.path.realpath(path) for path in sysconfig.get_paths().values()},
    str(ROOT / "graphbuilder"),
    str(ROOT / ".venv"),
)
PLACES = frozenset(map(os.path.realpath, sys.path))
MARKER = "evil"


# What is being written, until it is renamed into its place; and the moves by which files come and go.
STAGED = ".graphbuilder-"
MOVES = ("os.mkdir", "os.remove", "os.rmdir", "os.rename", "shutil.rmtree")


class Watch:
    """Watches from its making to its end; a hook cannot be taken off, so it then only falls silent.

    ``writes`` are the files and folders that may be written in ``folder``, ``programs`` those that may be run.
    """

    def __init__(self, folder: Path, writes: Collection[str] = (), programs: Collection[str] = ()) -> None:
        self._folder = os.path.realpath(folder)
        self._writes, self._programs = frozenset(writes), frozenset(programs)
        self._seen: list[str] = []
        self._on = True
        sys.dont_write_bytecode = True
        sys.addaudithook(self._hook)

    def end(self) -> list[str]:
        """Everything that should not have been."""
        self._on = False
        return self._seen

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._on:
            return
        if event.startswith(NEVER) and not (self._moved(event, arguments) or self._is_run(event, arguments)):
            self._seen.append(f"{event} {arguments!r:.200}")
        elif event == "import" and str(arguments[0]).partition(".")[0] == MARKER:
            self._seen.append(f"import {arguments[0]}")
        elif event in ("open", "os.listdir", "os.scandir") and not self._allowed(arguments):
            self._seen.append(f"{event} {arguments!r:.200}")

    def _moved(self, event: str, arguments: tuple[Any, ...]) -> bool:
        """Whether an output is put into its place."""
        places = arguments[:2] if event == "os.rename" else arguments[:1]
        return event in MOVES and all(self._is_output(os.path.realpath(os.fsdecode(place))) for place in places)

    def _is_run(self, event: str, arguments: tuple[Any, ...]) -> bool:
        return event == "subprocess.Popen" and os.path.basename(os.fsdecode(arguments[0])) in self._programs

    def _is_output(self, real: str) -> bool:
        """Whether it is an output, stands in one, or will become one."""
        first = os.path.relpath(real, self._folder).partition(os.sep)[0]
        return first in self._writes or (bool(self._writes) and first.startswith(STAGED))

    def _allowed(self, arguments: tuple[Any, ...]) -> bool:
        """Whether what is opened is Python's own, to be read, or a spec in the folder."""
        path = arguments[0]
        if isinstance(path, int):
            return True
        real = os.path.realpath(os.fsdecode(path))
        if self._is_output(real):
            return True
        if real == self._folder or real.startswith(self._folder + os.sep):
            return not real.endswith(".py") and not self._written(arguments)
        if path in sys.path or real in PLACES:
            return not self._written(arguments)
        return real.startswith(OWN) and not self._written(arguments)

    def _written(self, arguments: tuple[Any, ...]) -> bool:
        flags = arguments[2] if len(arguments) > 2 and isinstance(arguments[2], int) else 0
        return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
