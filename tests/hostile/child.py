"""Checks the specs of a folder, each in a process of its own under limits, with every look outside written down.

    python -m tests.hostile.child FOLDER

A line of JSON for each NAME on a line of standard input says what came of FOLDER/NAME/spec.toml.
"""

from __future__ import annotations

import io
import json
import math
import os
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

from graphbuilder.cli.entry import run
from tests.clock import least, spent
from tests.hostile.cases import CASES
from tests.hostile.watch import Watch

MORE_BYTES = 256 << 20

# A process is killed only behind this many times the seconds that it may take: which it does beside others on the same
# processor is measured.
LOOSE = 5


def limited(seconds: float, more: int = MORE_BYTES) -> None:
    """Not much more than so much time, and no more memory than that over what the imports have taken."""
    with open("/proc/self/statm", encoding="ascii") as file:
        pages = int(file.read().split()[0])
    room = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (room, room))
    whole = math.ceil(LOOSE * seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (whole, whole + 1))
    signal.alarm(300 + whole)  # one that waits without end takes no time of a processor


def checked(folder: Path, seconds: float) -> dict[str, Any]:
    """What ``check`` says of the spec in ``folder``, and what it cost."""
    os.chdir(folder)
    output, errors = io.StringIO(), io.StringIO()
    before, kilobytes = spent(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    limited(seconds)
    watch = Watch(folder)
    with redirect_stdout(output), redirect_stderr(errors):
        code = run(["check", "spec.toml"])
    return {
        "exit": code,
        "output": output.getvalue() + errors.getvalue(),
        "seconds": spent() - before,
        "kilobytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - kilobytes,
        "seen": watch.end(),
    }


def in_a_fork(run: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What ``run`` gives in a process of its own; of one that was killed, the signal."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            os.close(reading)
            with os.fdopen(writing, "w") as stream:
                json.dump(run(), stream)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as stream:
        text = stream.read()
    _, status = os.waitpid(process, 0)
    killed = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else None
    return json.loads(text) if text else {"exit": None, "output": f"killed by {killed}, status {status}"}


def at_best(run: Callable[[], dict[str, Any]], seconds: float) -> dict[str, Any]:
    """What ``run`` gives in a process of its own, which is to take less than ``seconds``.

    What it took is missing of one that was killed.
    """
    answer: dict[str, Any] = {}

    def measure() -> float:
        answer.clear()
        answer.update(in_a_fork(run))
        return answer.get("seconds", math.inf)

    found = least(measure, seconds)
    return {**answer, "most": seconds, **({"seconds": found} if "seconds" in answer else {})}


def serve(answer: Callable[[str], dict[str, Any]]) -> None:
    """Write what comes of each name that is asked."""
    for line in sys.stdin:
        print(json.dumps(answer(line.rstrip("\n"))), flush=True)


def main(folder: Path) -> None:
    def answer(name: str) -> dict[str, Any]:
        seconds = CASES[name.partition("/")[0]].seconds
        return at_best(partial(checked, folder / name, seconds), seconds)

    serve(answer)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
