"""What stands beside what: copies, stages, outputs on the way, and which ways round are skips."""

from pathlib import Path

import pytest

from graphbuilder import compiler
from graphbuilder.backends.graphviz import Options, text
from graphbuilder.backends.graphviz.figure import drawing, scene
from graphbuilder.backends.graphviz.read.scene import Card
from tests.backends.graphviz.networks import network
from tests.backends.graphviz.written import written

SPECS = Path(__file__).parents[3] / "specs"
BRANCHES = """
[model]
body = [{ id = "path", use = "path", repeat = %d, merge = "concat" }]
[blocks.path]
body = [{ op = "conv", out = 4, kernel = 1 }, { op = "conv", out = 4, kernel = 3, padding = "half" }]
"""


@pytest.mark.parametrize(("count", "badges", "drawn"), [(3, [], 6), (4, [], 8), (5, ["× 5"], 2)])
def test_a_few_copies_side_by_side_are_all_drawn(count: int, badges: list[str], drawn: int) -> None:
    typed = written(BRANCHES % count)
    shapes = drawing(typed, Options()).shapes
    assert [shape.lines[0][0].text for shape in shapes if shape.style == "badge"] == badges
    assert sum(shape.style == "convolution" and bool(shape.tip) for shape in shapes) == drawn


STAGES = """
[model]
body = [{ id = "stages", use = "stage", repeat = 2 }]
[blocks.stage]
body = [%s]
[blocks.layer]
body = [%s]
[blocks.unit]
body = [{ op = "conv", out = 3, kernel = 1 }, { op = "relu" }, { op = "tanh" }]
"""


def test_panels_of_stages_say_which_stage() -> None:
    layer = ", ".join(['{ use = "unit" }'] * 6)
    stage = '{ id = "first", use = "layer" }, { op = "maxpool", kernel = 2 }, { id = "second", use = "layer" }'
    typed = written((STAGES % (stage, layer)).replace("repeat = 2", 'repeat = "=[1, 2]"'))
    found = scene(typed, Options(expand=("stages", "stages.*"))).sections.values()
    assert {section.title for section in found} >= {"stage 0 · first", "stage 1 · second"}


TAPPED = """
[model]
body = [{ id = "low", op = "conv", out = 4, kernel = 1 }, { op = "relu" }, { id = "high", op = "tanh" }]
[outputs]
low = "low"
high = "high"
"""


def test_an_output_on_the_way_stands_beside_a_straight_trunk() -> None:
    typed = written(TAPPED)
    places = {shape.key: shape for shape in drawing(typed, Options()).shapes}
    assert len({places[key].x for key in ("x", "low", "relu", "high", "output high")}) == 1
    assert places["output low"].x > places["low"].x + 50
    assert places["low"].y < places["output low"].y < places["relu"].y


ROUND = """
[model]
body = [
  { id = "pool", op = "maxpool", kernel = 3, stride = 1, padding = 1 },
  { use = "%s", from = { a = "pool", b = "x" } },
]
[blocks.joins]
inputs = ["a", "b"]
body = [{ op = "relu", from = "a" }, { op = "tanh" }, { op = "gelu" }, { op = "add", from = ["gelu", "b"] }]
[blocks.works]
inputs = ["a", "b"]
body = [{ op = "relu", from = "b" }, { op = "tanh" }, { op = "gelu" }, { op = "add", from = ["gelu", "a"] }]
"""


@pytest.mark.parametrize(("block", "skipped"), [("joins", True), ("works", False)])
def test_only_what_is_joined_is_a_skip(block: str, skipped: bool) -> None:
    typed = written(ROUND % block)
    lines = drawing(typed, Options()).lines
    assert any(line.tail == "x" and line.kind == "shortcut" for line in lines) == skipped


TWO_PARTS = """
image = [3, 64, 64]
depth = [1, 64, 64]
[model]
body = [
  { id = "left", op = "conv", out = 32, from = "image" },
  { id = "right", op = "conv", out = 32, from = "depth" },
  { id = "fuse", op = "concat", from = ["left", "right"] },
  { id = "trunk", use = "res", repeat = 4 },
  { id = "first", op = "conv", out = 4, from = "trunk.0" },
  { id = "boxes", op = "conv", out = 4, from = "trunk" },
  { op = "globalavgpool", from = "right" },
  { id = "quality", op = "linear", out = 1 },
]
[blocks.res]
body = [{ op = "conv", out = "=in_channels" }, { op = "relu" }, { op = "conv", out = "=in_channels" }]
shortcut = "identity"
[outputs]
boxes = "boxes"
quality = "quality"
first = "first"
[defaults]
conv = { kernel = 3, padding = "half" }
"""


