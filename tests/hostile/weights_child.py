"""Reads the weights files of a folder by the command, each in a process of its own under limits, and watched.

    python -m tests.hostile.weights_child FOLDER

A line of JSON for each file says what came of it.
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import torch

from graphbuilder.cli.entry import run
from graphbuilder.weights import hdf5, keras_files, torch_files
from tests.hostile.child import limited, slowness
from tests.hostile.watch import Watch

SECONDS = 2
# What the command itself does: start the process that reads HDF5, whose standard input is nothing.
OURS = ("graphbuilder.weights.hdf5_apart", "open ('/dev/null'")
IMPORTED = (np, hdf5, keras_files, torch_files)


def read(folder: Path, name: str) -> dict[str, Any]:
    """What ``compile`` says of a file."""
    os.chdir(folder)
    output = io.StringIO()
    limited(SECONDS * slowness())
    before = resource.getrusage(resource.RUSAGE_SELF)
    watch = Watch(folder)
    with redirect_stdout(output), redirect_stderr(output):
        code = run(["compile", "spec.toml", "--weights", name])
    after = resource.getrusage(resource.RUSAGE_SELF)
    seen = [each for each in watch.end() if not any(ours in each for ours in OURS)]
    return {
        "name": name,
        "exit": code,
        "output": output.getvalue(),
        "seconds": after.ru_utime - before.ru_utime,
        "seen": seen,
    }


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    os.chdir(folder)
    with redirect_stdout(io.StringIO()):
        assert run(["compile", "spec.toml"]) == 0  # so that all is imported before the limits
    for path in sorted(folder.glob("*.weights")):
        if process := os.fork():
            _, status = os.waitpid(process, 0)
            if status:
                print(json.dumps({"name": path.name, "exit": None, "output": f"status {status}"}), flush=True)
            continue
        print(json.dumps(read(folder, path.name)), flush=True)
        os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
