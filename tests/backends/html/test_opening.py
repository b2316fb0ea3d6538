"""A page opens as the figure of the same network is: the same folds, the same columns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import graphbuilder as gb
from graphbuilder.backends.graphviz import Options
from graphbuilder.backends.graphviz.figure import scene
from graphbuilder.backends.graphviz.read.scene import Card, Region
from graphbuilder.backends.html import network_data

SPECS = Path(__file__).parents[3] / "specs"
SHOWN = ("xception", "unet", "vit_b_16", "densenet121", "inception_v3", "hrnet_w18_small", "swin_t", "skresnet18")
Data = dict[str, Any]


def of_figure(region: Region) -> Iterator[str]:
    """The boxes of a figure, and its cards with a star."""
    for item in region.items.values():
        path = item.path.removesuffix(".")
        yield f"{path}*" if isinstance(item, Card) else path
        if isinstance(item, Card):
            yield from of_figure(item.region)


def of_page(data: Data) -> Iterator[str]:
    """The same of a page as it opens, in which sections are frames, too."""

    def within(number: int, prefix: str) -> Iterator[str]:
        for box in data["pieces"][number]["boxes"]:
            path, fold = prefix + box["path"], box.get("fold", {})
            key = f"{path}*" if fold.get("kind") == "stack" else path
            state = data["states"].get(key, "closed" if fold.get("kind", "composite") == "composite" else "one")
            if state == "closed":
                yield path
                continue
            if fold["kind"] != "panel":
                yield f"{path}*"
            yield from within(fold[state], prefix + fold["around" if state == "all" else "prefix"])

    for number in range(data["atoms"]):
        yield from within(number, "")


@pytest.mark.parametrize("name", SHOWN)
def test_a_page_has_the_boxes_and_cards_of_the_figure(name: str) -> None:
    typed = gb.load(SPECS / f"{name}.toml").typed
    assert set(of_page(network_data(typed))) == set(of_figure(scene(typed, Options()).root))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("unet", Options(collapse=("*.pair",))),
        ("vit_b_16", Options(collapse=("*.mlp",))),
        ("swin_t", Options(level=1)),
        ("xception", Options(expand=("middle.*", "entry.block2.unit.sepconv"))),
    ],
)
def test_it_has_the_boxes_that_were_asked_for(name: str, options: Options) -> None:
    typed = gb.load(SPECS / f"{name}.toml").typed
    page, figure = of_page(network_data(typed, options)), of_figure(scene(typed, options).root)
    assert {path for path in page if path[-1] != "*"} == {path for path in figure if path[-1] != "*"}


@pytest.mark.parametrize(("name", "begun"), [("xception", ["middle", "exit"]), ("densenet121", ["1", "2", "3"])])
def test_a_column_begins_where_one_of_the_figure_does(name: str, begun: list[str]) -> None:
    data = network_data(gb.load(SPECS / f"{name}.toml").typed)
    firsts = [data["pieces"][atom]["boxes"][0]["path"] for atom in data["columns"]]
    assert [path.split(".")[-1] for path in firsts] == begun


def test_a_network_of_one_column_has_one() -> None:
    assert network_data(gb.load(SPECS / "unet.toml").typed)["columns"] == []
