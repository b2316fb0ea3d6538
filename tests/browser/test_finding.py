"""How a person finds a step of a page: by words, by links, by what the network is made of; in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.reading import Opened

Show = Callable[..., Opened]


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("block13 sepconv", "exit.block13.unit.sepconv"),
        ("logits", "logits"),
        ("10x10x2048", "exit.block14.unit_2"),
        ("728x19x19 globalavg", ""),
        ("728x19x19", "entry.block4.maxpool"),
        ("2048x10x10", "exit.block14.unit_2"),
    ],
)
def test_search_finds_names_ops_and_shapes_in_either_order(show: Show, query: str, path: str) -> None:
    opened = show("xception")
    opened.press("/")
    opened.page.keyboard.type(query)
    found = [row.split("\n")[0] for row in opened.page.locator("#found [role=option]").all_inner_texts()]
    assert path in found if path else found == ["nothing is called so"]
    if path == "entry.block4.maxpool":
        assert found[0] == path, "what gives the shape comes before what reads it"
    if path:
        opened.press("Enter")
        expect(opened.page.locator("#details")).to_be_visible()
        expect(opened.page.locator(".chosen")).to_have_count(1)


def test_a_link_opens_what_a_step_is_in(show: Show) -> None:
    opened = show("xception", "#middle.5.unit.1.sepconv.pointwise")
    expect(opened.page.locator(".chosen")).to_have_attribute(
        "aria-label", "Conv 728, 1×1, middle.5.unit.1.sepconv.pointwise, gives 19×19×728"
    )
    box = opened.page.locator(".chosen").bounding_box()
    assert box and 0 < box["x"] < 1440 and 0 < box["y"] < 900


def test_a_step_that_is_not_drawn_is_told_of_where_it_belongs(show: Show) -> None:
    opened = show("xception", "#entry.stem.batchnorm")
    expect(opened.page.locator("#details h2")).to_have_text("entry.stem.batchnorm")
    expect(opened.page.locator(".chosen")).to_have_count(1)


@pytest.mark.parametrize(
    ("link", "lost"),
    [
        ("#middle.9.unit", "middle.9.unit"),
        ("#entry.2", "entry.2"),
        ("#%F0%9F", "%F0%9F"),
        ("#%F0%9F;-entry", "%F0%9F"),
        ("#entry.block2;-entry.block9,*middle.0*", "-entry.block9"),
        ("#entry.block2;entry", "entry"),
    ],
)
def test_a_link_to_nothing_says_so(show: Show, link: str, lost: str) -> None:
    opened = show("xception", link)
    said = opened.page.locator("#status.seen")
    expect(said).to_have_text(f"There is no {lost} in this network")
    opened.press("h")
    expect(said).to_have_count(0)


def test_what_is_found_is_counted_and_gone_through(show: Show) -> None:
    opened = show("xception")
    opened.press("/")
    opened.page.keyboard.type("maxpool")
    expect(opened.page.locator("#found .count")).to_contain_text("4 found")
    opened.press("Enter")
    seen = [opened.page.evaluate("location.hash")]
    for key in ("n", "n", "n", "n", "N"):
        opened.press(key)
        seen.append(opened.page.evaluate("location.hash"))
    assert len(set(seen)) == 4 and seen[4] == seen[0] and seen[5] == seen[3]
    expect(opened.page.locator("#status.seen")).to_have_text("4 of 4 for maxpool")


def test_what_the_network_is_made_of_is_counted(show: Show) -> None:
    opened = show("xception")
    opened.press("i")
    rows = opened.page.locator("#details .ops tr").all_inner_texts()
    assert rows[1:5] == [
        "sepconv\t34\t19.8 M\t7.71 G",
        "conv\t6\t992 k\t649 M",
        "linear\t1\t2.05 M\t2.05 M",
        "batchnorm\t40\t54.5 k\t–",
    ]
    opened.page.get_by_role("button", name="conv", exact=True).click()
    expect(opened.page.locator("#found .count")).to_contain_text("6 found")
    opened.press("Enter")
    expect(opened.page.locator("#details h2")).to_contain_text("conv")
    opened.press("i", "Escape")
    expect(opened.page.locator("#details")).to_be_hidden()


def test_a_path_leads_to_what_a_step_is_in_and_can_be_copied(show: Show) -> None:
    opened = show("xception", "#middle.5.unit.1")
    heading = opened.page.locator("#details h2")
    expect(heading).to_have_text("middle.5.unit.1")
    opened.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened.press("y")
    expect(opened.page.locator("#status.seen")).to_have_text("copied middle.5.unit.1")
    assert opened.page.evaluate("navigator.clipboard.readText()") == "middle.5.unit.1"
    heading.get_by_role("button", name="5").click()
    assert opened.page.evaluate("location.hash") == "#middle.5"


def test_back_goes_to_the_step_before(show: Show) -> None:
    opened = show("xception", "#entry.stem.conv")
    heading = opened.page.locator("#details h2")
    opened.item("entry.block2.shortcut.conv,").click()
    opened.page.locator("#details").get_by_role("button", name="entry.block2.merge").click()
    opened.press("ArrowUp")
    expect(heading).not_to_have_text("entry.block2.merge")
    opened.page.go_back()
    expect(heading).to_have_text("entry.block2.shortcut.conv")
    opened.page.go_back()
    expect(heading).to_have_text("entry.stem.conv")


def test_a_link_that_is_copied_opens_what_was_open(show: Show) -> None:
    opened = show("xception", "#exit.block13.unit.sepconv")
    opened.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened.item("entry.block2,").locator(".mark").click()
    opened.page.locator(".badge").first.click()
    boxes = len(opened.boxes())
    opened.press("l")
    expect(opened.page.locator("#status.seen")).to_have_text("copied a link to this view")
    copied = opened.page.evaluate("navigator.clipboard.readText()")
    assert copied.endswith("#exit.block13.unit.sepconv;-entry.block2,*middle.0*")
    shared = show("xception", copied[copied.index("#") :])
    assert len(shared.boxes()) == boxes
    expect(shared.page.locator("#details h2")).to_have_text("exit.block13.unit.sepconv")


def test_the_lines_of_a_step_can_be_copied(show: Show) -> None:
    opened = show("xception", "#middle.0.unit.0")
    opened.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened.page.get_by_role("button", name="Copy these lines").click()
    copied = opened.page.evaluate("navigator.clipboard.readText()")
    assert copied == 'body          = [{ use = "unit", out = 728, repeat = 3 }]'
