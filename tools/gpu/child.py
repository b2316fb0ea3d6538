"""``python -m tools.gpu.child checks``, or rows by their keys, in a process of its own, so that what fails takes no
other group with it.

Prints one JSON object a line: checks, rows, plans that were found, and at the end that it is done. Nothing else comes
there: what libraries and the compiler's processes print goes to the errors.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import traceback
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from time import monotonic
from typing import Any

import torch

from graphbuilder.backends.torch.machine import machine
from tools.gpu.correct import checks
from tools.gpu.row import CHECKS, SHARES, Row
from tools.gpu.rows import TASKS, Setting, plans

Tell = Callable[[str, Any], None]


class OutOfTime(BaseException):
    """A row outran its time; no ``Exception``, which compilers catch and wrap."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="tools.gpu.child")
    parser.add_argument("keys", nargs="+", choices=list(SHARES))
    parser.add_argument("--device", required=True)
    parser.add_argument("--seconds", type=float, required=True, help="for all of it")
    parser.add_argument("--whole", type=float, required=True, help="the seconds that shares are of")
    parser.add_argument("--dry", action="store_true")
    parser.add_argument("--shard", type=int, default=0)
    parser.add_argument("--shards", type=int, default=1)
    options = parser.parse_args()
    tell, end = _telling(), monotonic() + options.seconds
    device = torch.device(options.device)
    if options.dry:
        torch.set_num_threads(1)  # threads that wait for each other would take most of a rehearsal
    sizes = ((2, 3, 1), 43, torch.float32, 0.1) if options.dry else ((64, 256, 1), 299, torch.bfloat16, 6.0)
    tell("machine", machine(device, ("triton", "torchvision", "timm")))
    if options.keys == [CHECKS]:
        for check in checks(device, options.shard, options.shards):
            tell("check", check._asdict())
    else:
        for key in options.keys:
            _run(key, Setting(device, *sizes), min(SHARES[key] * options.whole, end - monotonic()), tell)
    tell("done", options.keys)


def _telling() -> Tell:
    """What prints to where this process was told to; from here on everything else that prints does so to the errors."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def tell(kind: str, each: Any) -> None:
        out.write(json.dumps({kind: each}) + "\n")
        out.flush()

    return tell


def _run(key: str, setting: Setting, seconds: float, tell: Tell) -> None:
    """Tell what a row's task gives; where it fails or outruns its time, why it gives no more."""
    try:
        with _at_most(seconds):
            _forget_what_was_compiled(setting.device)
            _told(key, TASKS[key](setting), tell)
    except OutOfTime:
        tell("note", [key, f"stopped after {seconds:.0f} s"])
    except Exception:
        tell("note", [key, "failed: " + "\n".join(traceback.format_exc().strip().splitlines()[-12:])])
    for plan in plans():
        tell("plan", plan)


def _forget_what_was_compiled(device: torch.device) -> None:
    """So that one row's state, which may have been left halfway, is not the next one's."""
    torch.compiler.reset()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        torch.cuda.empty_cache()


def _told(key: str, rows: Iterable[Row], tell: Tell) -> None:
    for row in rows:
        tell("row", {"key": key, **row._asdict()})


@contextmanager
def _at_most(seconds: float) -> Generator[None]:
    """Raise ``OutOfTime`` in this thread after so many seconds, wherever it waits then."""

    def stop(*_: Any) -> None:
        raise OutOfTime

    if seconds <= 0:
        raise OutOfTime
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


if __name__ == "__main__":
    main()
