"""A page's colours of cost, in a real browser: whose they are, what they stand for, where they are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

import graphbuilder as gb
from graphbuilder.backends.graphviz import Options
from graphbuilder.backends.graphviz.figure import scene
from graphbuilder.backends.graphviz.options import Heat
from graphbuilder.backends.graphviz.read.scene import Box, Card, Region
from tests.browser.conftest import SPECS
from tests.browser.reading import Opened

Show = Callable[..., Opened]


def test_heat_colours_by_cost(show: Show) -> None:
    opened = show("xception")

    def fill(words: str) -> str:
        return opened.item(words).locator(".shape").first.evaluate("each => getComputedStyle(each).fill")

    usual = fill("exit.block14.unit_2.sepconv")
    for kind in ("params", "macs", "memory"):
        opened.page.select_option("#heat", kind)
        expect(opened.page.locator("#scale")).to_be_visible()
        assert fill("exit.block14.unit_2.sepconv") != fill("exit.block14.relu")
    opened.page.select_option("#heat", "")
    assert fill("exit.block14.unit_2.sepconv") == usual


@pytest.mark.parametrize("kind", ["params", "macs", "memory"])
def test_its_heat_is_that_of_the_figure(show: Show, kind: Heat) -> None:
    network, opened = gb.load(SPECS / "xception.toml"), show("xception")
    root = scene(network.typed, Options(heat=kind)).root
    drawn = {box.path: box.mark for box in boxes_of(root) if box.mark}
    opened.page.select_option("#heat", kind)
    shown = (
        "[...document.querySelectorAll('.box')].map(each => [each.getAttribute('aria-label'), each.className.baseVal])"
    )
    marks = dict[str, str]()
    for label, classes in opened.page.evaluate(shown):
        heat = next((word for word in classes.split() if word.startswith("heat")), "")
        marks |= dict.fromkeys(label.split(", "), heat)
    both = drawn.keys() & marks.keys()
    assert len(both) > 30
    assert {path: marks[path] for path in both} == {path: drawn[path] for path in both}


def test_a_lot_of_steps_costs_what_all_of_them_do(show: Show) -> None:
    steps = ", ".join('{ op = "conv", out = 8, kernel = 3, padding = 1 }' for _ in range(900))
    checked = gb.check_text(f'format = 1\nname = "long"\n[inputs]\nx = [8, 8, 8]\n[model]\nbody = [{steps}]')
    opened = show(checked, heat="macs")
    classes = opened.page.locator(".box.block").evaluate_all("all => all.map((each) => each.className.baseVal)")
    assert sum("heat5" in each for each in classes) > 40, "all but the last, which is of fewer steps"
    expect(opened.page.locator("#scale .most")).to_have_text("≥ 2 % of all MACs")


def boxes_of(region: Region) -> Iterator[Box]:
    for item in region.items.values():
        yield from boxes_of(item.region) if isinstance(item, Card) else [item]


LENT = """
format = 1
name = "lent"
[inputs]
x = [3, 8, 8]
[model]
body = [
  { id = "a", use = "e", from = "x" }, { id = "b", share = "a", from = "x" }, { op = "add", from = ["a", "b"] },
  { id = "again", op = "conv", out = 4, kernel = 1, repeat = 5, share = true },
]
[blocks.e]
body = [{ op = "conv", out = 4, kernel = 1 }, { op = "relu" }]
"""


def test_weights_that_are_shared_count_once_and_say_whose_they_are(show: Show) -> None:
    checked = gb.check_text(LENT)
    assert checked.network is not None
    opened = show(checked.network, "#a.conv")
    details = opened.page.locator("#details")
    own = details.inner_text()
    assert "16\t" in own and "weights of" not in own
    opened.item("b.conv,").click()
    lent = details.inner_text()
    assert "weights of a.conv" in lent and "Parameters\t–" in lent
    opened.press("Escape", "h")
    expect(opened.page.locator("#scale .most")).to_have_text("≥ 50 % of all parameters")


def test_colours_of_costs_are_told_on_the_page_and_where_they_are_saved(show: Show, tmp_path: Path) -> None:
    opened = show("xception")
    stack, block = opened.item("middle 0 – 7,").locator(".cost"), opened.item("entry.block3,").locator(".cost")
    assert (stack.text_content(), block.text_content()) == ("8 × 1.61 M", "136 k")
    opened.page.select_option("#heat", "macs")
    expect(opened.page.locator("#scale")).to_contain_text("Coloured by MACs")
    assert (stack.text_content(), block.text_content()) == ("4.65 G · 56 %", "602 M · 7.2 %")
    text = opened.saved(tmp_path)
    assert "Coloured by MACs" in text and "of all MACs" in text and "4.65 G · 56 %" in text
    opened.page.select_option("#heat", "")
    assert (stack.text_content(), block.text_content()) == ("8 × 1.61 M", "136 k")
    assert "Coloured" not in opened.saved(tmp_path)
    opened.page.select_option("#heat", "macs")
    opened.press("c")
    expect(opened.item("Middle flow").locator(".cost")).to_contain_text("56 %")


def test_a_stack_costs_the_same_with_its_copies_side_by_side(show: Show) -> None:
    opened = show("xception", heat="macs")
    stack = opened.item("middle 0 – 7,")
    stack.focus()
    opened.press("x")
    expect(opened.item("middle.7,")).to_be_visible()
    expect(stack.locator(".cost")).to_have_text("4.65 G · 56 %")


def test_it_opens_coloured_as_asked_with_what_was_measured(show: Show) -> None:
    opened = show("lenet5", heat="time")
    expect(opened.page.locator("#scale")).to_be_visible()
    assert opened.page.locator("#heat").input_value() == "time"
    opened.press("h")
    expect(opened.page.locator("#scale")).to_be_hidden()
    opened.page.locator(".box.head").first.click()
    assert "Time" in opened.page.locator("#details").inner_text()
