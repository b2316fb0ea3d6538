"""What a figure says: read as lines of text, so that a change of content shows apart from one of looks."""

import re
from collections.abc import Callable, Iterator

import pytest

from graphbuilder.backends.graphviz import Options, text
from graphbuilder.backends.graphviz.figure import drawing, scene
from graphbuilder.backends.graphviz.options import Direction
from graphbuilder.backends.graphviz.read.scene import Box, Card, Region, Scene
from tests.backends.graphviz.networks import network
from tests.backends.graphviz.written import written


def read(found: Scene) -> str:
    """A scene as lines."""
    return "\n".join([found.title, *(f"  {fact}" for fact in found.facts), *_lines(found.root, "", found)]) + "\n"


def _lines(region: Region, indent: str, found: Scene) -> Iterator[str]:
    for path, item in region.items.items():
        reads = [link.source.item or f"input {link.source.port}" for link in region.links if link.target == path]
        panel = f" in {found.sections[path].title}" if not indent and path in found.sections else ""
        said = item.detail if isinstance(item, Box) else f"[{item.note}] {', '.join(item.words)}"
        words = f"{item.title} {said}"
        yield f"{indent}{path}: {words.rstrip()}{panel} <- {', '.join(reads)}"
        if not isinstance(item, Box):
            yield from _lines(item.region, f"{indent}  ", found)


def facts(body: str, options: Options | None = None) -> list[str]:
    typed = written(f"[model]\nbody = [{body}]\n")
    return list(scene(typed, options or Options()).facts)


@pytest.mark.parametrize("name", ["xception", "resnet50", "inception", "transformer", "paths", "siamese"])
def test_what_is_said(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"figure/{name}.txt", read(scene(network(name), Options())))


NORMED = ", ".join(['{ op = "conv", out = 4, kernel = 1 }, { op = "batchnorm" }'] * 2)
BARE = '{ id = "last", op = "conv", out = 4, kernel = 1 }'
ACTIVE = ", ".join(['{ op = "conv", out = 4, kernel = 1 }, { op = "batchnorm" }, { op = "relu" }'] * 3)
SENTENCE = "every Conv is followed by BatchNorm"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (NORMED, [SENTENCE]),
        (f'{NORMED}, {{ op = "conv", out = 4, kernel = 1 }}, {{ op = "batchnorm" }}, {BARE}',
         ["every Conv but last is followed by BatchNorm"]),
        (f"{NORMED}, {BARE}", []),
        (ACTIVE, [f"{SENTENCE} and ReLU"]),
        (f'{ACTIVE}, {{ id = "last", op = "conv", out = 4, kernel = 1 }}',
         ["every Conv but last is followed by BatchNorm and ReLU"]),
        (f"{ACTIVE}, {NORMED}", [SENTENCE]),
        (f'{ACTIVE}, {ACTIVE.replace("relu", "tanh")}', [SENTENCE]),
        (f'{NORMED}, {BARE}, {{ op = "relu" }}, {{ op = "batchnorm" }}', []),
        (NORMED.replace('"batchnorm" }, { op = "conv"', '"layernorm" }, { op = "conv"'), []),
    ],
)  # fmt: skip
def test_norms_are_left_out_only_where_that_is_true(body: str, said: list[str]) -> None:
    assert [fact for fact in facts(body) if fact.startswith("every")] == said


IDLE = """
  { op = "identity" }, { op = "dropout", rate = 0.0 }, { op = "activation", kind = "gelu" },
  { op = "droppath", rate = 0.0 }, { id = "drop", op = "dropout", rate = "=0.1 * i", repeat = 4 },
"""


def test_what_does_nothing_is_not_drawn_and_an_activation_goes_by_its_name() -> None:
    typed = written(f"[model]\nbody = [{IDLE}]\n")
    items = list(scene(typed, Options()).root.items.values())
    assert [item.title for item in items[1:-1]] == ["GELU", "dropout 0 – 3"]


def test_outputs_of_training_say_so() -> None:
    typed = written(
        '[model]\nbody = [{ op = "relu" }, { id = "aux", op = "tanh" }]\n'
        '[outputs]\ny = "relu"\naux = { from = "aux", training = true }\n'
    )
    items = scene(typed, Options()).root.items
    assert [items[f"output {name}"].title for name in ("y", "aux")] == ["y 32×32×3", "aux 32×32×3, training only"]


def test_a_norm_that_is_not_left_out_is_drawn() -> None:
    figure = drawing(network("dense"), Options())
    assert sum(shape.style == "normalisation" for shape in figure.shapes) == 1 + 1, "one, and the legend's"


def test_a_large_network_is_folded_and_says_so() -> None:
    found = scene(network("long"), Options())
    assert found.root.boxes() < 150
    assert found.facts[-1] == "blocks are folded to one line each"
    assert scene(network("xception"), Options()).facts[-1] == "every Conv and SepConv is followed by BatchNorm"


