"""Large networks: laid out in time that grows as they do, folded to a sheet that can be read, opened on demand."""

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from graphbuilder import compiler
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.graphviz import Options
from graphbuilder.backends.graphviz.figure import drawing, scene
from graphbuilder.backends.graphviz.lay.drawing import POINT, Drawing
from graphbuilder.backends.graphviz.read.scene import Box
from graphbuilder.elaborate import Limits
from tests.backends.graphviz.geometry import faults
from tests.backends.graphviz.written import written
from tests.clock import cost, ratio, seconds

LARGE = """
format = 1
name = "large"
[inputs]
image = [3, 64, 64]
[model]
body = [
  {{ id = "stages", use = "stage", repeat = {stages}, first = "={blocks} * i" }},
  {{ op = "globalavgpool" }},
  {{ id = "logits", op = "linear", out = 10 }},
]
[blocks.stage]
args = {{ first = "int" }}
body = [{{ id = "blocks", use = "block", repeat = {blocks}, out = "=8 + first + i" }}]
[blocks.block]
args = {{ out = "int" }}
body = [
  {{ op = "conv", out = "=out", kernel = 3, padding = "half" }}, {{ op = "relu" }},
  {{ op = "conv", out = "=out", kernel = 3, padding = "half" }}, {{ op = "tanh" }},
  {{ op = "conv", out = "=out", kernel = 3, padding = "half" }}, {{ op = "gelu" }},
  {{ op = "conv", out = "=out", kernel = 3, padding = "half" }}, {{ op = "silu" }},
]
shortcut = "project"
"""
OPEN = Options(expand=("*",))


@cache
def large(stages: int, blocks: int) -> TypedGraph:
    text = LARGE.format(stages=stages, blocks=blocks)
    checked = compiler.check_text(text, limits=Limits(steps=100_000))
    assert checked.network is not None, checked.diagnostics
    return checked.network.typed


def boxes(figure: Drawing) -> int:
    return sum(1 for shape in figure.shapes if shape.style not in (POINT, "badge"))


def laying(typed: TypedGraph) -> float:
    """Seconds that laying all of it out takes."""
    return cost(lambda: drawing(typed, OPEN))


def running(*arguments: str) -> float:
    """Seconds that a Python with these arguments takes."""
    return cost(lambda: subprocess.run([sys.executable, *arguments], check=True, stderr=subprocess.DEVNULL))


def importing() -> float:
    return running("-c", "import pydantic, networkx")


def test_a_figure_takes_less_than_three_times_what_imports_take(tmp_path: Path) -> None:
    spec = str(Path(__file__).parents[3] / "specs" / "xception.toml")
    words = ("-m", "graphbuilder", "render", spec, "-o", str(tmp_path / "x.svg"))
    assert ratio(lambda: running(*words), importing, 3) < 3


def test_two_thousand_boxes_take_a_few_times_what_imports_take() -> None:
    typed = large(5, 40)
    assert boxes(drawing(typed, OPEN)) > 2000
    assert ratio(lambda: laying(typed), importing, 5) < 5


def test_time_grows_as_the_network() -> None:
    few, many = large(3, 20), large(6, 40)
    grown = boxes(drawing(many, OPEN)) / boxes(drawing(few, OPEN))
    assert 3.5 < grown < 4.5
    assert ratio(lambda: laying(many), lambda: laying(few), 2 * grown) < 2 * grown


@pytest.fixture(scope="module")
def vast() -> TypedGraph:
    return large(10, 190)


def test_twenty_thousand_steps_are_folded_to_a_sheet_that_says_so(vast: TypedGraph) -> None:
    figure = drawing(vast, Options())
    assert 20 < boxes(figure) < 150
    assert 0.5 < figure.wide / figure.high < 2
    assert max(figure.wide, figure.high) < 2000
    assert any("1,902 steps and blocks are gathered in" in words.text for words in figure.words)
    assert list(faults(figure)) == []


@pytest.mark.parametrize(
    ("options", "least", "most", "there"),
    [
        (Options(level=0), 10, 40, {"stages.0"}),
        (Options(collapse=("stages.[1-9]",), level=1), 190, 220, {"stages.0.blocks.7", "stages.9"}),
        (Options(collapse=("stages.*",), expand=("stages",)), 10, 40, {"stages.3"}),
    ],
)
def test_what_is_opened_is_chosen(vast: TypedGraph, options: Options, least: int, most: int, there: set[str]) -> None:
    figure = drawing(vast, options)
    assert least <= boxes(figure) <= most
    assert there <= {shape.key for shape in figure.shapes}
    assert list(faults(figure)) == []


def many_outputs(count: int) -> TypedGraph:
    lines = "\n".join(f'o{number} = "relu"' for number in range(count))
    text = f'format = 1\nname = "t"\n[inputs]\nx = [3, 8, 8]\n[model]\nbody = [{{ op = "relu" }}]\n[outputs]\n{lines}\n'
    checked = compiler.check_text(text)
    assert checked.network is not None, checked.diagnostics
    return checked.network.typed


@pytest.mark.parametrize(("count", "terminals"), [(40, 41), (41, 2)])
def test_more_outputs_of_one_step_than_can_be_read_are_one(count: int, terminals: int) -> None:
    region = scene(many_outputs(count), Options()).root
    titles = [item.title for item in region.items.values() if isinstance(item, Box) and item.look == "terminal"]
    assert len(titles) == terminals
    assert ("41 outputs, each 8×8×3" in titles) == (count == 41)


def test_outputs_without_number_are_drawn_at_once() -> None:
    typed = many_outputs(2000)
    assert seconds(lambda: drawing(typed, OPEN), 1) < 1


@pytest.mark.parametrize(
    ("expand", "there", "most"),
    [((), {"stages.0", "stages.29"}, 45), (("stages.1.blocks.3",), {"stages.0", "stages.1.blocks.3.conv"}, 70)],
)
def test_many_stages_are_a_box_each_but_the_one_in_which_something_is_asked_for(
    expand: tuple[str, ...], there: set[str], most: int
) -> None:
    figure = drawing(large(30, 10), Options(expand=expand))
    keys = {shape.key for shape in figure.shapes}
    assert there <= keys and not any(key.startswith("stages.7.") for key in keys)
    assert boxes(figure) < most
    assert list(faults(figure)) == []


def test_what_is_not_drawn_is_gathered_too() -> None:
    steps = '{ op = "conv", out = 3, kernel = 1 }, { op = "batchnorm" }, { op = "relu" }, ' * 300
    figure = drawing(written(f"[model]\nbody = [{steps}]\n"), Options())
    assert any("900 steps are gathered in" in words.text for words in figure.words)
    details = [shape.lines[0][1].text for shape in figure.shapes if shape.style == "block" and len(shape.lines[0]) > 1]
    assert sum(int(detail.split(" steps")[0]) for detail in details if " steps" in detail) == 900
