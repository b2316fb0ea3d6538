"""Time and memory from text to typed graph, in a process of its own: ``python -m tools.benchmarks.scale flat 100``."""

from __future__ import annotations

import json
import resource
import sys
import time

from graphbuilder import document, spec
from graphbuilder.elaborate import Limits, elaborate

HEAD = 'format = 1\nname = "scale"\n[inputs]\nx = [8, 8, 8]\n'
STEPS = ('{ op = "conv", out = 8, kernel = 3, padding = "half" }', '{ op = "batchnorm" }', '{ op = "relu" }')
BLOCK = f'[blocks.unit]\nbody = [{", ".join(STEPS)}]\nshortcut = "identity"\n'


def flat(nodes: int) -> str:
    """Every step written: nothing is shared."""
    steps = ",\n".join(STEPS[index % 3] for index in range(nodes))
    return f"{HEAD}[model]\nbody = [\n{steps}\n]\n"


def repeat(copies: int) -> str:
    """One body, many times."""
    return f'{HEAD}[model]\nbody = [{{ use = "unit", repeat = {copies} }}]\n{BLOCK}'


def main() -> None:
    form, size = sys.argv[1], int(sys.argv[2])
    text = {"flat": flat, "repeat": repeat}[form](size)
    start = time.perf_counter()
    parsed = spec.parse(document.parse(text, "scale.toml", max_bytes=10**9))
    typed = elaborate(parsed, limits=Limits(nodes=10**9, steps=10**9))
    taken = time.perf_counter() - start
    assert typed is not None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"seconds": taken, "mebibytes": peak}))


if __name__ == "__main__":
    main()
