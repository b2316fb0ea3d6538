"""``python -m tools.gpu.child GROUP``: one group in a process of its own, so that what fails takes no other with it.

Prints one JSON object a line: checks, rows, plans that were found, and at the end that it is done.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any, TextIO

import torch

from graphbuilder.backends.torch.machine import machine
from tools.gpu import rows
from tools.gpu.correct import checks
from tools.gpu.rows import Setting


def main() -> None:
    parser = argparse.ArgumentParser(prog="tools.gpu.child")
    parser.add_argument("group", choices=["checks", *rows.GROUPS])
    parser.add_argument("--device", required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--dry", action="store_true")
    parser.add_argument("--shard", type=int, default=0)
    parser.add_argument("--shards", type=int, default=1)
    options = parser.parse_args()
    device = torch.device(options.device)
    if options.dry:
        torch.set_num_threads(1)  # threads that wait for each other would take most of a rehearsal
    end = monotonic() + options.seconds
    sizes = ((2, 3, 1), 43, torch.float32, 0.1) if options.dry else ((64, 256, 1), 299, torch.bfloat16, 8.0)
    setting = Setting(device, *sizes, lambda: end - monotonic())
    out = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        _tell(out, "machine", [machine(device, ("triton", "torchvision", "timm"))])
        if options.group == "checks":
            _tell(out, "check", (each._asdict() for each in checks(device, options.shard, options.shards)))
        else:
            _run(out, rows.GROUPS[options.group], setting)
        _tell(out, "done", [options.group])


def _run(out: TextIO, group: Callable[[Setting], Iterable[rows.Row]], setting: Setting) -> None:
    _tell(out, "row", (row._asdict() for row in group(setting)))
    _tell(out, "plan", rows.plans())


def _tell(out: TextIO, kind: str, found: Iterable[Any]) -> None:
    for each in found:
        out.write(json.dumps({kind: each}) + "\n")
        out.flush()


if __name__ == "__main__":
    main()
