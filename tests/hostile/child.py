"""Checks the specs of a folder, each in a process of its own under limits, with every look outside written down.

    python -m tests.hostile.child FOLDER NAME...

A line of JSON for each NAME says what came of FOLDER/NAME/spec.toml.
"""

from __future__ import annotations

import io
import json
import math
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

from graphbuilder.cli.entry import run
from tests.hostile.cases import CASES
from tests.hostile.watch import Watch

MORE_BYTES = 256 << 20

# What the work of `slowness` takes on the machine that the seconds of the cases were measured on.
USUAL = 0.052


def slowness() -> float:
    """How many seconds here are one on the machine that was measured; 1 where this one is no slower."""

    def work() -> float:
        start = time.process_time()
        sum(number * number for number in range(1_000_000))
        return time.process_time() - start

    return max(1.0, min(work() for _ in range(5)) / USUAL)


def limited(seconds: float, more: int = MORE_BYTES) -> None:
    """No more than so much time, and so much memory over what the imports have taken."""
    with open("/proc/self/statm", encoding="ascii") as file:
        pages = int(file.read().split()[0])
    room = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (room, room))
    whole = math.ceil(seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (whole, whole + 1))


def checked(folder: Path, seconds: float) -> dict[str, Any]:
    """What ``check`` says of the spec in ``folder``, and what it cost."""
    os.chdir(folder)
    output, errors = io.StringIO(), io.StringIO()
    before = resource.getrusage(resource.RUSAGE_SELF)
    limited(seconds)
    watch = Watch(folder)
    with redirect_stdout(output), redirect_stderr(errors):
        code = run(["check", "spec.toml"])
    after = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "exit": code,
        "output": output.getvalue() + errors.getvalue(),
        "seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "kilobytes": after.ru_maxrss - before.ru_maxrss,
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
    """What ``run`` gives in a process of its own the first time that it costs less than ``seconds``, or the third.

    What costs too much does so thrice; once alone, it may be the work of neighbours on the same processor.
    """
    answer: dict[str, Any] = {}
    for _ in range(3):
        answer = in_a_fork(run)
        if answer.get("seconds", math.inf) < seconds:
            break
    return answer


def main(folder: Path, names: list[str]) -> None:
    slow = slowness()
    for name in names:
        seconds = slow * CASES[name.partition("/")[0]].seconds
        answer = at_best(partial(checked, folder / name, seconds), seconds)
        print(json.dumps({"name": name, "most": seconds, **answer}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
