"""Reads the weights files of a folder by the command, each in a process of its own under limits, and watched.

    python -m tests.hostile.weights_child FOLDER

A line of JSON for each file that is named on a line of standard input says what came of it.
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from graphbuilder.cli.entry import run
from graphbuilder.weights import hdf5, keras_files, torch_files
from tests.clock import spent
from tests.hostile.child import at_best, limited, serve
from tests.hostile.watch import Watch

SECONDS = 2
# What the command itself does: start the process that reads HDF5, whose standard input is nothing.
OURS = ("graphbuilder.weights.hdf5_apart", "open ('/dev/null'")
IMPORTED = (np, hdf5, keras_files, torch_files)


def read(folder: Path, name: str) -> dict[str, Any]:
    """What ``compile`` says of a file."""
    os.chdir(folder)
    output = io.StringIO()
    limited(SECONDS)
    before = spent()
    watch = Watch(folder)
    with redirect_stdout(output), redirect_stderr(output):
        code = run(["compile", "spec.toml", "--weights", name])
    seen = [each for each in watch.end() if not any(ours in each for ours in OURS)]
    return {"exit": code, "output": output.getvalue(), "seconds": spent() - before, "seen": seen}


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    os.chdir(folder)
    with redirect_stdout(io.StringIO()):
        assert run(["compile", "spec.toml"]) == 0  # so that all is imported before the limits
    serve(lambda name: at_best(partial(read, folder, name), SECONDS))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
