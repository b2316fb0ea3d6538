"""What a person does with a page, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

import graphbuilder as gb
from graphbuilder.watching import News
from tests.browser.conftest import SPECS
from tests.browser.reading import Opened
from tests.elaborate.broken import broken

Show = Callable[..., Opened]
SHOWN = ("inception_v3", "unet", "hrnet_w18_small", "pvt_v2_b0")


@pytest.mark.parametrize("name", SHOWN)
def test_nothing_overlaps_however_it_is_folded(show: Show, name: str) -> None:
    opened = show(name)
    counts: list[int] = []
    for key in ("r", "c", "e", "[", "]"):
        opened.press(key)
        assert (opened.crossings(), opened.loose()) == ([], []), f"after {key}"
        counts.append(len(opened.drawn()))
    assert counts[1] < counts[0] <= counts[2]


def test_a_fold_opens_in_place_and_closes(show: Show) -> None:
    opened = show("xception")
    before = len(opened.boxes())
    block = opened.item("entry.block3,")
    place = block.bounding_box()
    block.locator(".mark").click()
    assert len(opened.boxes()) < before
    after = opened.item("entry.block3,").bounding_box()
    assert place and after
    assert (after["x"], after["y"]) == (pytest.approx(place["x"], abs=60), pytest.approx(place["y"], abs=3))
    opened.item("entry.block3,").locator(".mark").click()
    assert len(opened.boxes()) == before


def test_a_stack_shows_every_copy(show: Show) -> None:
    opened = show("xception")
    opened.page.locator(".badge").first.click()
    labels = [frame.label for frame in opened.frames()]
    assert [f"middle {copy}, middle.{copy}, gives 19×19×728" in labels for copy in range(8)] == [True] * 8
    assert opened.crossings() == []


def links(opened: Opened, title: str) -> list[str]:
    """What the details list under ``title``."""
    section = opened.page.locator("#details section", has=opened.page.get_by_role("heading", name=title, exact=True))
    return section.locator("li").all_inner_texts()


def test_behind_a_stack_stands_its_last_copy(show: Show) -> None:
    opened = show("xception", "#exit.block13")
    assert links(opened, "Reads from") == ["middle.7.merge"]
    opened.item("middle.0.merge,").click()
    assert [each.split()[-2:] for each in links(opened, "Read by")] == [["reads", "middle.7.merge"]] * 2
    opened.item("entry.block4.merge").click()
    assert {each.split(".unit")[0] for each in links(opened, "Read by")} >= {"middle.0"}
    opened.item("middle 0 – 7,").locator(".mark").click()
    opened.item("exit.block13.shortcut.conv,").click()
    assert links(opened, "Reads from") == ["middle.0 – 7"]


def test_a_stack_is_told_of_as_all_its_copies(show: Show) -> None:
    opened = show("xception", "#middle.0")
    details = opened.page.locator("#details")
    expect(details.locator("h2")).to_have_text("middle 0 – 7")
    expect(details.locator(".trail")).to_have_text("middle.0 – 7")
    expect(details).to_contain_text("187×187 to 859×859")
    expect(details).to_contain_text("of middle.0 and middle.7")


def test_of_copies_in_turn_the_last_of_its_kind_is_named(show: Show) -> None:
    opened = show("swin_t", "#stages.3.down")
    (read,) = links(opened, "Reads from")
    assert read.startswith("stages.2.block.5.")


def test_a_composite_opens_to_what_it_is_made_of(show: Show) -> None:
    opened = show("xception", "#exit.block14.unit.sepconv")
    opened.page.get_by_role("button", name="Unfold", exact=True).click()
    expect(opened.item("exit.block14.unit.sepconv.depthwise")).to_be_visible()
    assert opened.crossings() == []


def test_everything_unfolds_and_folds_with_its_composites(show: Show) -> None:
    opened = show("xception")
    chevrons = opened.page.locator(".box .mark")
    assert chevrons.count() > 0
    opened.press("e")
    expect(chevrons).to_have_count(0)
    assert (opened.crossings(), opened.loose()) == ([], [])
    opened.press("c")
    assert opened.frames() == []


def test_a_click_tells_of_a_step(show: Show) -> None:
    opened = show("xception")
    opened.item("entry.block2.shortcut.conv").click()
    details = opened.page.locator("#details")
    expect(details).to_be_visible()
    words = details.inner_text()
    for said in ("147×147×64", "74×74×128", "8.19 k", "Receptive field", "stride", "xception.toml, line", "Read by"):
        assert said in words
    assert opened.page.evaluate("location.hash") == "#entry.block2.shortcut.conv"


def test_hovering_lights_what_a_step_reads_and_what_reads_it(show: Show) -> None:
    opened = show("xception")
    opened.item("entry.block3.unit_2.sepconv").hover()
    lit = [each.get_attribute("aria-label") or "" for each in opened.page.locator(".box.on").all()]
    assert len(lit) == 3
    assert any("unit_2.relu" in label for label in lit) and any("maxpool" in label for label in lit)
    # Through the edges of frames: a sum is read by the next block's first step, its shortcut, and lies in another card.
    opened.item("entry.block2.merge").hover()
    lit = [each.get_attribute("aria-label") or "" for each in opened.page.locator(".box.on").all()]
    assert {label.split(", ")[-2] for label in lit} >= {"entry.block3.unit.relu", "entry.block3.shortcut.conv"}


def test_mistakes_stand_over_the_figure_and_move_nothing(show: Show) -> None:
    opened = show("xception")
    before = opened.item("exit.block13,").bounding_box()
    fault = {"code": "GB204", "title": "shapes differ", "line": 75, "text": "cannot add 1 and 2", "help": "add 3"}
    opened.page.evaluate("mistakes => window.graphbuilder.fault(mistakes)", [fault] * 30)
    opened.page.evaluate("window.graphbuilder.gone(true)")
    expect(opened.page.locator("#gone")).to_contain_text("The server is gone")
    assert opened.item("exit.block13,").bounding_box() == before
    heading = opened.page.locator("#fault h2")
    expect(heading).to_have_text("30 mistakes in the spec; this is the last figure without")
    opened.page.evaluate("mistakes => window.graphbuilder.fault(mistakes)", [{**fault, "line": None}])
    expect(heading).to_have_text("The spec cannot be read; this is the last figure without")
    opened.page.locator("#hush").click()
    expect(opened.page.locator("#fault")).to_be_hidden()
    opened.page.evaluate("window.graphbuilder.gone(false)")
    expect(opened.page.locator("#gone")).to_be_hidden()


def test_a_broken_network_is_shown_with_what_is_wrong(show: Show) -> None:
    checked = gb.check_text(broken("unknown op in a block"))
    assert checked.network is None
    opened = show(checked, "#stages.0.bachnorm")
    expect(opened.page.locator("#facts")).to_contain_text("This model is broken")
    details = opened.page.locator("#details")
    expect(details.locator(".wrong")).to_have_text("GB303: there is no op `bachnorm`")
    expect(details.locator(".remedy")).to_have_text("did you mean `batchnorm`?")
    details.get_by_role("button", name="stages", exact=True).click()
    assert links(opened, "Wrong in it") == ["0.bachnorm GB303: there is no op `bachnorm`"]
    expect(opened.page.locator(".box.fault")).to_have_count(1)
    opened.press("c")
    expect(opened.page.locator(".box.fault")).to_contain_text("GB303")
    assert opened.crossings() == []


def test_shapes_are_written_alike_wherever_a_mistake_is_told(show: Show) -> None:
    text = (SPECS / "xception.toml").read_text(encoding="utf-8")
    checked = gb.check_text(
        text.replace('maxpool = { kernel = 3, stride = 2, padding = "same"', "maxpool = { kernel = 3, stride = 2")
    )
    opened, said = show(checked, "#entry.block2.merge"), "cannot add 73×73×128 and 74×74×128"
    mistakes = News("xception.toml", None, checked.diagnostics, None, checked.part).mistakes()
    opened.page.evaluate("mistakes => window.graphbuilder.fault(mistakes)", mistakes)
    for place in (
        opened.item("entry.block2.merge"),
        opened.page.locator("#details .wrong"),
        opened.page.locator("#fault code"),
    ):
        expect(place).to_contain_text(said)


def test_columns_are_even_where_all_is_folded(show: Show) -> None:
    opened = show("mobilenetv4_conv_small")
    opened.press("c")
    right = max(box.x for box in opened.boxes())
    feet = [max(box.y for box in opened.boxes() if (box.x > right - 150) is last) for last in (False, True)]
    assert max(feet) < 1.2 * min(feet)


def test_zoom_pan_and_fit(show: Show) -> None:
    opened = show("xception")
    zoom = opened.page.locator("#zoom")
    fitted = zoom.inner_text()
    expect(opened.page.locator("#minimap")).to_be_hidden()
    opened.press("+", "+", "+")
    assert zoom.inner_text() != fitted
    expect(opened.page.locator("#minimap")).to_be_visible()
    before = opened.item("entry.block2,").bounding_box()
    opened.page.mouse.move(700, 500)
    opened.page.mouse.wheel(0, 120)
    after = opened.item("entry.block2,").bounding_box()
    assert before and after and after["y"] == pytest.approx(before["y"] - 120, abs=1)
    opened.press("0")
    assert zoom.inner_text() == fitted


def test_a_large_sheet_opens_where_it_begins_and_can_be_read(show: Show) -> None:
    opened = show("hrnet_w18_small")
    assert int(opened.page.locator("#zoom").inner_text().split()[0]) >= 55
    expect(opened.item("image ")).to_be_in_viewport()
    opened.press("0")
    expect(opened.item("logits")).to_be_in_viewport()


def test_a_lot_of_steps_opens_and_not_all_lots_at_once(show: Show) -> None:
    steps = ", ".join('{ op = "tanh" }, { op = "conv", out = 8, kernel = 1 }' for _ in range(2000))
    checked = gb.check_text(f'format = 1\nname = "long"\n[inputs]\nx = [8, 8, 8]\n[model]\nbody = [{steps}]')
    opened = show(checked, "#conv_999")
    expect(opened.page.locator(".chosen")).to_have_attribute("aria-label", "Conv 8, 1×1, conv_999, gives 8×8×8")
    expect(opened.page.locator(".frame.lot")).to_have_count(1)
    assert (opened.crossings(), opened.loose()) == ([], [])
    before = len(opened.boxes())
    opened.press("e")
    expect(opened.page.locator("#status.seen")).to_contain_text("more than a page can show at once")
    assert len(opened.boxes()) == before


def test_nothing_lies_on_the_figure_and_what_is_chosen_is_seen(show: Show) -> None:
    opened = show("inception_v3")
    opened.page.select_option("#heat", "macs")
    stage, scale, zoom = (opened.page.locator(part).bounding_box() for part in (".stage", "#scale", ".zoom"))
    assert stage and scale and zoom
    assert stage["y"] + stage["height"] <= min(scale["y"], zoom["y"])
    opened.item(", logits").click()
    box, panel = opened.item(", logits").bounding_box(), opened.page.locator("#details").bounding_box()
    assert box and panel and box["x"] + box["width"] < panel["x"]


def test_the_whole_figure_is_printed(show: Show) -> None:
    opened = show("hrnet_w18_small", "#stage1", dark=True)
    opened.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    opened.page.emulate_media(media="print", color_scheme="dark")
    expect(opened.item("image ")).to_be_visible()
    figure, last = opened.page.locator("#figure").bounding_box(), opened.item("logits").bounding_box()
    assert figure and last and last["y"] + last["height"] < figure["y"] + figure["height"] <= 900
    expect(opened.page.locator("#details")).to_be_hidden()
    assert opened.page.evaluate("document.documentElement.dataset.theme") == "light"
    opened.page.emulate_media(media="screen", color_scheme="dark")
    opened.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert opened.page.evaluate("document.documentElement.dataset.theme") == "dark"
    expect(opened.item("stage1,")).to_be_in_viewport()


def test_two_fingers_zoom_where_they_are(show: Show) -> None:
    opened = show("xception", wide=390, high=844)
    before, zoom = opened.item("entry.block3,").bounding_box(), opened.page.locator("#zoom")
    session = opened.page.context.new_cdp_session(opened.page)
    for kind, reach in (("touchStart", 40), ("touchMove", 60), ("touchMove", 80), ("touchEnd", None)):
        points = [{"x": 100, "y": 400 + sign * reach, "id": sign} for sign in (0, 1)] if reach else []
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    after = opened.item("entry.block3,").bounding_box()
    assert before and after and after["width"] == pytest.approx(2 * before["width"], rel=0.03)
    assert zoom.inner_text() != "57 %"
    expect(opened.page.locator("#details")).to_be_hidden()


def test_the_keyboard_reaches_everything(show: Show) -> None:
    opened = show("vit_b_16")
    opened.page.locator('[data-item][tabindex="0"]').focus()
    opened.press("ArrowDown", "Enter")
    expect(opened.page.locator("#details h2")).to_have_text("patches")
    opened.press("Escape")
    expect(opened.page.locator("#details")).to_be_hidden()
    opened.press("?")
    expect(opened.page.locator("#help")).to_be_visible()
    expect(opened.page.locator("#help-title")).to_be_in_viewport()
    assert "Fold or unfold" in opened.page.locator("#help").inner_text()
    opened.press("Escape")
    expect(opened.page.locator("#help")).to_be_hidden()


def test_space_folds_and_keeps_the_focus(show: Show) -> None:
    opened = show("vit_b_16")
    opened.item("layer 0").focus()
    opened.press(" ")
    focused = "document.activeElement.getAttribute('aria-expanded')"
    assert opened.page.evaluate(focused) == "false"
    opened.press(" ")
    assert opened.page.evaluate(focused) == "true"


@pytest.mark.parametrize(("key", "suffix", "start"), [("s", ".svg", b"<svg "), ("p", ".png", b"\x89PNG")])
def test_the_figure_is_saved_as_it_is_folded(show: Show, tmp_path: Path, key: str, suffix: str, start: bytes) -> None:
    opened = show("xception")
    opened.press("c")
    with opened.page.expect_download() as waiting:
        opened.press(key)
    saved = tmp_path / "saved"
    waiting.value.save_as(saved)
    data = saved.read_bytes()
    assert waiting.value.suggested_filename == f"xception{suffix}"
    assert data.startswith(start)
    if suffix == ".svg":
        text = data.decode()
        assert "Entry flow" in text and "block2" not in text and "class=" not in text and "aria-" not in text


def test_what_is_under_the_mouse_or_chosen_is_not_saved(show: Show, tmp_path: Path) -> None:
    opened = show("xception")
    opened.page.mouse.move(2, 890)
    still = opened.saved(tmp_path)
    opened.item("exit.block13.shortcut.conv,").click()
    opened.page.wait_for_timeout(300)
    assert opened.saved(tmp_path) == still
    expect(opened.page.locator(".chosen")).to_have_count(1)


def test_an_update_keeps_zoom_folds_and_what_is_chosen(show: Show) -> None:
    from graphbuilder.backends.html import network_data

    opened = show("xception", "#exit.block13.unit.sepconv")
    opened.item("entry.block2,").locator(".mark").click()
    opened.press("+")
    zoom, folded = opened.page.locator("#zoom").inner_text(), len(opened.boxes())
    fault = {"code": "GB204", "title": "shapes differ", "line": 75, "text": "cannot add 1 and 2"}
    opened.page.evaluate("mistakes => window.graphbuilder.fault(mistakes)", [fault])
    expect(opened.page.get_by_role("alert")).to_contain_text("GB204 shapes differ line 75")
    changed = gb.load(SPECS / "xception.toml", params={"classes": 10})
    opened.page.evaluate("data => window.graphbuilder.update(data)", network_data(changed.typed))
    expect(opened.page.locator("#fault")).to_be_hidden()
    assert (opened.page.locator("#zoom").inner_text(), len(opened.boxes())) == (zoom, folded)
    expect(opened.page.locator("#details h2")).to_have_text("exit.block13.unit.sepconv")
    expect(opened.item("10 logits")).to_have_count(1)


def test_an_update_to_another_network_leaves_nothing_of_the_last(show: Show) -> None:
    from graphbuilder.backends.html import network_data

    opened = show("xception", "#exit.block13.unit.sepconv")
    other = gb.load(SPECS / "vit_b_16.toml")
    opened.page.evaluate("data => window.graphbuilder.update(data)", network_data(other.typed))
    expect(opened.page.locator("#details")).to_be_hidden()
    expect(opened.page.locator("#title")).to_contain_text("ViT")
    assert opened.crossings() == []


def test_it_works_at_the_width_of_a_phone(show: Show) -> None:
    opened = show("xception", wide=390, high=844)
    assert opened.page.evaluate("document.documentElement.scrollWidth") == 390
    opened.item("entry.block3.unit.sepconv").tap()
    details = opened.page.locator("#details").bounding_box()
    chosen = opened.page.locator(".chosen").bounding_box()
    assert details and details["width"] == 390 and details["y"] > 300
    assert chosen
    opened.page.locator("#close").tap()
    expect(opened.page.locator("#details")).to_be_hidden()


def test_folds_and_the_key_to_the_colours_are_in_reach_on_a_phone(show: Show) -> None:
    opened = show("xception", wide=375, high=812)
    assert opened.page.evaluate("document.documentElement.scrollWidth") == 375
    title = opened.page.locator("#title").bounding_box()
    assert title and title["width"] > 90
    before = len(opened.boxes())
    opened.page.locator("#less").tap()
    assert len(opened.boxes()) < before
    opened.page.locator("#deeper").tap()
    opened.page.select_option("#heat", "macs")
    scale, zoom = (opened.page.locator(part).bounding_box() for part in ("#scale", ".window .zoom"))
    assert scale and zoom and scale["y"] + scale["height"] <= zoom["y"] and scale["x"] + scale["width"] < 375
    opened.page.select_option("#heat", "")
    opened.page.locator("#question").tap()
    expect(opened.page.locator("#families")).to_contain_text("convolution")


def test_the_theme_follows_the_reader_until_one_is_chosen(show: Show) -> None:
    opened = show("xception", dark=True)
    theme = "document.documentElement.dataset.theme"
    assert opened.page.evaluate(theme) == "dark"
    opened.press("t")
    assert opened.page.evaluate(theme) == "light"


def test_every_copy_carries_its_own_name(show: Show) -> None:
    opened = show("vit_b_16", names=True, expand="encoder")
    words = opened.page.locator("#world .box text").all_text_contents()
    assert {sum(f"encoder.{copy}.mlp" in text for text in words) for copy in range(12)} == {6}
