"""Graphs that nobody would write are drawn by the same rules."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphbuilder import compiler
from graphbuilder.backends.graphviz import Options
from graphbuilder.backends.graphviz.figure import drawing
from tests.backends.graphviz.geometry import faults
from tests.backends.random_graphs import Maker
from tests.random.networks import Network

HEAD = 'format = 1\nname = "any"\n[inputs]\nx = [8, 8, 8]\ny = [8, 8, 8]\n'
ONE = ('{ id = "%s", op = "relu", from = "%s" }', '{ id = "%s", op = "conv", out = 8, kernel = 1, from = "%s" }')
MANY = ('{ id = "%s", op = "add", from = [%s] }', '{ id = "%s", op = "max", from = [%s] }')
PAIR = '{ id = "%s", use = "pair", from = { a = "%s", b = "%s" } }'
BLOCK = (
    '[blocks.pair]\ninputs = ["a", "b"]\nbody = [\n  { id = "first", op = "relu", from = "a" },\n'
    '  { id = "sum", op = "add", from = ["first", "b"] },\n  { op = "tanh" },\n  { op = "relu" },\n]\n'
)


@st.composite
def specs(draw: Any) -> str:
    """A network of up to fourteen steps, each of which reads any that stand before it."""
    names, steps = ["x", "y"], list[str]()
    for number in range(draw(st.integers(2, 14))):
        name, read = f"s{number}", lambda: draw(st.sampled_from(names[-4:]))
        kind = draw(st.integers(0, 3))
        if kind == 0:
            steps.append(draw(st.sampled_from(ONE)) % (name, read()))
        elif kind == 1:
            steps.append(PAIR % (name, read(), read()))
        else:
            values = ", ".join(f'"{read()}"' for _ in range(draw(st.integers(2, 4))))
            steps.append(draw(st.sampled_from(MANY)) % (name, values))
        names.append(name)
    body = ",\n  ".join(steps)
    outputs = "\n".join(
        f'o{i} = "{name}"' for i, name in enumerate(draw(st.sets(st.sampled_from(names[2:]), min_size=1)))
    )
    return f"{HEAD}[outputs]\n{outputs}\n[model]\nbody = [\n  {body},\n]\n{BLOCK}"


@pytest.mark.parametrize("direction", ["TB", "LR"])
@settings(max_examples=60)
@given(spec=specs())
def test_nothing_lies_on_anything(direction: Any, spec: str) -> None:
    network = compiler.check_text(spec).network
    assert network is not None, spec
    assert list(faults(drawing(network.typed, Options(direction=direction)))) == []


@pytest.mark.parametrize("depth", [3, 30, 90])
def test_skips_may_nest_as_deep_as_they_like(depth: int) -> None:
    down = [f'{{ id = "d{i}", op = "relu" }}' for i in range(depth)]
    up = [
        f'{{ id = "u{i}", op = "add", from = ["d{i}", "{f"u{i + 1}" if i < depth - 1 else "d0"}"] }}'
        for i in range(depth)
    ]
    spec = f"format = 1\nname = 'deep'\n[inputs]\nx = [8]\n[model]\nbody = [\n{_rows([*down, *reversed(up)])}\n]\n"
    checked = compiler.check_text(spec)
    assert checked.network is not None, checked.diagnostics
    assert list(faults(drawing(checked.network.typed, Options()))) == []


def _rows(steps: list[str]) -> str:
    return ",\n".join(steps)


@pytest.mark.parametrize("seed", range(12))
def test_nothing_lies_on_anything_in_a_network_of_blocks(seed: int) -> None:
    typed = Maker(seed).network()
    for options in (Options(), Options(direction="LR", names=True, shapes="all")):
        assert list(faults(drawing(typed, options))) == []


@pytest.mark.parametrize("seed", [*range(60), 1057, 1191, 1240, 2150, 2180, 2390])
def test_nothing_lies_on_anything_in_random_specs(seed: int) -> None:
    found = compiler.check_text(Network(seed).text).network
    assert found is not None
    for options in (Options(), Options(direction="LR"), Options(expand=("*",), names=True)):
        assert list(faults(drawing(found.typed, options))) == []


def _nested(count: int) -> list[str]:
    down = [f'{{ id = "d{i}", op = "relu" }}' for i in range(count)]
    deep = [f'"u{i + 1}"' if i + 1 < count else f'"d{i}"' for i in range(count)]
    return down + [f'{{ id = "u{i}", op = "add", from = ["d{i}", {deep[i]}] }}' for i in reversed(range(count))]


def _overlapping(count: int) -> list[str]:
    down = [f'{{ id = "d{i}", op = "relu" }}' for i in range(count)]
    before = [f'"u{i - 1}"' if i else f'"d{count - 1}"' for i in range(count)]
    return down + [f'{{ id = "u{i}", op = "add", from = ["d{i}", {before[i]}] }}' for i in range(count)]


def _complete(count: int) -> list[str]:
    reads = [", ".join(f'"s{j}"' for j in range(i)) for i in range(1, count)]
    joins = [f'{{ id = "s{i}", op = "add", from = [{read}] }}' for i, read in enumerate(reads, start=1)]
    return ['{ id = "s0", op = "relu" }', *joins]


def _wide(count: int) -> list[str]:
    # Equal neighbours would be one stack.
    paths = [f'{{ id = "b{i}", op = "{("tanh", "relu")[i % 2]}", from = "a" }}' for i in range(count)]
    names = ", ".join(f'"b{i}"' for i in range(count))
    return ['{ id = "a", op = "relu" }', *paths, f'{{ op = "add", from = [{names}] }}']


def _chain(count: int) -> list[str]:
    return [f'{{ id = "c{i}", op = "conv", out = 4, kernel = 1 }}' for i in range(count)]


@pytest.mark.parametrize(
    ("steps", "count", "merged"),
    [
        (_nested(1000), 2000, True),
        (_overlapping(1000), 2000, True),
        (_complete(90), 90, True),
        (_wide(300), 301, True),
        (_chain(2000), 2000, False),
    ],
    ids=["nested skips", "overlapping skips", "every pair", "side by side", "chain"],
)
def test_what_is_too_much_for_a_sheet_is_gathered_on_one_and_that_is_said(
    steps: list[str], count: int, merged: bool
) -> None:
    spec = f"format = 1\nname = 'large'\n[inputs]\nx = [4, 4, 4]\n[model]\nbody = [\n{_rows(steps)}\n]\n"
    checked = compiler.check_text(spec)
    assert checked.network is not None, checked.diagnostics
    figure = drawing(checked.network.typed, Options())
    boxes = [shape for shape in figure.shapes if shape.style == "block"]
    assert 10 < len(boxes) < 100
    said = next(words.text for words in figure.words if "are gathered in" in words.text)
    assert f"{count:,} steps" in said
    assert ("one line for all values" in said) == merged
    assert any(words.text.startswith("neighbours in one box") for words in figure.words)
    assert list(faults(figure)) == []


@pytest.mark.parametrize(("over", "shortcuts"), [(2, False), (60, True)])
def test_values_between_boxes_are_all_drawn_and_boxes_part_where_few_pass(over: int, shortcuts: bool) -> None:
    """Of shortcuts that are shorter than a box none is cut, and of those that are longer none is hidden."""
    names = [[f"r{i}_{j}" for j in range(over)] for i in range(600 // over)]
    steps = [
        row
        for i, block in enumerate(names)
        for row in (
            *(f'{{ id = "{name}", op = "relu" }}' for name in block),
            f'{{ id = "s{i}", op = "add", from = ["{block[-1]}", "{f"s{i - 1}" if i else "x"}"] }}',
        )
    ]
    spec = f"format = 1\nname = 'large'\n[inputs]\nx = [4, 4, 4]\n[model]\nbody = [\n{_rows(steps)}\n]\n"
    checked = compiler.check_text(spec)
    assert checked.network is not None, checked.diagnostics
    figure = drawing(checked.network.typed, Options())
    read = Counter(line.head for line in figure.lines if line.kind == "flow" and line.head.startswith("r"))
    assert any(count > 1 for count in read.values()) == shortcuts
    assert list(faults(figure)) == []


@pytest.mark.parametrize("steps", [_nested(400), _complete(90)], ids=["nested skips", "every pair"])
def test_what_is_tangled_in_a_card_is_gathered_even_for_who_asks_for_all(steps: list[str]) -> None:
    spec = "format = 1\nname = 'large'\n[inputs]\nx = [4, 4, 4]\n[model]\nbody = [{ op = 'tanh' }, { use = 'b' }]\n"
    checked = compiler.check_text(f"{spec}[blocks.b]\nbody = [\n{_rows(steps)}\n]\n")
    assert checked.network is not None, checked.diagnostics
    figure = drawing(checked.network.typed, Options(expand=("*",)))
    assert len(figure.shapes) < 100 and figure.high < 10_000
    assert any(f"{len(steps):,} steps are gathered in" in words.text for words in figure.words)
    assert list(faults(figure)) == []


def test_who_asks_for_one_step_of_many_gets_it_and_the_others_gathered() -> None:
    spec = f"format = 1\nname = 'large'\n[inputs]\nx = [4, 4, 4]\n[model]\nbody = [\n{_rows(_chain(400))}\n]\n"
    checked = compiler.check_text(spec)
    assert checked.network is not None, checked.diagnostics
    figure = drawing(checked.network.typed, Options(expand=("c84*",)))
    shapes = {shape.key: shape.style for shape in figure.shapes}
    assert shapes["c84"] == "convolution" and len(shapes) < 100
    assert any("399 steps are gathered in 45 boxes" in words.text for words in figure.words)


def test_stages_stay_apart_where_steps_are_gathered() -> None:
    body = ", ".join(['{ op = "conv", out = 4, kernel = 1 }'] * 6)
    units = ", ".join(['{ use = "unit" }'] * 120)
    spec = (
        "format = 1\nname = 'stages'\n[inputs]\nx = [4, 4, 4]\n[model]\n"
        'body = [{ id = "one", use = "stage" }, { id = "two", use = "stage" }]\n'
        f"[blocks.stage]\nbody = [{units}]\n[blocks.unit]\nbody = [{body}]\n"
    )
    checked = compiler.check_text(spec)
    assert checked.network is not None, checked.diagnostics
    figure = drawing(checked.network.typed, Options())
    assert {"one", "two"} <= {words.text for words in figure.words}
    assert list(faults(figure)) == []
