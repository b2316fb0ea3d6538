"""Networks side by side: what is told of them, and how it is laid out."""

from __future__ import annotations

import csv
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import graphbuilder as gb
from graphbuilder.backends.table.beside import names, show
from graphbuilder.backends.table.comparison import Comparison

SPECS = Path(__file__).parents[3] / "specs"
SPEC = """
format = 1
name = "small"
[params]
widths = [4, 8]
wide = 3
kind = "relu"
[inputs]
x = [3, 16, 16]
[model]
body = [
  { op = "conv", out = "=item", kernel = "=wide", repeat = "=widths" },
  { op = "activation", kind = "=kind" },
  { op = "batchnorm" },
]
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(SPEC)
    return path


def kernels(*sizes: tuple[int, int, int]) -> int:
    return sum(given * out * wide**2 + out for given, out, wide in sizes)


def test_rows_are_data_that_agree_with_a_summary(spec: Path) -> None:
    found = gb.compare(spec, grid={"wide": [3, 5], "widths": [[4, 8], [2]]})
    assert [dict(each.settings) for each in found.variants] == [
        {"widths": [4, 8], "wide": 3},
        {"widths": [2], "wide": 3},
        {"widths": [4, 8], "wide": 5},
        {"widths": [2], "wide": 5},
    ]
    for each in found.variants:
        summary = gb.summary(gb.load(spec, dict(each.settings))).data()
        assert each.data()["parameters"] == summary["parameters"]
        assert (each.macs, each.costs.activations) == (summary["macs"], summary["activations"])
        assert each.data()["outputs"] == summary["outputs"]
        assert each.seconds is None
    first = found.variants[0]
    assert first.parameters == kernels((3, 4, 3), (4, 8, 3)) + 16
    assert first.data()["activation_bytes"] == 4 * first.data()["activations"] > 0
    assert [each.data()["receptive_field"]["batchnorm"]["x"]["size"] for each in found.variants] == [
        [5, 5],
        [3, 3],
        [9, 9],
        [5, 5],
    ]


def test_settings_are_what_tells_variants_apart(spec: Path) -> None:
    def settings(*networks: Any, **options: Any) -> list[dict[str, Any]]:
        return [dict(each.settings) for each in gb.compare(*networks, **options).variants]

    assert settings(spec) == [{}]
    assert settings(spec, params={"wide": 1}) == [{"wide": 1}]
    assert settings(spec, gb.load(spec, {"kind": "elu"})) == [{"kind": "relu"}, {"kind": "elu"}]


def test_differences_are_to_the_first_row(spec: Path) -> None:
    rows = gb.compare(spec, grid={"wide": [3, 5]}).text().splitlines()
    first, second = (kernels((3, 4, wide), (4, 8, wide)) + 16 for wide in (3, 5))
    assert f"{first:,}  " in rows[2] and "%" not in rows[2]
    assert f"{second:,}   {100 * (second / first - 1):+.0f} %" in rows[3]
    assert "change" not in gb.compare(spec).text()


def test_from_tenfold_on_a_change_is_a_factor(spec: Path) -> None:
    found = gb.compare(spec, grid={"widths": [[1], [40, 40], [400, 400]]})
    changes = [each for row in found.text().splitlines()[3:5] for each in row.split() if each.startswith(("+", "×"))]
    ratios = [found.variants[number].parameters / found.variants[0].parameters for number in (1, 2)]
    assert {f"×{ratio:,.0f}" for ratio in ratios} <= set(changes)


def test_csv_has_plain_numbers(spec: Path) -> None:
    found = gb.compare(spec, grid={"kind": ["relu", "elu"]})
    rows = list(csv.DictReader(StringIO(found.csv())))
    assert [row["kind"] for row in rows] == ["relu", "elu"]
    assert int(rows[0]["parameters"]) == found.variants[0].parameters
    assert (rows[0]["outputs"], rows[0]["receptive_field"], rows[0]["seconds"]) == ("8x12x12", "5x5", "")


def test_markdown_is_what_a_notebook_shows(spec: Path) -> None:
    found = gb.compare(spec)
    assert found._repr_markdown_() == found.markdown()
    assert found.markdown().startswith("| network | parameters | MACs |")


@pytest.mark.parametrize("width", [30, 40, 60, 80, 120, 200])
def test_no_terminal_cuts_a_number(width: int, spec: Path) -> None:
    found = gb.compare(spec, params={"widths": [1000, 2000]}, grid={"wide": [3, 5]})
    lines = shown(found, width)
    assert all(len(line) <= width for line in lines)
    assert sum(f"{each.parameters:,}" in "\n".join(lines) for each in found.variants) == 2
    assert not any("…" in line for line in lines)
    assert any("receptive" in line for line in lines) == (width >= 60)


def shown(found: Comparison, width: int) -> list[str]:
    file = StringIO()
    show(found, Console(file=file, width=width, force_terminal=True, color_system=None, _environ={}))
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_mistakes_name_their_variants(spec: Path) -> None:
    with pytest.raises(gb.CompileError) as caught:
        gb.compare(spec, grid={"wide": [3, 17], "kind": ["relu", "elu"]})
    (mistake,) = caught.value.diagnostics
    assert mistake.code == "GB201"
    assert mistake.notes[-1] == "with wide=17, kind=relu, and in another variant"


def test_what_cannot_be_compared(spec: Path) -> None:
    with pytest.raises(TypeError, match="nothing to compare"):
        gb.compare()
    with pytest.raises(TypeError, match="has its params already"):
        gb.compare(gb.load(spec), params={"wide": 1})


def test_times_are_measured_in_turns(spec: Path) -> None:
    told: list[tuple[int, int]] = []
    found = gb.compare(
        spec, grid={"wide": [1, 3]}, timed=True, batch=2, device="cpu", tell=lambda *rounds: told.append(rounds)
    )
    assert found.timing == ("cpu", 2)
    assert all(each.seconds and 0 < each.seconds < 1 for each in found.variants)
    assert told[0][0] == 0 and told[-1][0] == told[-1][1] == len(told) - 1
    assert re.search(r"\d [mµ]s", found.text()) and "a batch of 2 on cpu" in found.text()


def test_outputs_of_training_are_said_to_be() -> None:
    found = gb.compare(SPECS / "inception_v3_torchvision.toml")
    assert "aux 1000 (training only)" in found.text()
    assert "logits 1000," in found.markdown()
    assert found.data()["variants"][0]["training_only"] == ["aux"]
    assert "training_only" not in gb.compare(SPECS / "resnet18.toml").data()["variants"][0]


@pytest.mark.parametrize("grid", [{"width": [0.5, 1.0], "middle": [4, 8]}, {"middle": [4, 8], "width": [0.5, 1.0]}])
def test_columns_of_a_grid_stand_as_its_rows_run(grid: dict[str, list[float]]) -> None:
    assert names(gb.compare(SPECS / "xception.toml", grid=grid)) == [*grid]
