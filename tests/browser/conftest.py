"""A browser for the tests of pages: the machine's own Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Unpack

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

import graphbuilder as gb
from graphbuilder.compiler import Checked
from graphbuilder.rendering import Choices
from tests.browser.reading import Opened

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SPECS = Path(__file__).parents[2] / "specs"
# Far more than anything takes where others work too.
MILLISECONDS = 300_000
expect.set_options(timeout=MILLISECONDS)


# Of a module and no longer: while it is open an event loop runs, in which no other can be started.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        said = f"no Chromium on this machine (looked for {', '.join(NAMES)}); on Debian: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


def patient(page: Page) -> Page:
    """``page``, which awaits what is done in it however many others work."""
    page.set_default_timeout(MILLISECONDS)
    return page


def _heard(page: Page) -> Opened:
    """``page``, from now on with what goes wrong in it."""
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: faults.append(request.url) if request.url.startswith("http") else None)
    return Opened(page, faults)


@pytest.fixture(scope="module")
def desktop(chromium: Browser) -> Opened:
    """One page for all tests of a module, since a new one takes longer than most of them."""
    return _heard(patient(chromium.new_page()))


@cache
def _page_of(name: str) -> bytes:
    return gb.render(SPECS / f"{name}.toml", format="html")


@pytest.fixture
def show(chromium: Browser, desktop: Opened, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """`show("xception")`, or a network: its page, opened from a file. What went wrong in it fails the test.

    What was shown before is gone then.
    """
    shown: list[Opened] = []

    def opened(
        network: str | gb.Network | Checked,
        hash: str = "",
        wide: int = 1440,
        high: int = 900,
        dark: bool = False,
        **choices: Unpack[Choices],
    ) -> Opened:
        known = SPECS / f"{network}.toml" if isinstance(network, str) else network
        whole = isinstance(network, str) and not choices
        path = tmp_path / "page.html"
        path.write_bytes(_page_of(str(network)) if whole else gb.render(known, format="html", **choices))
        shown.append(_heard(patient(chromium.new_page(has_touch=True))) if wide < 700 else desktop)
        page = shown[-1].page
        page.goto("about:blank")
        page.set_viewport_size({"width": wide, "height": high})
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.mouse.move(0, 0)
        page.goto(f"{path.as_uri()}{hash}")
        return shown[-1]

    yield opened
    faults = [fault for each in shown for fault in each.faults]
    desktop.faults.clear()
    for each in shown:
        if each is not desktop:
            each.page.context.close()
    assert faults == []
