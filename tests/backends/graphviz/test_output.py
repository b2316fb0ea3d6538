"""What leaves this room: bytes in four formats, by either engine, with nothing in them that a spec could smuggle in."""

import os
import re
import shutil
import struct
import subprocess
from itertools import product
from pathlib import Path
from typing import Literal, get_args
from xml.etree import ElementTree

import pytest

import graphbuilder as gb
from graphbuilder.backends.graphviz import Options, dot, render
from graphbuilder.backends.graphviz.figure import drawing
from graphbuilder.backends.graphviz.lay.drawing import Run
from graphbuilder.backends.graphviz.write import engine
from graphbuilder.backends.graphviz.write.fonts import SANS, SERIF
from graphbuilder.backends.graphviz.write.theme import DARK, LIGHT, PAPER, Palette
from graphbuilder.compiler import Network, check_text
from graphbuilder.document.writing import value
from graphbuilder.ir.op import Family
from tests.backends.graphviz.colour import contrast
from tests.backends.graphviz.networks import network

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<script>alert('&amp;')</script>"
pure = pytest.mark.usefixtures("no_dot")


@pytest.fixture
def no_dot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without Graphviz; the wheel's program is found beside Python all the same."""
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture(params=["whatever draws here", "the wheel"])
def each_engine(request: pytest.FixtureRequest) -> None:
    if request.param == "the wheel":
        request.getfixturevalue("no_dot")


@pytest.mark.usefixtures("each_engine")
@pytest.mark.parametrize("name", ["xception", "unet", "mesh"])
def test_svg_shows_every_word_and_box(name: str) -> None:
    figure = drawing(network(name), Options())
    tree = ElementTree.fromstring(render(network(name), "svg"))
    shown = {text for element in tree.iter(f"{SVG}text") if (text := "".join(element.itertext()).strip())}
    assert {words.text for words in figure.words} <= {word.replace("\xa0", " ") for word in shown}
    nodes = [g for g in tree.iter(f"{SVG}g") if g.get("class", "").startswith("node")]
    seen = [shape for shape in figure.shapes if shape.style != "point"]
    assert len(nodes) == len(seen) + len(figure.words)
    assert len([g for g in tree.iter(f"{SVG}g") if g.get("class", "").startswith("edge")]) == len(figure.lines)


LONG = {"word": "w" * 20_000, "behind a blank": "\n[" + "w" * 20_000 + "\n", "blanks": " " * 100}


def told_at_length(words: str) -> Network:
    """A network that calls everything by ``words``."""
    title = f"title = {value(words)}"
    steps = [
        f'{{ op = "conv", out = 4, kernel = 1, {title} }}',
        f'{{ use = "unit", {title} }}',
        f'{{ use = "unit", repeat = 3, {title} }}',
        f'{{ op = "relu", repeat = 3, {title} }}',
    ]
    block = f'[blocks.unit]\n{title}\nbody = [{{ op = "relu", {title} }}]\nshortcut = "identity"\n'
    head = f"format = 1\nname = {value(words)}\n{title}\n[inputs]\nx = [3, 8, 8]\n"
    checked = check_text(f"{head}[model]\nbody = [{', '.join(steps)}]\n{block}", "long.toml")
    assert checked.network is not None, checked.diagnostics
    return checked.network


@pytest.mark.usefixtures("each_engine")
@pytest.mark.parametrize("words", LONG.values(), ids=LONG)
@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_long_texts_are_drawn(kind: Literal["svg", "png", "pdf"], words: str) -> None:
    drawn = gb.render(told_at_length(words), format=kind)
    assert 500 < len(drawn) < 200_000 and b"w" * 200 not in drawn


@pytest.mark.parametrize("words", LONG.values(), ids=LONG)
@pytest.mark.parametrize("kind", ["dot", "html", "tex", "mmd"])
def test_long_texts_are_written(kind: Literal["dot", "html", "tex", "mmd"], words: str) -> None:
    written = gb.render(told_at_length(words), format=kind)
    # A page shows the spec, too.
    assert kind == "html" or (len(written) < 50_000 and b"w" * 200 not in written)


@pytest.mark.usefixtures("each_engine")
def test_svg_is_as_large_as_the_sheet() -> None:
    figure = drawing(network("xception"), Options())
    view = ElementTree.fromstring(render(network("xception"), "svg")).get("viewBox", "")
    wide, high = map(float, view.split()[2:])
    assert abs(wide - figure.wide) < 2
    assert abs(high - figure.high) < 2


@pytest.mark.skipif(not (shutil.which("dot") or os.environ.get("CI")), reason="no Graphviz on this machine")
@pytest.mark.parametrize("style", ["colour", "paper"])
@pytest.mark.parametrize("name", ["xception", "hostile", "mesh"])
def test_graphviz_has_nothing_to_say_of_it(name: str, style: str) -> None:
    source = dot(network(name), Options(style="paper" if style == "paper" else "colour"))
    done = subprocess.run(["dot", "-Tsvg"], input=source.encode(), capture_output=True, check=True)
    assert done.stderr == b""


@pytest.mark.usefixtures("each_engine")
@pytest.mark.parametrize("dpi", [72, 150])
def test_png_has_its_dots(dpi: int) -> None:
    figure = drawing(network("lenet"), Options())
    data = render(network("lenet"), "png", Options(dpi=dpi))
    assert data.startswith(b"\x89PNG")
    wide, high = struct.unpack(">II", data[16:24])
    assert abs(wide - figure.wide * dpi / 72) < 3
    assert abs(high - figure.high * dpi / 72) < 3


