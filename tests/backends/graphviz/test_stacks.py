"""What of a network stands open, closed and on a stack: levels, patterns, and copies with their number."""

from typing import Any, cast

import pytest

from graphbuilder import CompileError, rendering
from graphbuilder.analysis.costs import costs
from graphbuilder.backends.graphviz import Options
from graphbuilder.backends.graphviz.figure import drawing, scene
from graphbuilder.backends.graphviz.read.scene import Card
from tests.backends.graphviz.geometry import faults
from tests.backends.graphviz.networks import network
from tests.backends.graphviz.written import written


@pytest.mark.parametrize(
    ("options", "there", "gone"),
    [
        (Options(), {"middle.0.unit.0.sepconv", "exit.block13.maxpool"}, {"middle.1.unit.0.sepconv", "exit.block13"}),
        (Options(expand=("middle",)), {"middle.1.unit.0.sepconv", "middle.7.unit.2.sepconv"}, set()),
        (Options(expand=("*.sepconv",)), {"middle.0.unit.0.sepconv.depthwise"}, {"middle.0.unit.0.sepconv"}),
        (
            Options(expand=("middle.3",)),
            {"middle.0.unit.0.sepconv", "middle.3.unit.0.sepconv", "middle.4.unit.0.sepconv"},
            {"middle.1.unit.0.sepconv", "middle.2.unit.0.sepconv", "middle.5.unit.0.sepconv"},
        ),
        (Options(expand=("middle.6.unit",), level=0), {"middle.0", "middle.6.unit.0", "middle.7"}, {"middle.5"}),
        (Options(collapse=("entry",)), {"entry"}, {"entry.stem.conv"}),
        (Options(collapse=("*.block13",)), {"exit.block13"}, {"exit.block13.maxpool"}),
        (Options(level=0), {"entry", "middle.0", "exit"}, {"exit.block13"}),
        (Options(level=1), {"entry.stem", "exit.block13"}, {"exit.block13.maxpool"}),
    ],
)
def test_patterns_and_levels_open_and_close(options: Options, there: set[str], gone: set[str]) -> None:
    drawn = {shape.key for shape in drawing(network("xception"), options).shapes}
    assert there <= drawn
    assert not gone & drawn


@pytest.mark.parametrize(
    ("expand", "counts"),
    [
        ("middle.3", ["× 3", "× 4"]),
        ("middle.[02]", ["× 5"]),
        ("middle.*", []),
        ("middle.*.unit", ["× 8"]),
        ("middle.[0-3].unit.*", ["× 4", "× 4"]),
    ],
)
def test_a_copy_that_is_asked_for_stands_beside_the_stacks(expand: str, counts: list[str]) -> None:
    figure = drawing(network("xception"), Options(expand=(expand,)))
    assert [s.lines[0][0].text for s in figure.shapes if s.style == "badge"] == counts


@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_copies_that_are_closed_stand_on_a_stack_with_their_number(direction: Any) -> None:
    figure = drawing(network("resnet50"), Options(level=1, direction=direction))
    assert [s.lines[0][0].text for s in figure.shapes if s.style == "badge"] == ["× 2", "× 3", "× 5", "× 2"]
    assert sum(frame.style == "stack" for frame in figure.frames) == 8


@pytest.mark.parametrize(
    ("pattern", "remedy"),
    [("sepconv", "`*.sepconv`"), ("mddle", "`middle`"), ("entry.block9", "`entry.block"), ("?", "`entry`, `middle`")],
)
@pytest.mark.parametrize("word", ["expand", "collapse"])
def test_a_pattern_that_matches_nothing_is_refused(word: str, pattern: str, remedy: str) -> None:
    with pytest.raises(CompileError) as caught:
        rendering.render("specs/xception.toml", **cast("Any", {word: (pattern, "middle.*")}))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "GB513" and f'--{word} "{pattern}"' in diagnostic.message
    assert remedy in (diagnostic.help or "")


TINY = """
[model]
body = [{ id = "unit", use = "unit", repeat = %d }, { id = "last", op = "conv", out = 3, kernel = 1, repeat = %d }]
[blocks.unit]
body = [{ op = "conv", out = 3, kernel = 1 }, { op = "relu" }]
"""


@pytest.mark.parametrize(("units", "last", "counts"), [(2, 2, []), (3, 2, ["× 3"]), (9, 3, ["× 9", "× 3"])])
def test_three_copies_of_something_small_are_a_stack(units: int, last: int, counts: list[str]) -> None:
    typed = written(TINY % (units, last))
    for expand, said in (((), counts), (("unit", "last"), [])):
        shapes = drawing(typed, Options(expand=expand)).shapes
        assert [shape.lines[0][0].text for shape in shapes if shape.style == "badge"] == said


TWICE = """
[model]
body = [{ id = "near", use = "b", repeat = 3 }, { op = "maxpool", kernel = 2 }, { id = "far", use = "b", repeat = 4 }]
[blocks.b]
body = [{ op = "conv", out = 3, kernel = 1 }, { op = "relu" }, { op = "tanh" }]
"""


def test_two_repeats_of_a_block_go_by_their_names() -> None:
    typed = written(TWICE)
    items = scene(typed, Options()).root.items.values()
    assert [item.title for item in items if isinstance(item, Card)] == ["near 0 – 2", "far 0 – 3"]


def test_some_copies_of_a_repeat_say_of_how_many() -> None:
    words = [words.text for words in drawing(network("resnet50"), Options()).words]
    assert [text for text in words if "repeat" in text] == [
        "2 of 3 repeats",
        "3 of 4 repeats",
        "5 of 6 repeats",
        "2 of 3 repeats",
    ]


