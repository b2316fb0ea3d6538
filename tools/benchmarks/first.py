"""The first batch, from a network in memory to its answer: ``python -m tools.benchmarks.first ours SPEC``, or
``theirs``, in a process of its own.
"""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter

import torch

import graphbuilder as gb
from graphbuilder.backends.torch.trial import drawn


def measure(who: str, spec: str | Path) -> float:
    """The seconds until ``who`` has answered a batch of one: ours as ``compile`` gives it for inference without tuning,
    its making included; theirs by ``torch.compile`` with weights frozen, of a module that is made already."""
    network = gb.load(spec)
    batch = drawn(network.typed, 1, 0, torch.device("cpu"), torch.float32)
    plain = gb.compile(network).eval().requires_grad_(False)  # drawn by now
    start = perf_counter()
    with torch.no_grad():
        if who == "ours":
            gb.compile(network, optimize="inference")(*batch)
        else:
            torch.compile(plain, options={"freezing": True})(*batch)
    return perf_counter() - start


if __name__ == "__main__":
    sys.stdout.write(repr(measure(sys.argv[1], sys.argv[2])))
