"""The data of a page: small, complete, and in step with what the rest of the project says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import graphbuilder as gb
from graphbuilder.backends.graphviz import Options
from graphbuilder.backends.graphviz.figure import scene
from graphbuilder.backends.graphviz.read.gather import LEGIBLE
from graphbuilder.backends.html import network_data, render
from graphbuilder.diagnostics import CompileError
from tests.clock import cost, ratio

SPECS = Path(__file__).parents[3] / "specs"
SHOWN = ("xception", "inception_v3", "densenet121", "unet", "vit_b_16", "swin_t", "hrnet_w18_small", "maxvit_t")
Data = dict[str, Any]


def data_of(name: str, **options: Any) -> Data:
    return network_data(gb.load(SPECS / f"{name}.toml").typed, Options(**options))


def calls(data: Data, number: int = 0, prefix: str = "") -> Iterator[tuple[str, Data]]:
    """Every call that is written out, by path."""
    body = data["bodies"][number]
    last = body["calls"][-1]
    more = [{**last, "name": str(copy)} for copy in range(len(body["calls"]), body.get("count", 0))]
    for call in [*body["calls"], *more]:
        path = prefix + call["name"]
        yield path, call
        if "body" in call:
            yield from calls(data, call["body"], f"{path}.")


def drawn(data: Data, number: int, prefix: str) -> Iterator[str]:
    """The path of every box that a piece can show, whatever is opened in it."""
    for box in data["pieces"][number]["boxes"]:
        path = prefix + box["path"]
        yield path
        fold = box.get("fold")
        if fold:
            yield from drawn(data, fold["one"], prefix + fold["prefix"])
        if fold and "all" in fold:
            yield from drawn(data, fold["all"], prefix + fold["around"])


def shown(data: Data) -> Iterator[str]:
    """The path of every box that stands there at first."""

    def within(number: int, prefix: str) -> Iterator[str]:
        for box in data["pieces"][number]["boxes"]:
            path, fold = prefix + box["path"], box.get("fold")
            usual = "closed" if fold is None or fold["kind"] in ("composite", "lot") else "one"
            key = f"{path}*" if fold and fold["kind"] == "stack" else path
            state = data["states"].get(key, usual)
            if fold is None or state == "closed":
                yield path
            else:
                yield from within(fold[state], prefix + fold["around" if state == "all" else "prefix"])

    return (path for number in range(data["atoms"]) for path in within(number, ""))


@pytest.mark.parametrize(("name", "most"), [("xception", 150_000), ("maxvit_t", 260_000)])
def test_a_page_is_small_and_needs_nothing_else(name: str, most: int) -> None:
    """No spec has a larger page than MaxViT, in which no two blocks are alike."""
    text = render(gb.load(SPECS / f"{name}.toml").typed).decode()
    links = text.replace("http://www.w3.org/2000/svg", "")
    assert len(text.encode()) < most
    assert "http://" not in links and "https://" not in links and "src=" not in links


@pytest.mark.parametrize("name", SHOWN)
def test_every_box_is_a_call_or_an_end_of_the_network(name: str) -> None:
    data = data_of(name)
    known = {path for path, _ in calls(data)}
    ends = {box["path"] for piece in data["pieces"] for box in piece["boxes"] if box["style"] == "terminal"}
    paths = [path for number in range(data["atoms"]) for path in drawn(data, number, "")]
    assert set(paths) - known - ends == set()


@pytest.mark.parametrize("name", SHOWN)
def test_costs_are_those_of_the_summary(name: str) -> None:
    network = gb.load(SPECS / f"{name}.toml")
    data, summary = network_data(network.typed), gb.summary(network)
    totals = (summary.costs.trainable, summary.costs.macs, summary.costs.activations)
    assert tuple(data["totals"].values()) == totals
    top = [call for path, call in calls(data) if "." not in path]
    assert tuple(sum(call[kind] for call in top) for kind in ("params", "macs", "memory")) == totals


def test_a_call_is_told_in_full() -> None:
    data = data_of("xception")
    found = dict(calls(data))
    conv = found["entry.block3.shortcut.conv"]
    shapes, arguments = data["shapes"], data["arguments"]
    assert [shapes[number] for number in (*conv["reads"], *conv["gives"])] == ["74×74×128", "37×37×256"]
    assert ["stride", "2"] in arguments[conv["args"]] and ["kernel", "1"] in arguments[conv["args"]]
    sepconv = found["entry.block3.unit.sepconv"]
    assert ["out", "256", "make_divisible(out * width)"] in arguments[sepconv["args"]]
    assert data["sizes"][data["fields"]["middle.7.unit.2.sepconv"]] == "859×859"
    source, first, last = found["middle.7"]["at"]
    assert data["sources"][source]["name"] == "xception.toml"
    assert 'id = "middle"' in "\n".join(data["sources"][source]["lines"][first - 1 : last])


def test_of_a_step_that_is_a_table_of_its_own_all_lines_are_told() -> None:
    data = data_of("maxvit_t")
    source, first, last = dict(calls(data))["stages.2.layer"]["at"]
    lines = data["sources"][source]["lines"]
    assert lines[first - 1] == "[[blocks.stage.body]]"
    assert "repeat" in "\n".join(lines[first - 1 : last]) and lines[last - 1] and not lines[last].startswith("rate")


def test_alike_bodies_are_placed_and_told_once() -> None:
    few, many = (network_data(gb.load(SPECS / "xception.toml", params={"middle": middle}).typed) for middle in (8, 60))
    assert len(many["bodies"]) == len(few["bodies"])
    assert len(many["pieces"]) == len(few["pieces"])


@pytest.mark.parametrize(
    ("options", "states"),
    [
        ({}, {}),
        ({"collapse": ("entry",)}, {"entry": "closed"}),
        ({"collapse": ("*.block13", "middle")}, {"exit.block13": "closed", "middle": "closed"}),
        ({"expand": ("middle",)}, {"middle.0*": "all"}),
        ({"expand": ("entry.block2.unit.sepconv",)}, {"entry.block2.unit.sepconv": "one"}),
        ({"level": 0}, {"entry": "closed", "middle": "closed", "exit": "closed"}),
    ],
)
def test_options_say_what_is_open_at_first(options: Data, states: dict[str, str]) -> None:
    assert data_of("xception", **options)["states"] == states


BLOCKS = """
format = 1
name = "rows"
[inputs]
x = [8, 8, 8]
[defaults]
conv = { out = 8, kernel = 3, padding = 1 }
[model]
body = [BODY]
[blocks.stage]
args = { kind = "str" }
body = [{ use = "unit", kind = "=kind" }, { use = "unit", kind = "elu" }, { use = "unit", kind = "=kind" }]
[blocks.unit]
args = { kind = "str" }
body = [{ op = "conv" }, { op = "tanh" }, { op = "conv" }, { op = "relu", when = "=kind == 'relu'" }, { op = "conv" }]
shortcut = "identity"
"""


@pytest.mark.parametrize("block", ["stage", "unit"])
def test_it_opens_with_no_more_than_can_be_read(block: str) -> None:
    """A row of blocks of blocks, or of blocks alone, which the figure folds to one line each."""
    steps = ", ".join(f'{{ use = "{block}", kind = "{kind}" }}' for kind in 50 * ("relu", "gelu"))
    network = gb.check_text(BLOCKS.replace("BODY", steps)).network
    assert network is not None
    data, figure = network_data(network.typed), scene(network.typed, Options())
    assert len(list(shown(data))) <= LEGIBLE
    assert len(list(shown(data))) == figure.root.boxes()


def test_a_pattern_that_matches_nothing_is_refused() -> None:
    with pytest.raises(CompileError, match="GB5"):
        data_of("xception", expand=("nowhere.*",))


@pytest.mark.parametrize("holder", ["", '[{ op = "tanh" }, { use = "long" }]\n[blocks.long]\nbody = '])
def test_what_is_too_large_to_be_read_is_gathered(holder: str) -> None:
    body = ", ".join('{ op = "relu" }' for _ in range(1500))
    checked = gb.check_text(f'format = 1\nname = "long"\n[inputs]\nx = [8, 8, 8]\n[model]\nbody = {holder}[{body}]')
    assert checked.network is not None
    data = network_data(checked.network.typed)
    assert len(list(shown(data))) < 60
    paths = {path for number in range(data["atoms"]) for path in drawn(data, number, "")}
    assert {path for path, call in calls(data) if "body" not in call} <= paths, "each lot opens"


def test_a_page_is_written_by_its_suffix(tmp_path: Path) -> None:
    gb.render(SPECS / "lenet5.toml", tmp_path / "x.html")
    text = (tmp_path / "x.html").read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>") and text == gb.render(SPECS / "lenet5.toml", format="html").decode()


def test_copies_cost_no_time_that_are_not_drawn() -> None:
    def seconds(copies: int) -> float:
        text = f'format = 1\nname = "long"\n[inputs]\nx = [8]\n[model]\nbody = [{{ op = "relu", repeat = {copies} }}]\n'
        network = gb.check_text(text).network
        assert network is not None
        return cost(lambda: network_data(network.typed))

    assert ratio(lambda: seconds(90_000), lambda: seconds(9_000), 4) < 4
