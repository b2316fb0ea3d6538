"""A small edit moves only what it must: what stands before it stays, and what stands behind it moves as one.

A sheet is wrapped anew only where an edit makes a column too long; how seldom that is, is measured.
"""

import re
from collections import Counter
from collections.abc import Mapping

import pytest

from graphbuilder import compiler
from graphbuilder.backends.graphviz import Options
from graphbuilder.backends.graphviz.figure import drawing
from graphbuilder.backends.graphviz.lay.drawing import POINT, Drawing
from graphbuilder.backends.graphviz.lay.metrics import Metrics
from graphbuilder.backends.graphviz.read.scene import Box, Region
from tests.backends.graphviz.figures import laid_out
from tests.backends.graphviz.networks import FILES

Place = tuple[float, float]
POOL = 'op = "globalavgpool" },\n'
CLASSES = {
    name: int(found[1])
    for name, path in FILES.items()
    if (found := re.search(r"^classes +=\s*(\d+)", path.read_text(encoding="utf-8"), re.MULTILINE))
}
POOLED = [
    name
    for name, path in FILES.items()
    if (text := path.read_text(encoding="utf-8")).count(f'{{ id = "pool", {POOL}') == 1 and "extends" not in text
]


def places(figure: Drawing) -> dict[str, Place]:
    """Where every box of the network is, by its name."""
    shapes = (shape for shape in figure.shapes if shape.style not in (POINT, "badge"))
    return {shape.key: (shape.x, shape.y) for shape in shapes if not shape.key.startswith("legend")}


def moves(before: Mapping[str, Place], after: Mapping[str, Place]) -> Counter[Place]:
    """How many boxes that are in both moved how far."""
    both = [(before[key], after[key]) for key in before if key in after]
    return Counter((round(there[0] - here[0], 2), round(there[1] - here[1], 2)) for here, there in both)


def read(text: str) -> Drawing:
    checked = compiler.check_text(text)
    assert checked.network is not None, checked.diagnostics
    return drawing(checked.network.typed, Options())


@pytest.mark.parametrize("name", CLASSES)
def test_another_number_moves_nothing(name: str) -> None:
    other = drawing(compiler.load(FILES[name], {"classes": CLASSES[name] + 1}).typed, Options())
    assert set(moves(places(laid_out(name)), places(other))) == {(0.0, 0.0)}


def test_one_step_more_moves_what_is_behind_it_as_one() -> None:
    wrapped: list[str] = []
    for name in POOLED:
        text = FILES[name].read_text(encoding="utf-8")
        edited = text.replace(
            f'{{ id = "pool", {POOL}', f'{{ id = "pool", {POOL}  {{ id = "noise", op = "dropout" }},\n'
        )
        before, after = places(laid_out(name)), places(read(edited))
        found = moves(before, after)
        elsewhere = any(across and along for across, along in found)
        if set(after) != {*before, "noise"} or elsewhere or len({across for across, _ in found}) > 2:
            wrapped.append(name)
            continue
        stayed = found.pop((0.0, 0.0), 0)
        assert len(found) == 1, (name, found)
        assert stayed >= len(before) - 6, name
    assert len(POOLED) > 20
    assert len(wrapped) <= len(POOLED) // 10, wrapped


def test_a_word_that_is_a_little_longer_seldom_moves_anything() -> None:
    """Boxes grow by steps: of forty lengths, each half a letter more, six widths are drawn at the most."""
    words = ["i" * number for number in range(50, 90)]
    boxes = [Box("a", "op", "convolution", "Conv", detail) for detail in words]
    widths = {Metrics.of(Region(items={"a": box}), Options()).wide for box in boxes}
    assert 1 < len(widths) <= 6
