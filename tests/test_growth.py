"""``tools/benchmark growth``: every stage is measured, and plotted."""

from __future__ import annotations

import re
from pathlib import Path

from tools.benchmarks.growth import measure, plot

STAGES = ["parse", "validate", "elaborate", "infer", "summary", "emit", "render", "build"]


def test_every_stage_is_measured_and_plotted(tmp_path: Path) -> None:
    run = measure(12)
    assert list(run["seconds"]) == STAGES
    assert run["nodes"] == 12 and run["mebibytes"] > 10
    assert all(seconds > 0 for seconds in run["seconds"].values())
    larger = {**run, "nodes": 120, "seconds": {name: 10 * seconds for name, seconds in run["seconds"].items()}}
    plot([run, larger], tmp_path / "growth.svg")
    svg = (tmp_path / "growth.svg").read_text()
    assert set(STAGES) <= set(re.findall(r"<text[^>]*>([^<]*)</text>", svg))
    assert f"<title>parse: {10 * run['seconds']['parse']:.3g} s for 120 nodes</title>" in svg