def test_a_panel_is_named_after_all_that_is_in_its_frame() -> None:
    said = {words.text for words in drawing(compiler.load(SPECS / "googlenet.toml").typed, Options()).words}
    assert "Inception 5, auxiliary1, auxiliary2, logits" in said
    assert "7×7×832 → 7×7×1024" not in said
    assert "trunk, first, boxes, quality" in {words.text for words in drawing(written(TWO_PARTS), Options()).words}


def test_the_trunk_goes_straight_on_beside_a_short_way_to_an_output() -> None:
    places = {shape.key: shape.x for shape in drawing(written(TWO_PARTS), Options()).shapes}
    assert {places[f"trunk.{copy}.conv"] for copy in range(4)} == {places["boxes"]}
    assert places["first"] != places["boxes"]


TWINS = """
y = [3, 32, 32]
[model]
body = [
  { id = "left", use = "outer", repeat = 3, from = "x" },
  { id = "right", share = "left", from = "y" },
  { id = "diff", op = "add", from = ["left", "right"] },
  { id = "again", use = "inner", repeat = 4, share = true },
]
[blocks.outer]
body = [{ use = "inner", repeat = 5 }, { use = "inner", id = "shared", repeat = 6, share = true }, { op = "relu" }]
shortcut = "identity"
[blocks.inner]
body = [{ op = "conv", kernel = 3, padding = "half", out = 3, repeat = 3 }, { op = "relu" }]
shortcut = "identity"
"""


def test_inputs_have_no_panel_of_their_own() -> None:
    shapes = drawing(written(TWINS), Options()).shapes
    shown = [shape.lines[0][0].text for shape in shapes if shape.style == "terminal"]
    assert shown.count("x 32×32×3") == shown.count("y 32×32×3") == 1


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("unet", "transposed convolution"),
        ("vit_b_16", "/16 = stride 16"),
        ("mobilenet_v3_large", "weighs channels, by way of so many"),
    ],
)
def test_a_legend_tells_what_occurs(spec: str, told: str) -> None:
    found = drawing(compiler.load(SPECS / f"{spec}.toml").typed, Options())
    assert any(told in words.text for words in found.words)


def test_a_title_that_was_written_is_shown() -> None:
    small = "[model]\nbody = [{ use = 'b', title = 'The Head' }]\n[blocks.b]\nbody = [{ op = 'relu' }]\n"
    assert "The Head" in {words.text for words in drawing(written(small), Options()).words}
    deeplab = compiler.load(SPECS / "deeplabv3plus_xception.toml").typed
    assert "join" in {words.text for words in drawing(deeplab, Options()).words}


@pytest.mark.parametrize("word", ["wide", "x" * 90])
def test_a_long_title_is_cut_in_its_last_line_only(word: str) -> None:
    title = " ".join(["long"] * 30 + [word] * 20)
    first, *middle, last = (text.fit(line, 400, 17, bold=True) for line in text.lines(title, 400, 17, bold=True))
    kept = " ".join([first, *middle, last])
    assert len(middle) == 2 and kept.endswith("…")
    assert title.startswith(kept.rstrip("…"))


def test_lines_are_no_wider_than_their_room_where_one_word_is() -> None:
    found = text.lines(f"{'x' * 90} {' '.join(['few'] * 12)}", 150, 17, bold=True)
    assert all(text.width(line, 17, bold=True) <= 150 for line in found[1:])


def test_a_small_u_is_one_too() -> None:
    places = {shape.key: shape.y for shape in drawing(network("unet"), Options(level=0)).shapes}
    assert places["down1"] < places["down4"] > places["up1"] > places["up4"]


def test_stages_of_one_structure_are_folded_alike_though_one_has_a_stack() -> None:
    """Five layers are one and a stack of four, two are two panels: of both the same boxes are seen."""
    items = scene(network("maxvit_t"), Options()).root.items
    layers = [
        [path.removeprefix("stages.3.layer.1.") for path in items if path.startswith("stages.3.layer.1.")],
        *(
            [path.removeprefix(f"{card.path}.") for path in card.region.items]
            for card in items.values()
            if isinstance(card, Card)
        ),
    ]
    assert len(layers) == 3
    assert layers[0] == layers[1] == layers[2]
