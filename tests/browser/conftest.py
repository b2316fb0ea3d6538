"""A browser for the tests of pages: the machine's own Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Unpack

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

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


@pytest.fixture
def show(chromium: Browser, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """`show("xception")`, or a network: its page, opened from a file. What went wrong in it fails the test."""
    faults: list[str] = []

    def opened(
        network: str | gb.Network | Checked,
        hash: str = "",
        wide: int = 1440,
        high: int = 900,
        dark: bool = False,
        **choices: Unpack[Choices],
    ) -> Opened:
        known = gb.load(SPECS / f"{network}.toml") if isinstance(network, str) else network
        path = tmp_path / "page.html"
        gb.render(known, path, **choices)
        theme = "dark" if dark else "light"
        page: Page = chromium.new_page(
            viewport={"width": wide, "height": high}, color_scheme=theme, has_touch=wide < 700
        )
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: faults.append(request.url) if request.url.startswith("http") else None)
        page.goto(f"{path.as_uri()}{hash}")
        return Opened(page, faults)

    yield opened
    for context in chromium.contexts:
        context.close()
    assert faults == []