def test_shapes_stand_where_they_are_asked_for() -> None:
    def said(shapes: object) -> int:
        figure = drawing(network("xception"), Options(shapes=shapes))  # pyright: ignore[reportArgumentType]
        return sum("×" in words.text and words.tone == "muted" for words in figure.words)

    assert said(False) < said(True) < said("all")


def test_names_are_paths_that_patterns_take() -> None:
    def said(names: bool) -> set[str]:
        figure = drawing(network("xception"), Options(names=names))
        return {run.text for shape in figure.shapes for line in shape.lines for run in line}

    paths = {
        "entry.block2.maxpool",
        "middle.0.unit.0.sepconv",
        "ReLU · entry.stem.relu_2",
        "exit.block13.shortcut.conv",
    }
    assert paths <= said(True)
    assert not paths & said(False)


def test_of_a_name_that_is_too_long_the_end_stands() -> None:
    path = "some.very.long.way.down.to.a.block.and.then.further.to.sepconv"
    kept = text.fit_end(path, 80, 7.5)
    assert kept.startswith("…") and path.endswith(kept[1:]) and kept.endswith("to.sepconv")
    assert text.width(kept, 7.5) <= 80


def test_without_shapes_there_is_none_anywhere() -> None:
    figure = drawing(network("xception"), Options(shapes=False))
    words = [words.text for words in figure.words if words.text not in figure.title]
    ends = [shape.lines[0][0].text for shape in figure.shapes if shape.style == "terminal"]
    assert ends == ["image", "block4", "block4", "middle 0 – 7", "middle 0 – 7", "logits"]
    assert not [said for said in words if re.search(r"\d×\d|px$", said) and "MACs" not in said and "1×1" not in said]


@pytest.mark.parametrize(
    ("name", "options", "shapes"),
    [
        ("xception", Options(level=0), ["19×19×728", "19×19×728", "10×10×2048", "2048"]),
        ("upward", Options(), ["256×256×16", "256×256×16", "128×128×32", "128×128×32", "64×64×64", "64×64×64",
                               "32×32×128"]),
        ("siamese", Options(), ["64", "64"]),
    ],
)  # fmt: skip
def test_every_value_between_blocks_has_its_shape(name: str, options: Options, shapes: list[str]) -> None:
    figure = drawing(network(name), options)
    said = [w.text for w in figure.words if re.fullmatch(r"[\d×]+", w.text) and w.anchor == "start"]
    assert sorted(said) == sorted(shapes)


def test_every_card_says_its_parameters() -> None:
    words = {words.text for words in drawing(network("xception"), Options()).words}
    assert {"19.5 k", "35.3 k", "136 k", "916 k", "8 × 1.61 M", "2.04 M", "4.75 M", "repeated 8 times"} <= words


LIKE = '{ id = "small", op = "maxpool", kernel = 2, stride = 2 }, { op = "resize", from = { x = "small", like = "x" } }'
SHARED = '{ id = "one", op = "conv", out = 3, kernel = 1 }, { id = "two", share = "one", from = "one" }'


@pytest.mark.parametrize(
    ("body", "kinds", "dashed", "meaning"),
    [
        (LIKE, {"flow", "size"}, [], "size of, no values"),
        (SHARED, {"flow"}, ["Conv"], "runs weights again, of what it names"),
    ],
)
def test_sizes_and_shared_weights_look_their_own(body: str, kinds: set[str], dashed: list[str], meaning: str) -> None:
    typed = written(f"[model]\nbody = [{body}]\n")
    figure = drawing(typed, Options())
    assert {line.kind for line in figure.lines} == kinds
    boxes = [shape for shape in figure.shapes if not shape.key.startswith("legend")]
    assert [shape.lines[0][0].text for shape in boxes if shape.dashed] == dashed
    assert meaning in [words.text for words in figure.words]


LENT = """
[model]
body = [
  { id = "a", use = "e", from = "x" }, { id = "b", share = "a", from = "x" }, { op = "add", from = ["a", "b"] },
]
"""
CONV = '{ op = "conv", out = 3, kernel = 1 }'


@pytest.mark.parametrize(
    ("block", "said"),
    [
        (f"[{CONV}]", {"3, 1×1, as a.conv"}),
        (f'[{CONV}, {{ op = "relu" }}]', {"3, 1×1, as a.conv"}),
        (f'[{CONV}, {{ op = "relu" }}, {{ op = "tanh" }}]', {"weights of a"}),
        (
            '[{ use = "inner" }]\n[blocks.inner]\nbody = [{ op = "sepconv", out = 3, kernel = 3 }]',
            {"3, 3×3, as a.inner.sepconv"},
        ),
        (f'[{{ use = "unit", repeat = 3 }}]\n[blocks.unit]\nbody = [{CONV}, {CONV}, {CONV}]', {"weights of a"}),
        ('[{ op = "relu" }]', set[str]()),
    ],
)
def test_a_small_block_says_whose_weights_it_runs(block: str, said: set[str]) -> None:
    typed = written(f"{LENT}[blocks.e]\nbody = {block}\n")
    items = scene(typed, Options()).root.items.values()
    told = {item.note if isinstance(item, Card) else item.detail for item in items if item.reuses}
    assert told == said


