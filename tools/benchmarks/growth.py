"""What every stage costs by the number of nodes, each size in a process of its own: ``python -m tools.benchmarks.growth
1000``, whose result is one object in JSON. Times are of the processor, so that a busy machine changes them little.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from time import process_time
from typing import Any

from tools.benchmarks.scale import flat

SIZES = (100, 1_000, 10_000, 100_000)


def measure(nodes: int) -> dict[str, Any]:
    """The seconds of every stage for a network of so many written steps, and the mebibytes that the process came to."""
    from graphbuilder import document, spec
    from graphbuilder.analysis.inference import infer
    from graphbuilder.backends.python import write
    from graphbuilder.backends.table import summarise
    from graphbuilder.compiler import Network
    from graphbuilder.elaborate import Limits, elaborate
    from graphbuilder.rendering import render

    seconds: dict[str, float] = {}

    def stage(name: str, run: Callable[[], Any]) -> Any:
        start = process_time()
        result = run()
        seconds[name] = process_time() - start
        return result

    text = flat(nodes)
    limits = Limits(nodes=10**9, steps=10**9)
    parsed = stage("parse", lambda: document.parse(text, "growth.toml", max_bytes=10**9))
    written = stage("validate", lambda: spec.parse(parsed))
    typed = stage("elaborate", lambda: elaborate(written, limits=limits))
    stage("infer", lambda: infer(typed.graph, typed.inputs))
    stage("summary", lambda: summarise(typed).text())
    stage("emit", lambda: write(typed))
    stage("render", lambda: render(Network(written, typed, {})))
    from graphbuilder.backends.torch import build

    stage("build", lambda: build(typed, device="meta"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"nodes": nodes, "seconds": seconds, "mebibytes": peak}


def plot(runs: Sequence[Mapping[str, Any]], path: Path) -> None:
    """The seconds of every stage over the nodes, both logarithmic, as an SVG."""
    from graphbuilder.backends.plot.axis import Axis
    from graphbuilder.backends.plot.sheet import HIGH, LEFT, RIGHT, SIZE, WIDE, Point, Sheet

    sizes = [run["nodes"] for run in runs]
    all_seconds = [seconds for run in runs for seconds in run["seconds"].values()]
    x = Axis(sizes[0] / 1.5, sizes[-1] * 4, True)
    sheet = Sheet(x, Axis(min(all_seconds) / 2, max(all_seconds) * 2, True), "auto", "svg")
    styles = ("separable", "convolution", "pooling", "head", "attention")
    points: list[Point] = []
    for number, name in enumerate(runs[0]["seconds"]):
        line = [(run["nodes"], run["seconds"][name]) for run in runs]
        for start, end in pairwise(line):
            sheet.line(start, end, 0.9)
        for at, seconds in line:
            tip = f"{name}: {seconds:.3g} s for {at:,} nodes"
            label = name if at == sizes[-1] else ""
            points.append(Point(at, seconds, styles[number % len(styles)], "circle", label, tip, 6.0))
    sheet.points(points)
    sheet.words(LEFT, 16, "What every stage costs by the number of nodes", 12.0, "ink", "start")
    sheet.words(LEFT, 36.5, "seconds of the processor", SIZE, "muted", "start")
    sheet.words(WIDE - RIGHT, HIGH - 14, "nodes, every step written out", SIZE, "muted", "end")
    path.write_bytes(sheet.drawn("What every stage costs by the number of nodes"))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(int(sys.argv[1]))))
