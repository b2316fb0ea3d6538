"""``tools/benchmark growth``: every stage is measured, and plotted."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tools.benchmarks import __main__ as benchmarks
from tools.benchmarks.growth import measure, plot

Capture = pytest.CaptureFixture[str]
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


def test_what_is_plotted_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    runs = [{"nodes": nodes, "seconds": {"parse": nodes / 1000}, "mebibytes": 9} for nodes in (100, 1000)]
    monkeypatch.setattr(benchmarks, "grown", lambda: runs)
    monkeypatch.setattr("sys.argv", ["benchmark", "growth", "--plot", str(tmp_path / "growth.svg"), "--json"])
    benchmarks.main()
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["name"], row["median"]) == ("parse: 1,000 / 100", 10.0) and (tmp_path / "growth.svg").exists()
