"""The scatter plot: round ticks, labels that are free of each other, and what the files hold."""

from __future__ import annotations

import re
from html import unescape
from itertools import combinations
from pathlib import Path
from random import Random

import pytest

import graphbuilder as gb
from graphbuilder.backends.plot.axis import axis_of, told
from graphbuilder.backends.plot.labels import Line, Rectangle, lead, place
from graphbuilder.backends.plot.sheet import no_room

SPECS = Path(__file__).parents[3] / "specs"


@pytest.mark.parametrize(
    ("numbers", "ticks", "logarithmic"),
    [
        ([15e6, 36e6], ["15 M", "20 M", "25 M", "30 M", "35 M"], False),
        ([1, 19], ["0", "5", "10", "15", "20"], False),
        ([60e3, 138e6], ["100 k", "1 M", "10 M", "100 M"], True),
        ([1e6, 40e6], ["1 M", "2 M", "5 M", "10 M", "20 M"], True),
        ([5, 5], ["4", "5", "6", "7"], False),
        ([0, 0], ["0", "0.2", "0.4", "0.6", "0.8", "1"], False),
    ],
)
def test_ticks_are_round_and_within(numbers: list[float], ticks: list[str], logarithmic: bool) -> None:
    axis = axis_of(numbers)
    assert axis.logarithmic is logarithmic
    assert set(ticks) <= set(map(told, axis.ticks())) and len(axis.ticks()) <= 9
    assert all(0 <= axis.place(tick) <= 1 for tick in [*axis.ticks(), *numbers])


@pytest.mark.parametrize("seed", range(5))
def test_labels_are_free(seed: int) -> None:
    """Of each other, of every point, and of the edges, however crowded; most find a place."""
    random = Random(seed)
    sheet = Rectangle(300, 200, 600, 400)
    points = [Rectangle(random.gauss(300, 60), random.gauss(200, 60), 10, 10) for _ in range(40)]
    found = place(points, [(random.uniform(30, 140), 12)] * 40, sheet)
    labels = [each for each in found if each]
    assert len(labels) > 25
    assert not any(one.meets(other) for one, other in combinations(labels, 2))
    assert not any(label.meets(point) for label in labels for point in points)
    assert all(label.within(sheet) for label in labels)
    pairs = [(point, label) for point, label in zip(points, found, strict=True) if label]
    lines = [(line, label, point) for point, label in pairs if (line := lead(point, label))]
    assert lines
    for line, own, start in lines:
        assert not any(line.strikes(label) for label in labels if label is not own)
        assert not any(line.strikes(point) for point in points if not point.meets(start))


LINES = {
    "through": (((0, 5), (20, 5)), True),
    "along an edge": (((0, 8), (20, 8)), False),
    "beside": (((0, 9), (20, 9)), False),
    "up to it": (((0, 5), (6, 5)), False),
    "a corner cut": (((5, 6), (10, 9)), True),
    "past a corner": (((4, 7), (7, 10)), False),
    "inside": (((9, 5), (11, 5)), True),
    "upright": (((10, 0), (10, 20)), True),
}


@pytest.mark.parametrize("name", LINES)
def test_what_a_line_strikes(name: str) -> None:
    ends, strikes = LINES[name]
    assert Line(*ends).strikes(Rectangle(10, 5, 8, 6)) is strikes


def test_equal_points_have_labels_apart() -> None:
    found = place([Rectangle(300, 200, 10, 10)] * 8, [(80, 12)] * 8, Rectangle(300, 200, 600, 400))
    labels = [each for each in found if each]
    assert len(labels) >= 4  # to the right and left, above and below
    assert not any(one.meets(other) for one, other in combinations(labels, 2))


def words(svg: str) -> list[str]:
    return [unescape(each) for each in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]


def test_a_point_for_every_variant(tmp_path: Path) -> None:
    path = tmp_path / "plot.svg"
    found = gb.compare(SPECS / "resnet18.toml", SPECS / "xception.toml")
    svg = found.plot(path).decode()
    assert path.read_text() == svg
    assert {"resnet18", "xception", "parameters"} <= set(words(svg))
    assert "<title>resnet18: 11,689,512 parameters, 1,814,073,344 MACs</title>" in svg
    assert "prefers-color-scheme:dark" in svg
    assert "prefers-color-scheme" not in found.plot(theme="dark").decode()


def test_variants_of_one_network_are_labelled_by_their_settings() -> None:
    found = gb.compare(SPECS / "xception.toml", grid={"middle": [1, 200]})
    svg = found.plot().decode()
    assert {"middle=1", "middle=200", "MACs for one sample (logarithmic)"} <= set(words(svg))
    assert "Parameters and multiply-accumulates of xception" in words(svg)


def test_variants_in_one_place_share_a_label() -> None:
    found = gb.compare(SPECS / "xception.toml", grid={"middle": [1, 2], "intermediate": ["none", "elu"]})
    svg = found.plot().decode()
    assert [each for each in words(svg) if "=" in each] == [f"middle={n}, intermediate=none/elu" for n in (1, 2)]
    assert svg.count("parameters, ") == 4


def test_pixels_by_the_suffix(tmp_path: Path) -> None:
    found = gb.compare(SPECS / "xception.toml")
    assert found.plot(tmp_path / "plot.PNG").startswith(b"\x89PNG")
    with pytest.raises(gb.CompileError, match="GB508"):
        found.plot(tmp_path / "plot.pdf")
    assert [path.name for path in tmp_path.iterdir()] == ["plot.PNG"]


def test_text_is_never_markup() -> None:
    text = SMALL.replace("KIND", "a<b>&\\\\N")
    checked = gb.check_text(text)
    assert checked.network is not None, checked.diagnostics
    other = gb.check_text(text, params={"kind": 'x"<script>\\N'}).network
    assert other is not None
    svg = gb.compare(checked.network, other).plot().decode()
    assert "<script>" not in svg and "&lt;script&gt;\\N" in svg


SMALL = """
format = 1
name = "small"
[params]
kind = "KIND"
out = 3
[inputs]
x = [3, 8, 8]
[model]
body = [{ op = "conv", out = "=4 if kind == 'b' else out", kernel = 3 }]
"""


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([], ""),
        (["swin_t"], "; no room for swin_t"),
        (["a", "b"], "; no room for a, b"),
        ([*"abcd"], "; no room for 4 labels"),
    ],
)
def test_labels_without_a_place_are_named(labels: list[str], said: str) -> None:
    assert no_room(labels) == said