@pytest.mark.usefixtures("each_engine")
def test_pdf_is_one() -> None:
    data = render(network("xception"), "pdf")
    assert data.startswith(b"%PDF-")
    assert data.rstrip().endswith(b"%%EOF")


def test_dot_needs_no_engine_and_is_the_same_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "draw", None)
    assert dot(network("xception")) == dot(network("xception")) == render(network("xception"), "dot").decode()


def test_without_any_engine_the_error_says_so(monkeypatch: pytest.MonkeyPatch, no_dot: None) -> None:
    monkeypatch.setattr(engine, "_pure", lambda: None)
    with pytest.raises(engine.NoEngine, match="neither"):
        render(network("lenet"), "svg")
    assert render(network("lenet"), "pdf").startswith(b"%PDF-")


@pytest.mark.usefixtures("each_engine")
def test_what_a_spec_says_is_text_and_nothing_else() -> None:
    data = render(network("hostile"), "svg").decode()
    tree = ElementTree.fromstring(data)
    tags = {element.tag.removeprefix(SVG) for element in tree.iter()}
    assert tags <= {"svg", "g", "path", "polygon", "polyline", "ellipse", "text", "title", "style"}
    words = ["".join(element.itertext()) for element in tree.iter(f"{SVG}text")]
    assert any(word.startswith(HOSTILE) for word in words)
    assert any(word.replace("\xa0", " ").startswith('<b>bold</b> & "q" ]]>') for word in words)
    assert any('"quoted" \\N \\u202e' in word for word in [*words, tree.get("aria-label", "")])
    assert "\u202e" not in data
    assert "<!--" not in data.split("<svg", 1)[1]


def test_names_in_dot_are_our_own() -> None:
    names = re.findall(r"^\s*(\w+) \[", dot(network("hostile")), re.MULTILINE)
    assert all(re.fullmatch(r"[cnw]\d+|node|edge|graph", name) for name in names)


def test_hovering_tells_the_path() -> None:
    tree = ElementTree.fromstring(render(network("xception"), "svg"))
    titles = {title.text for title in tree.iter(f"{SVG}title")}
    assert {"entry.stem.conv", "middle.0.unit.0.sepconv", "exit.block13.shortcut.conv"} <= titles
    assert not [title for title in titles if title and re.fullmatch(r"[cnw]\d+|cluster_\d+", title)]


def test_light_and_dark_are_in_one_svg_unless_one_is_chosen() -> None:
    auto = render(network("lenet"), "svg").decode()
    dark = render(network("lenet"), "svg", Options(theme="dark")).decode()
    light = render(network("lenet"), "svg", Options(theme="light")).decode()
    assert "prefers-color-scheme:dark" in auto
    assert LIGHT.sheet.lower() in auto.lower()
    assert "prefers-color-scheme" not in light + dark
    assert DARK.sheet.lower() in dark.lower()
    assert DARK.sheet.lower() not in light.lower()


@pytest.mark.parametrize("palette", [LIGHT, DARK, PAPER], ids=["light", "dark", "paper"])
def test_words_stand_out_from_what_they_stand_on(palette: Palette) -> None:
    for style, faded in product(palette.styles, (False, True)):
        paint = palette.paint(style, faded)
        assert contrast(paint.fill, paint.text) >= 7.0, (style, faded)
    grounds = (palette.sheet, *(palette.styles[style].fill for style in ("panel", "card")))
    for tone, ground in product(("ink", "muted", "accent"), grounds):
        assert contrast(palette.tones[tone], ground) >= 7.0, (tone, ground)


@pytest.mark.usefixtures("each_engine")
def test_every_box_has_a_class_and_says_what_it_is() -> None:
    tree = ElementTree.fromstring(render(network("xception"), "svg"))
    figure = drawing(network("xception"), Options())
    drawn = [shape for shape in figure.shapes if shape.style != "point"]
    groups = [g for g in tree.iter(f"{SVG}g") if g.get("class", "").startswith("node ") and g.get("aria-label")]
    assert [g.get("class", "").split()[1] for g in groups] == [shape.style for shape in drawn]
    assert "SepConv 128, 3×3: entry.block2.unit.sepconv" in [g.get("aria-label") for g in groups]
    assert all(shape.tip in (g.findtext(f"{SVG}title") or "") for g, shape in zip(groups, drawn, strict=True))
    assert tree.get("role") == "graphics-document document"


def test_paper_is_black_and_white_and_has_serifs() -> None:
    data = render(network("xception"), "svg", Options(style="paper")).decode()
    colours = {colour.lower() for colour in re.findall(r"#[0-9a-fA-F]{6}", data)}
    assert all(colour[1:3] == colour[3:5] == colour[5:7] for colour in colours)
    assert "Liberation Serif" in data
    assert "prefers-color-scheme" not in data


def test_on_paper_no_two_families_look_alike() -> None:
    families = [PAPER.styles[family] for family in get_args(Family)]
    assert len({(paint.fill, paint.pen, paint.square, paint.dotted) for paint in families}) == len(families)


@pytest.mark.parametrize("bold", [False, True])
def test_serifs_take_no_more_room_than_the_layout_gave(bold: bool) -> None:
    for words in ("SepConv 728, 3×3 /2", "LAVA KAYAK", "image 299×299×3", ""):
        run = Run(words, 10.0, bold)
        assert SERIF.width(SERIF.fitted(run)) <= SANS.width(run) + 1e-9


def test_no_files_are_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    for format in ("svg", "png", "pdf", "dot"):
        render(network("lenet"), format)
    assert os.listdir(tmp_path) == []
