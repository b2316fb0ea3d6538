"""``graphbuilder watch`` as a process, for tests of it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from queue import Empty, Queue

SECONDS = 60


class Watched:
    """A process, and the lines that it writes."""

    def __init__(self, *arguments: str, folder: Path) -> None:
        command = [sys.executable, "-m", "graphbuilder", "watch", *arguments]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
            env={
                **os.environ,
                "PYTHONUNBUFFERED": "1",
                "PYTHONPATH": str(Path(__file__).parents[2]),
                "XDG_RUNTIME_DIR": str(folder),
            },
        )
        self._lines: Queue[str] = Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self._lines.put(line.rstrip("\n"))

    def line(self, pattern: str) -> str:
        """The next line in which ``pattern`` is found."""
        seen: list[str] = []
        while True:
            try:
                seen.append(self._lines.get(timeout=SECONDS))
            except Empty:
                raise AssertionError(f"no {pattern!r} in {seen}") from None
            if re.search(pattern, seen[-1]):
                return seen[-1]

    def end(self) -> None:
        """Stop it, whatever it does."""
        self.process.kill()
        self.process.wait(timeout=SECONDS)
        self._reader.join(timeout=SECONDS)
        if self.process.stdout:
            self.process.stdout.close()

    def interrupted(self) -> int:
        """Its exit code once it was interrupted."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=SECONDS)


def edited(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