STAGE = """
[model]
body = [{ use = "stage" }]
[blocks.stage]
body = [{ id = "layer", use = "layer", repeat = 2 }, { op = "relu" }]
[blocks.layer]
body = [{ op = "conv", out = 3, kernel = 1 }, { op = "relu" }, { op = "conv", out = 3, kernel = 1 }]
"""


@pytest.mark.parametrize(("expand", "counts"), [((), ["× 2"]), (("*.layer",), [])])
def test_a_repeat_in_a_card_is_a_stack_with_its_count(expand: tuple[str, ...], counts: list[str]) -> None:
    typed = written(STAGE)
    shapes = drawing(typed, Options(expand=expand)).shapes
    assert [shape.lines[0][0].text for shape in shapes if shape.style == "badge"] == counts


TURNS = """
[model]
body = [{ id = "unit", use = "unit", repeat = %s, kernel = "=1 + 2 * (i %% 2)" }]
[blocks.unit]
args = { kernel = "int" }
body = [{ op = "conv", out = 3, kernel = "=kernel", padding = "half" }, { op = "relu" }, { op = "tanh" }]
"""


@pytest.mark.parametrize(("count", "badges", "convolutions"), [(2, [], 2), (5, [], 5), (6, ["× 3"], 2)])
def test_copies_of_two_kinds_in_turn_are_a_stack_of_both(count: int, badges: list[str], convolutions: int) -> None:
    typed = written(TURNS % count)
    shapes = drawing(typed, Options()).shapes
    assert [shape.lines[0][0].text for shape in shapes if shape.style == "badge"] == badges
    drawn = [shape for shape in shapes if shape.style == "convolution" and shape.tip]
    assert len(drawn) == convolutions


LEFT_OUT = """
[model]
body = [
  { id = "trunk", use = "res", repeat = 4 },
  { op = "conv", out = 10, kernel = 1, from = "trunk.*", when = false },
  { op = "conv", out = 4, kernel = 1, from = "trunk" },
]
[blocks.res]
body = [{ op = "conv", out = 3, kernel = 3, padding = "half" }, { op = "relu" }, { op = "tanh" }]
shortcut = "identity"
"""


def test_a_step_that_is_left_out_does_not_undo_a_stack() -> None:
    items = scene(written(LEFT_OUT), Options()).root.items
    assert [item.count for item in items.values() if isinstance(item, Card)] == [4]


BRANCHES = """
[model]
body = [{ id = "many", use = "many" }]
[blocks.many]
merge = "concat"
"""


def branches(count: int, width: str = "4") -> str:
    """A block of so many named branches, the last of which has ``width`` channels."""
    step = 'branches.b%d = [{ op = "conv", out = %s, kernel = 3, padding = "half" }, { op = "relu" }]'
    return BRANCHES + "\n".join(step % (each, "4" if each < count - 1 else width) for each in range(count))


@pytest.mark.parametrize(("text", "counts"), [(branches(4), []), (branches(16), [16]), (branches(16, "5"), [15])])
def test_many_equal_branches_stand_on_one_stack(text: str, counts: list[int]) -> None:
    card = scene(written(text), Options()).root.items["many"]
    assert isinstance(card, Card)
    stacks = [item for item in card.region.items.values() if isinstance(item, Card)]
    assert [(stack.count, stack.title, stack.words) for stack in stacks] == [
        (count, f"b0 – b{count - 1}", (f"{count} side by side",)) for count in counts
    ]


def test_a_stack_of_branches_costs_what_all_of_them_do() -> None:
    typed = written(branches(16))
    found = sum(item.cost for item in scene(typed, Options(heat="macs")).root.items.values())
    assert found == costs(typed).macs


GROWN = """
[model]
body = [{ id = "unit", use = "unit", repeat = 3 }, { op = "relu" }, { op = "globalavgpool" }, { op = "tanh" }]
[blocks.unit]
body = [{ op = "conv", out = 6, kernel = 1 }, { op = "relu" }]
"""


def test_a_small_block_keeps_its_name_and_number_where_one_copy_is_otherwise() -> None:
    figure = drawing(written(GROWN), Options())
    words = {words.text for words in figure.words}
    assert {"unit 0", "unit 1 – 2", "2 of 3 repeats"} <= words
    assert [shape.lines[0][0].text for shape in figure.shapes if shape.style == "badge"] == ["× 2"]
    assert sum(frame.style == "card" for frame in figure.frames) == 1, "what is loose behind is in no block"


NESTED = """
[model]
body = [{ id = "outer", use = "outer", repeat = 4 }]
[blocks.outer]
body = [{ use = "inner", repeat = 3 }, { op = "conv", out = 3, kernel = 1 }]
shortcut = "identity"
[blocks.inner]
body = [{ op = "conv", out = 3, kernel = 1 }, { op = "tanh" }, { op = "relu" }]
shortcut = "identity"
"""


@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_shortcuts_of_nested_stacks_part_in_their_own(direction: Any) -> None:
    figure = drawing(written(NESTED), Options(direction=direction))
    around, inside = sorted((frame for frame in figure.frames if frame.style == "stacked"), key=lambda frame: frame.y)
    lines = [line for line in figure.lines if line.kind == "shortcut" and not line.head.startswith("legend")]
    along, edge = (0, inside.x) if direction == "LR" else (1, inside.y)
    assert sorted(line.points[0][along] > edge for line in lines) == [False, True]
    assert around.wide > inside.wide and list(faults(figure)) == []
