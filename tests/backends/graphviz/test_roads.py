"""Which lines are shortcuts, where these begin, what is drawn at all, and what the frame of a section holds."""

from itertools import pairwise

import pytest

from graphbuilder import compiler
from graphbuilder.backends.graphviz import Options
from graphbuilder.backends.graphviz.figure import drawing, scene
from graphbuilder.backends.graphviz.lay.drawing import POINT, Line
from graphbuilder.backends.graphviz.lay.forks import forked
from tests.backends.graphviz.figures import laid_out
from tests.backends.graphviz.geometry import Area, of_frame, of_line, of_shape, of_words
from tests.backends.graphviz.networks import FILES, network
from tests.backends.graphviz.written import written

CURVE = 9.0
PROJECTED = """
format = 1
name = "projected"
[inputs]
image = [16, 56, 56]
[defaults]
conv = { kernel = 3, padding = "half", bias = false }
[model]
body = [
  { id = "a", use = "pre", out = 32, stride = 2 },
  { id = "b", use = "pre", out = 32, stride = 1 },
  { id = "c", use = "pre", out = 64, stride = 1 },
]
[blocks.pre]
args = { out = "int", stride = "int" }
before = [{ op = "batchnorm" }, { op = "relu" }]
body = [{ op = "conv", out = "=out", stride = "=stride" }, { op = "relu" }]
shortcut = "project"
"""


def shared(one: Area, other: Area) -> float:
    """How far two stretches run on each other."""
    wide = min(one.right, other.right) - max(one.left, other.left)
    high = min(one.bottom, other.bottom) - max(one.top, other.top)
    return max(wide, high) if min(wide, high) > 0 else 0.0


@pytest.mark.parametrize("name", ["hrnet_w18_small", "dla34", "levit_128s", "xception"])
@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_no_shortcut_runs_on_a_line_of_the_same_value_that_is_none(name: str, direction: str) -> None:
    lines = laid_out(name, Options(direction="LR" if direction == "LR" else "TB")).lines
    for line in (line for line in lines if line.kind == "shortcut"):
        plain = [other for other in lines if other.kind == "flow" and other.tail == line.tail]
        together = [shared(a, b) for other in plain for a in of_line(line) for b in of_line(other)]
        assert max(together, default=0.0) <= CURVE + 4, (line.tail, line.head)


@pytest.mark.parametrize(
    ("way", "begun"),
    [
        (((0, 0), (0, 30), (-50, 30), (-50, 90)), ((0, 30), (-50, 30), (-50, 90))),
        (((0, 0), (0, 50), (-50, 50), (-50, 90)), ((0, 41), (0, 50), (-50, 50), (-50, 90))),
        (((0, 0), (0, 80), (-50, 80)), ((0, 41), (0, 80), (-50, 80))),
        (((5, 0), (5, 30), (-50, 30)), ((5, 0), (5, 30), (-50, 30))),
    ],
)
def test_a_shortcut_begins_where_the_ways_part(way: tuple[tuple[float, float], ...], begun: object) -> None:
    usual = Line(((0, 0), (0, 50), (40, 50), (40, 90)), "flow", "a", "b")
    assert forked([usual, Line(way, "shortcut", "a", "c")])[1].points == begun


def test_a_projection_is_a_shortcut_on_the_left_whatever_its_stride() -> None:
    checked = compiler.check_text(PROJECTED)
    assert checked.network is not None, checked.diagnostics
    figure = drawing(checked.network.typed, Options())
    places = {shape.key: shape.x for shape in figure.shapes}
    for block in "ac":
        into = {line.tail: line.kind for line in figure.lines if line.head == f"{block}.merge"}
        assert into == {f"{block}.shortcut.batchnorm": "shortcut", f"{block}.relu_2": "flow"}
        assert places[f"{block}.shortcut.conv"] < places[f"{block}.conv"] == places[f"{block}.merge"]


def test_another_value_that_is_added_is_no_shortcut() -> None:
    lines = laid_out("hrnet_w18_small").lines
    assert {line.kind for line in lines if line.head == "wide_b.add" and line.tail == "wide_b.relu"} == {"flow"}
    assert any(line.kind == "shortcut" for line in lines if line.head.startswith("wide_b.wide."))


