"""A page opens as the figure of its network is drawn."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

import graphbuilder as gb
from graphbuilder.backends.html import network_data
from tests.browser.conftest import SPECS
from tests.browser.reading import Opened

OTHER = 'format = 1\nname = "other"\n[inputs]\nx = [8]\n[model]\nbody = [{ op = "tanh" }, { op = "sigmoid" }]\n'
Show = Callable[..., Opened]
WAYS = "all => all.map((each) => each.getAttribute('d'))"


def test_it_has_the_columns_of_the_figure(show: Show) -> None:
    panels = show("xception").page.locator(".frame.panel > .shape")
    assert len(set(panels.evaluate_all("all => all.map((each) => each.getAttribute('x'))"))) == 3


def test_the_skips_of_a_u_are_straight_whatever_is_folded(show: Show) -> None:
    opened = show("unet")
    skips = opened.page.locator(".wire.shortcut path:first-child")
    for words in ("up2,", "down1,", "up4,"):
        assert not any("Q" in path for path in skips.evaluate_all(WAYS))
        opened.item(words).locator(".mark").first.click()
    assert skips.count() > 4


def test_the_blocks_in_a_card_are_framed_on_demand(show: Show) -> None:
    opened = show("unet")
    before = [opened.item(f"down{number},").bounding_box() for number in (1, 4)]
    opened.item("down1,").locator(".parts").click()
    assert any("down1.pair" in frame.label for frame in opened.frames())
    assert (opened.crossings(), opened.loose()) == ([], [])
    opened.item("down1,").locator(".parts").click()
    assert [opened.item(f"down{number},").bounding_box() for number in (1, 4)] == before


def test_a_network_of_which_nothing_was_there_is_looked_at_from_its_beginning(show: Show) -> None:
    opened = show("xception")
    opened.page.mouse.move(700, 500)
    opened.page.mouse.wheel(0, 5000)
    expect(opened.page.locator(".frame").first).not_to_be_in_viewport()
    network = gb.check_text(OTHER).network
    assert network is not None
    opened.page.evaluate("data => window.graphbuilder.update(data)", network_data(network.typed))
    box = opened.item("tanh").bounding_box()
    assert box and 0 < box["y"] < 900


def test_all_that_stands_behind_a_fault_is_dotted(show: Show) -> None:
    spec = (SPECS / "xception.toml").read_text(encoding="utf-8")
    opened = show(gb.check_text(spec.replace('"block3", use = "down"', '"block3", use = "dwon"')))
    expect(opened.page.locator("#figure .terminal")).to_have_count(1)
    expect(opened.page.locator("#figure .fault")).to_contain_text("block3: dwon")
    assert opened.page.locator("#figure .end.unknown, #figure .box.unknown", has_text="?").count() > 1
    wires = opened.page.locator("#figure .wire").evaluate_all("all => all.map((each) => each.classList[1])")
    assert wires.count("unknown") > wires.count("flow") > 0
