"""Graphs that nobody would write are drawn by the same rules."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphbuilder import compiler
from graphbuilder.backends.graphviz import Options
from graphbuilder.backends.graphviz.figure import drawing
from tests.backends.graphviz.geometry import faults

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
