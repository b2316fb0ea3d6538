"""What stands around a figure is true of what is drawn in it: the facts below the title, and the legend."""

import pytest

from graphbuilder.backends.graphviz import Options
from graphbuilder.backends.graphviz.figure import drawing, scene
from graphbuilder.backends.graphviz.options import Heat
from graphbuilder.backends.graphviz.read.scene import Box
from tests.backends.graphviz.networks import network
from tests.backends.graphviz.written import written


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("xception", Options(expand=("*",)), ["every Conv and SepConv (drawn in its parts) is followed by BatchNorm"]),
        ("mobilenet_v1", Options(expand=("*",)), ["every SepConv (drawn in its parts) is followed by BatchNorm"]),
        ("xception", Options(level=0), []),
        ("maxvit_t", Options(), []),
    ],
)
def test_what_is_said_of_ops_is_said_of_drawn_ones(name: str, options: Options, said: list[str]) -> None:
    assert [fact for fact in scene(network(name), options).facts if fact.startswith("every")] == said


def test_windows_have_their_axes_in_the_legend_where_they_are_shown() -> None:
    def said(name: str) -> bool:
        return "windows×tokens×channels" in scene(network(name), Options()).shapes

    assert said("mobilevit_xxs") and not said("swin_t"), "swin_t has its windows in cards"


def test_parameters_that_only_training_runs_are_told_apart() -> None:
    assert scene(network("googlenet"), Options()).facts[0] == (
        "13.00 M parameters, 6.62 M without what only training runs"
    )


@pytest.mark.parametrize(("name", "said"), [("densenet121", "6 copies, 335 k in all"), ("xception", "8 × 1.61 M")])
def test_copies_in_one_box_are_counted(name: str, said: str) -> None:
    boxes = scene(network(name), Options(level=1 if name == "densenet121" else 0)).root.items.values()
    assert said in [box.detail for box in boxes if isinstance(box, Box)]


ADDED = '{ op = "relu" }, { op = "tanh" }, { id = "sum", op = "add", from = ["x", "tanh"] }'
JOINED = '{ op = "relu" }, { op = "tanh" }, { id = "both", op = "concat", from = ["x", "tanh"] }'
AFTER = JOINED.replace('"relu"', '"silu"').replace('"tanh"', '"gelu"').replace('["x"', '["sum"')


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (ADDED, ["residual shortcut (added at +)"]),
        (JOINED, ["skip connection"]),
        (f"{ADDED}, {AFTER}", ["residual shortcut (added at +) or skip connection"]),
    ],
)
@pytest.mark.parametrize("heat", [None, "memory"])
def test_the_legend_says_where_shortcuts_end(body: str, said: list[str], heat: Heat | None) -> None:
    typed = written(f"[model]\nbody = [{body}]\n")
    words = [words.text for words in drawing(typed, Options(heat=heat)).words]
    assert [word for word in words if "shortcut" in word or "skip" in word] == said
