"""The page that ``graphbuilder watch`` serves, in a real browser, while a person saves."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from graphbuilder import load
from graphbuilder.backends.html import network_data
from graphbuilder.watching import serve
from graphbuilder.watching.hub import Hub
from tests.browser.conftest import SPECS, patient
from tests.clock import lateness, least
from tests.watching.process import Watched, edited

# What a person sees is what was painted: two frames after the update the first is on the screen.
_TIMED = """() => {
  const update = window.graphbuilder.update;
  window.graphbuilder.update = (data) => {
    update(data);
    requestAnimationFrame(() => requestAnimationFrame(() => { window.painted = Date.now(); }));
  };
}"""
_SEEN = "() => document.querySelector('#view, svg g').getAttribute('transform')"


def _written(folder: Path) -> None:
    for name in ("xception", "xception_tutorial"):
        (folder / f"{name}.toml").write_bytes((SPECS / f"{name}.toml").read_bytes())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    _written(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The tutorial's Xception, watched for all tests of this module: its folder and the address of its page."""
    folder = tmp_path_factory.mktemp("watched")
    _written(folder)
    process = Watched("xception_tutorial.toml", folder=folder)
    yield folder, process.line("http://").split()[0]
    process.end()


@pytest.fixture
def page(chromium: Browser, watched: tuple[Path, str]) -> Iterator[Page]:
    """The page of the tutorial's Xception, as it was at first; what goes wrong in it fails the test."""
    folder, address = watched
    _written(folder)
    faults: list[str] = []
    page = patient(chromium.new_page(viewport={"width": 1440, "height": 900}))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto(address)
    expect(page.locator("#title")).to_have_text("Xception, tutorial configuration")
    expect(page.locator("#facts")).to_contain_text("22.86 M parameters")
    page.evaluate(_TIMED)
    yield page
    page.close()
    assert faults == []


def test_a_save_changes_the_figure_and_nothing_else(page: Page, watched: tuple[Path, str]) -> None:
    page.locator('[data-item][aria-label*="exit.block13,"] .mark').first.click()
    page.locator('[data-item][aria-label*="entry.stem.conv_2,"]').first.click()
    page.keyboard.press("+")
    address, seen = page.url, page.evaluate(_SEEN)
    folded = page.locator('[data-item][aria-label*="exit.block13.unit"]').count()
    edited(watched[0] / "xception.toml", "classes      = 1000", "classes      = 10")
    expect(page.locator("#facts")).to_contain_text("20.83 M parameters")
    assert (page.url, page.evaluate(_SEEN)) == (address, seen)
    assert "entry.stem.conv_2" in address
    assert page.locator('[data-item][aria-label*="exit.block13.unit"]').count() == folded == 0


def test_a_mistake_stands_over_the_last_figure_with_its_line(page: Page, watched: tuple[Path, str]) -> None:
    spec = watched[0] / "xception_tutorial.toml"
    edited(spec, "out = 728", 'out = "728"')
    banner = page.locator("#fault")
    expect(banner).to_be_visible()
    expect(banner).to_contain_text("line 13")
    expect(banner).to_contain_text("GB308")
    assert page.locator("[data-item]").count() > 20
    away = spec.with_suffix(".away")
    os.rename(spec, away)
    expect(banner).to_contain_text("GB001")
    expect(banner.locator(".remedy")).to_have_text("did you mean xception_tutorial.away?")
    os.rename(away, spec)
    expect(banner).to_contain_text("GB308")
    edited(spec, 'out = "728"', "out = 728")
    expect(banner).to_be_hidden()


def test_the_page_says_that_the_server_is_gone_and_goes_on_when_it_is_back(
    chromium: Browser, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    hub, later, spec = Hub(), Hub(), str(folder / "xception.toml")
    hub.show(network_data(load(spec).typed))
    page = patient(chromium.new_page())
    with serve(hub, spec) as server:
        page.goto(server.url)
        expect(page.locator("#gone")).to_be_hidden()
    expect(page.locator("#gone")).to_contain_text("The server is gone")
    later.show(network_data(load(spec, params={"classes": 10}).typed))
    with serve(later, spec):
        expect(page.locator("#gone")).to_be_hidden()
        expect(page.locator("#facts")).to_contain_text("20.83 M parameters")
    page.close()


def test_a_spec_that_is_broken_at_first_is_drawn_with_its_mistakes(chromium: Browser, folder: Path) -> None:
    spec = folder / "xception.toml"
    edited(spec, 'op = "relu", when', 'op = "rellu", when')
    watched, page = Watched("xception.toml", folder=folder), patient(chromium.new_page())
    page.goto(watched.line("http://").split()[0])
    expect(page.locator("#fault")).to_contain_text("there is no op `rellu`")
    expect(page.locator(".box.fault").first).to_contain_text("rellu")
    edited(spec, "rellu", "relu")
    expect(page.locator("#fault")).to_be_hidden()
    expect(page.locator("#facts")).to_contain_text("22.86 M parameters")
    page.close()
    watched.end()


def test_from_save_to_screen_takes_less_than_a_blink(page: Page, watched: tuple[Path, str]) -> None:
    """300 ms on a machine that does nothing else, as the README states; here three times that."""
    spec, repeats = watched[0] / "xception.toml", count(8)

    def seen() -> float:
        page.evaluate("() => { window.painted = 0; }")
        repeat, saved = next(repeats), time.time()
        edited(spec, f"middle       = {repeat}", f"middle       = {repeat + 1}")
        page.wait_for_function("() => window.painted")
        return page.evaluate("() => window.painted") / 1000 - saved

    assert least(seen, 0.9, lateness) < 0.9
