"""Streams that tell each other what they know: a column of their own each, and what they tell in one box."""

import pytest

from graphbuilder.backends.graphviz import Options
from graphbuilder.backends.graphviz.figure import drawing, scene
from graphbuilder.backends.graphviz.read.scene import Box, Card
from tests.backends.graphviz.geometry import faults
from tests.backends.graphviz.networks import network

HRNET = "hrnet_w18_small"


@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_each_stream_keeps_its_column_from_block_to_block(direction: str) -> None:
    figure = drawing(network(HRNET), Options(direction="LR" if direction == "LR" else "TB"))
    places = {shape.key: (shape.x, shape.y)[direction == "LR"] for shape in figure.shapes}
    for stream in "abc":
        told = [f"stage3.0.to_{stream}", f"stage4.0.tower_{stream}.0.merge", f"stage4.0.to_{stream}"]
        assert [places[key] for key in told] == pytest.approx([places[told[0]]] * 3, abs=0.5)


def test_what_streams_tell_each_other_is_one_box_each() -> None:
    card = scene(network(HRNET), Options()).root.items["stage4.0"]
    assert isinstance(card, Card)
    told = [item for path, item in card.region.items.items() if ".to_" in path]
    assert [(type(item), item.title) for item in told] == [(Box, f"to_{stream}") for stream in "abcd"]


def test_what_they_tell_is_open_where_someone_asks() -> None:
    options = Options(expand=("stage4.0.to_a",))
    card = scene(network(HRNET), options).root.items["stage4.0"]
    assert isinstance(card, Card)
    assert "stage4.0.to_a.add" in card.region.items
    assert "stage4.0.to_b" in card.region.items
    assert not list(faults(drawing(network(HRNET), options)))