@pytest.mark.parametrize("direction", ["TB", "LR"])
@pytest.mark.parametrize(("name", "join"), [("dla34", ".second.add"), ("unet", ".concat")])
def test_a_skip_has_one_colour_wherever_it_stands(name: str, join: str, direction: str) -> None:
    """In a tangle, and where it is cut between two panels, too."""
    figure = laid_out(name, Options(direction="LR" if direction == "LR" else "TB"))
    lines = [line for line in figure.lines if line.head.endswith(join)]
    joins = {line.head for line in lines}
    assert len(joins) > 3
    assert sorted(line.head for line in lines if line.kind == "shortcut") == sorted(joins)


def test_what_nothing_reads_is_not_drawn() -> None:
    items = scene(network("dla34"), Options()).root.items
    assert "stages.0.bottom" not in items and "stages.3.bottom" in items


@pytest.mark.parametrize("name", [*FILES][::2])
def test_the_frame_of_a_section_holds_nothing_else(name: str) -> None:
    """A title, and what it says of shapes, are of what stands under it."""
    figure = laid_out(name)
    sections = {section.title: section.path for section in scene(network(name), Options()).sections.values()}
    for frame in (frame for frame in figure.frames if frame.style == "panel"):
        area = of_frame(frame)
        titles = [words.text for words in figure.words if words.size > 11 and area.holds(of_words(words))]
        paths = [sections[title] for title in titles if title in sections]
        boxes = [shape for shape in figure.shapes if shape.tip and area.holds(of_shape(shape))]
        assert all(shape.tip.startswith(f"{path}.") for path in paths for shape in boxes), titles


@pytest.mark.parametrize("name", FILES)
def test_a_large_figure_has_the_shape_of_a_page(name: str) -> None:
    figure = laid_out(name)
    if max(figure.wide, figure.high) > 1250:
        assert 0.75 < figure.wide / figure.high < 1.7


def test_lines_end_in_boxes_that_are_seen() -> None:
    figure = laid_out("dla34")
    seen = {shape.key for shape in figure.shapes if shape.style != POINT}
    ways = [line for line in figure.lines if not line.tail.startswith("legend")]
    assert all({line.tail, line.head} <= seen and all(a != b for a, b in pairwise(line.points)) for line in ways)


CELL = """
[model]
body = [{ id = "cell", use = "cell" }]
[blocks.cell]
body = [
  { id = "a", op = "conv", from = "in" },
  { id = "b", op = "conv", from = "in" },
  { id = "c", op = "conv", from = "a" },
  { id = "d", op = "conv", from = "b" },
  { id = "s1", op = "add", from = ["a", "d"] },
  { id = "s2", op = "add", from = ["c", "b", "a"] },
  { id = "e", op = "conv", from = "s1" },
  { id = "s3", op = "add", from = ["e", "s2", "c", "in"] },
  { id = "cat", op = "concat", from = ["s1", "s2", "s3"] },
]
[defaults]
conv = { kernel = 3, padding = "half", out = 3 }
"""


def test_every_line_enters_a_join_at_a_place_of_its_own() -> None:
    lines = [line for line in drawing(written(CELL), Options()).lines if line.head == "cell.s3"]
    assert len({line.points[-1] for line in lines}) == len(lines) == 4


def test_what_passes_by_a_sum_alone_is_no_shortcut() -> None:
    """Of ``c`` the sums are made, but nothing is worked out of it; of ``s1`` and the input something is."""
    lines = drawing(written(CELL), Options()).lines
    skips = {(line.tail, line.head) for line in lines if line.kind == "shortcut" and "legend" not in line.head}
    assert skips == {("cell.a", "cell.s2"), ("cell.s1", "cell.cat"), ("x", "cell.s3")}


def test_what_only_tells_its_size_to_what_it_is_added_to_is_no_shortcut() -> None:
    assert not [line for line in laid_out("odd/streams").lines if line.kind == "shortcut"]
