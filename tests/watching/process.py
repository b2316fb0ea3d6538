"""``graphbuilder watch`` as a process, for tests of it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty, Queue

# Far more than anything takes where others work too.
SECONDS = 300


class Watched:
    """A process, and the lines that it writes."""

    def __init__(self, *arguments: str, folder: Path) -> None:
        command = [sys.executable, "-m", "graphbuilder", "watch", *arguments]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # A shell's background job ignores interrupts, and its children do: this one is to hear them all the same.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
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


def awaited(known: Callable[[], bool]) -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + SECONDS
    while not known():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def edited(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