TITLED = """
[model]
body = [
  { id = "one", use = "b", title = "Unit" }, { id = "two", use = "b", title = "Unit" },
  { id = "three", use = "b", title = "Other" }, { id = "many", use = "b", title = "Many", repeat = 3 },
]
[blocks.b]
body = [{ op = "relu" }, { op = "tanh" }, { op = "sigmoid" }]
"""


def test_what_is_loose_behind_a_section_stands_in_no_panel() -> None:
    figure = drawing(network("xception"), Options())
    assert sum(frame.style == "panel" for frame in figure.frames) == 3


def test_one_title_for_several_says_which() -> None:
    typed = written(TITLED)
    items = scene(typed, Options()).root.items.values()
    assert [item.title for item in items][1:5] == ["Unit (one)", "Unit (two)", "Other", "b 0 – 2"]


def test_the_legend_has_only_what_occurs() -> None:
    def entries(name: str) -> set[str]:
        return {shape.style for shape in drawing(network(name), Options()).shapes if shape.key.startswith("legend")}

    assert entries("lenet") == {"convolution", "pooling", "activation", "shape", "head"}
    assert "separable" in entries("xception")
    assert "attention" in entries("transformer")
    assert {"join"} < entries("inception")
    assert "join" not in entries("basic")


def test_a_heading_says_what_its_section_does_alone() -> None:
    words = [words.text for words in drawing(network("basic"), Options()).words]
    assert "14 → 7 px" in words, "the head stands in the panel of the last stage, and is none of it"


NAMED = """
[model]
body = [
  { id = "a", op = "conv", out = 4, kernel = 1, title = "Reduce" },
  { op = "relu", title = "Gate" },
  { op = "maxpool", kernel = 3, dilation = 2, ceil = true },
  { op = "conv", out = 4, kernel = 3, padding = [[0, 1], [0, 1]] },
  { op = "split", count = 2 },
  { op = "concat", from = ["split.0", "split.1"] },
]
"""


def test_a_title_and_what_an_op_does_stand_on_its_box() -> None:
    typed = written(NAMED)
    boxes = scene(typed, Options()).root.items.values()
    said = [f"{box.title} {box.detail}".rstrip() for box in boxes if isinstance(box, Box) and box.look != "terminal"]
    assert said == ["Reduce Conv 4, 1×1", "Gate ReLU", "MaxPool 3×3 /3 d2 ceil", "Conv 4, 3×3 pad 0+1", "Split in 2",
                    "Concat"]  # fmt: skip
    legend = [words.text for words in drawing(typed, Options()).words]
    assert "convolution" in legend and any("d2 = dilation 2" in words for words in legend)


AUXILIARY = """
[model]
body = [{ op = "conv", out = 4, kernel = 1 }, { id = "aux", op = "tanh" }, { id = "y", op = "relu", from = "conv" }]
[outputs]
y = "y"
aux = { from = "aux", training = true }
"""


def test_what_only_training_needs_is_faded() -> None:
    typed = written(AUXILIARY)
    figure = drawing(typed, Options())
    assert {shape.key for shape in figure.shapes if shape.faded} == {"aux", "output aux", "legend training pale"}
    assert "made in training only" in {words.text for words in figure.words}


def test_a_shape_that_an_op_makes_is_told_as_all_shapes_are() -> None:
    typed = written('[model]\nbody = [{ id = "r", op = "reshape", shape = [12, 16, 16] }]\n')
    (box,) = (item for path, item in scene(typed, Options()).root.items.items() if path == "r")
    assert isinstance(box, Box) and box.detail == "16×16×12"


JOINED = """
[model]
body = [
  { id = "a", op = "conv", out = 3, kernel = 3, padding = "half" }, { op = "relu" },
  { id = "b", op = "conv", out = 3, kernel = 3, padding = "half" },
  { op = "concat", from = [%s] },
]
"""


@pytest.mark.parametrize(("order", "numbers"), [('"x", "b"', []), ('"b", "x"', ["2", "1"])])
@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_numbers_tell_in_which_order_values_are_joined(order: str, numbers: list[str], direction: Direction) -> None:
    figure = drawing(written(JOINED % order), Options(direction=direction))
    said = [words for words in figure.words if words.text.isdecimal()]
    across = (lambda words: words.y) if direction == "LR" else (lambda words: words.x)
    assert [words.text for words in sorted(said, key=across)] == numbers
    assert any("joined in this order" in words.text for words in figure.words) == bool(numbers)
