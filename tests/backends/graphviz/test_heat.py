"""Figures coloured by cost: every box by its share, all copies together, in colours that go one way."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest

from graphbuilder.analysis.costs import costs
from graphbuilder.backends.graphviz import Options, drawing
from graphbuilder.backends.graphviz.figure import scene
from graphbuilder.backends.graphviz.options import Heat, Timing
from graphbuilder.backends.graphviz.read.scene import Box, Card, Region
from graphbuilder.backends.graphviz.write.theme import DARK, LIGHT, PAPER, Palette
from tests.backends.graphviz.geometry import faults
from tests.backends.graphviz.networks import network
from tests.backends.graphviz.written import written

NAMES = ("xception", "vgg", "unet", "siamese", "paths", "densenet121", "vit_b_16", "odd/shared", "swin_t", "dense")


def boxes(region: Region) -> Iterator[Box]:
    for item in region.items.values():
        yield from boxes(item.region) if isinstance(item, Card) else (item,)


@pytest.mark.parametrize("level", [None, 1])
@pytest.mark.parametrize("heat", ["params", "macs"])
@pytest.mark.parametrize("name", NAMES)
def test_the_boxes_cost_what_the_network_does(name: str, heat: Heat, level: int | None) -> None:
    counted = costs(network(name))
    total = counted.trainable if heat == "params" else counted.macs
    found = scene(network(name), Options(heat=heat, level=level))
    assert sum(box.cost for box in boxes(found.root)) == total


def test_a_stack_costs_what_all_its_copies_do() -> None:
    items = scene(network("xception"), Options(heat="params")).root.items
    middle = items["middle.0"]
    assert isinstance(middle, Card)
    assert middle.cost == 8 * 1_613_976
    assert middle.note == "12.9 M · 56 %"
    assert [box.detail for box in boxes(middle.region) if box.kind == "SepConv"] == ["728, 3×3 · 19 %"] * 3


def test_colours_and_legend_tell_the_share() -> None:
    figure = drawing(network("xception"), Options(heat="macs"))
    styles = {shape.key: shape.style for shape in figure.shapes}
    assert styles["middle.0.unit.0.sepconv"] == "heat5"
    assert styles["entry.block2.unit_2.sepconv"] == "heat3"
    assert styles["entry.block2.shortcut.conv"] == "heat1"
    assert styles["pool"] == "heat0"
    assert not {"separable", "convolution"} & set(styles.values())
    words = [words.text for words in figure.words]
    rows = ["10 % of all MACs, or more", "5 to 10 %", "2 to 5 %", "1 to 2 %", "0.5 to 1 %", "less than 0.5 %"]
    assert [word for word in words if word in rows] == rows
    assert any("grey number = MACs, of all copies together" in word for word in words)


def test_time_is_what_was_measured() -> None:
    timing = Timing({"": 0.5, "conv": 0.1, "relu": 0.01, "dense.layer.0": 0.2}, "a batch of 1 on cpu")
    found = scene(network("dense"), Options(heat="time", timing=timing))
    assert "500 ms a forward, a batch of 1 on cpu" in found.facts
    assert found.root.items["conv"].cost == 0.1
    assert scene(network("dense"), Options(heat="memory")).facts[-1].endswith("B of results")


@pytest.mark.parametrize("heat", ["params", "memory"])
@pytest.mark.parametrize("name", ["xception", "inception", "mesh", "hostile", "transformer"])
def test_nothing_lies_on_anything(name: str, heat: Heat) -> None:
    for options in (Options(heat=heat), Options(heat=heat, direction="LR"), Options(heat=heat, names=True)):
        assert list(faults(drawing(network(name), options))) == []


@pytest.mark.parametrize("palette", [LIGHT, DARK, PAPER], ids=["light", "dark", "paper"])
def test_lightness_goes_one_way(palette: Palette) -> None:
    fills = [palette.styles[f"heat{number}"].fill for number in range(6)]
    lights = [sum(w * int(fill[i : i + 2], 16) for w, i in ((0.2126, 1), (0.7152, 3), (0.0722, 5))) for fill in fills]
    steps = [after - before for before, after in pairwise(lights)]
    assert all(step > 10 for step in steps) or all(step < -10 for step in steps), lights


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"heat": "size"}, "params, macs, memory, time"), ({"heat": "time"}, "needs what was measured")],
)
def test_choices(wrong: dict[str, Heat], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(Options(), **wrong)


@pytest.mark.parametrize(("heat", "note"), [("params", "weights of a"), ("macs", "weights of a · 18.4 k · 50 %")])
def test_whose_weights_are_run_is_said_besides_what_that_costs(heat: Heat, note: str) -> None:
    text = """
    [model]
    body = [{ id = "a", use = "b" }, { id = "c", share = "a" }]
    [blocks.b]
    body = [{ op = "conv", out = 3, kernel = 1 }, { op = "relu" }, { op = "conv", out = 3, kernel = 1 }]
    """
    for options in (Options(heat=heat), Options(heat=heat, level=0)):
        (item,) = (item for item in scene(written(text), options).root.items.values() if item.reuses)
        assert (item.note if isinstance(item, Card) else item.detail) == note
