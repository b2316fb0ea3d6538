"""What axe-core finds, in light and dark, on a desktop and on a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.reading import Opened

Show = Callable[..., Opened]
SERIOUS = ("serious", "critical")


def faults(opened: Opened, *rules: str) -> list[str]:
    # The page's policy permits no other script, so axe is run through the debugger's own door.
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    found = Axe().run(opened.page, options=options).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found if each["impact"] in SERIOUS]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("wide", "high"), [(1440, 900), (390, 844)], ids=["desktop", "phone"])
def test_axe_finds_no_serious_fault(show: Show, wide: int, high: int, dark: bool) -> None:
    """In the dark only colours are others."""
    opened, rules = show("xception", "#exit.block13.unit.sepconv", wide, high, dark), ("color-contrast",) * dark
    assert faults(opened, *rules) == []
    opened.press("h")
    opened.page.evaluate('window.graphbuilder.fault([{code: "GB204", title: "shapes differ", line: 7, text: "no"}])')
    opened.page.evaluate("window.graphbuilder.gone(true); location.hash = 'nowhere'")
    expect(opened.page.locator("#status.seen")).to_be_visible()
    assert faults(opened, *rules) == []


def test_axe_finds_none_in_what_opens(show: Show) -> None:
    opened = show("unet")
    opened.press("/")
    opened.page.keyboard.type("conv")
    assert faults(opened) == []
    opened.press("Escape", "i")
    assert faults(opened) == []
    opened.press("Escape", "?")
    assert faults(opened) == []
    opened.press("Escape")
    opened.page.locator("#more").click()
    assert faults(opened) == []
