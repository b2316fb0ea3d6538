"""An audit hook that writes down what a process touches besides Python's own files and those of one folder."""

from __future__ import annotations

import os
import sys
import sysconfig
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


class Watch:
    """Watches from its making to its end; a hook cannot be taken off, so it then only falls silent."""

    def __init__(self, folder: Path) -> None:
        self._folder = os.path.realpath(folder)
        self._seen: list[str] = []
        self._on = True
        sys.addaudithook(self._hook)

    def end(self) -> list[str]:
        """Everything that should not have been."""
        self._on = False
        return self._seen

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._on:
            return
        if event.startswith(NEVER):
            self._seen.append(f"{event} {arguments!r:.200}")
        elif event == "import" and str(arguments[0]).partition(".")[0] == MARKER:
            self._seen.append(f"import {arguments[0]}")
        elif event in ("open", "os.listdir", "os.scandir") and not self._allowed(arguments):
            self._seen.append(f"{event} {arguments!r:.200}")

    def _allowed(self, arguments: tuple[Any, ...]) -> bool:
        """Whether what is opened is Python's own, to be read, or a spec in the folder."""
        path = arguments[0]
        if isinstance(path, int):
            return True
        real = os.path.realpath(os.fsdecode(path))
        if real == self._folder or real.startswith(self._folder + os.sep):
            return not real.endswith(".py") and not self._written(arguments)
        if path in sys.path or real in PLACES:
            return not self._written(arguments)
        return real.startswith(OWN) and (not self._written(arguments) or real.endswith(".pyc"))

    def _written(self, arguments: tuple[Any, ...]) -> bool:
        flags = arguments[2] if len(arguments) > 2 and isinstance(arguments[2], int) else 0
        return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
