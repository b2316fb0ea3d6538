"""``before``: steps ahead of the fork, which body, shortcut and branches all begin with."""

from __future__ import annotations

from textwrap import dedent

import pytest

from graphbuilder.compiler import check_text
from tests.elaborate.cases import HEAD

BLOCK = '[model]\nbody = [{ use = "unit" }]\n[blocks.unit]\n'

# The block, the code, what the message says, and what is underlined.
MISTAKES = [
    (
        """
        before = [{ op = "split", count = 2 }]
        branches.a = [{ op = "relu" }]
        branches.b = [{ op = "tanh" }]
        """,
        "GB311",
        "`before` gives several values: 0, 1",
        '{ op = "split", count = 2 }',
    ),
    (
        """
        before = [{ op = "relu", from = "conv" }]
        body = [{ op = "conv", out = 8 }]
        shortcut = "identity"
        """,
        "GB301",
        "no step or input `conv`",
        '"conv"',
    ),
    (
        """
        before = [{ op = "conv", out = 4 }]
        branches.a = [{ op = "relu", from = "conv" }]
        branches.b = [{ op = "tanh" }]
        """,
        "GB301",
        "no step or input `conv`",
        '"conv"',
    ),
    (
        """
        before = [{ op = "conv", out = 4 }]
        body = [{ op = "conv", out = 8 }]
        shortcut = "identity"
        """,
        "GB204",
        "cannot add",
        '"identity"',
    ),
    (
        """
        before = [{ op = "conv", out = 0 }]
        body = [{ op = "conv", out = "=in_channels" }, { op = "add", from = ["before", "conv_2"] }]
        shortcut = "project"
        """,
        "GB307",
        "`out` of `conv` cannot be 0",
        "0",
    ),
    (
        """
        before = [{ op = "parameter", shape = [4, 6] }]
        body = [{ op = "maxpool", kernel = 2, from = "in" }, { op = "reshape", shape = [128, 4] }]
        shortcut = "project"
        """,
        "GB326",
        "its stride cannot be told",
        '"project"',
    ),
]


@pytest.mark.parametrize(("block", "code", "message", "blamed"), MISTAKES, ids=range(len(MISTAKES)))
def test_mistakes(block: str, code: str, message: str, blamed: str) -> None:
    (found,) = check_text(HEAD + BLOCK + dedent(block), "case.toml").diagnostics
    assert (found.code, message in found.message) == (code, True), str(found)
    span = found.span
    assert span is not None
    assert span.source.text.split("\n")[span.line - 1][span.column - 1 : span.end_column - 1] == blamed


def shape(block: str, path: str) -> tuple[int, ...]:
    checked = check_text(HEAD + BLOCK + dedent(block) + f'[outputs]\nout = "unit.{path}"\n', "case.toml")
    assert checked.network is not None, "\n".join(map(str, checked.diagnostics))
    return checked.network.typed.outputs[0].shape


def test_what_is_known_of_the_input_is_known_of_the_block_s_own() -> None:
    block = """
        before = [{ op = "conv", out = 12, stride = 2 }]
        body = [{ id = "mid", op = "conv", out = "=in_channels + 1" }, { op = "conv", out = 12 }]
        shortcut = "identity"
    """
    assert shape(block, "mid") == (9, 8, 8)


def test_a_projection_strides_from_the_fork_on() -> None:
    block = """
        before = [{ op = "conv", out = 12, stride = 2 }]
        body = [{ op = "conv", out = 16, stride = 2 }]
        shortcut = "project"
        after = [{ id = "end", op = "relu" }]
    """
    assert shape(block, "end") == (16, 4, 4)


def test_a_projection_starts_from_a_value_of_other_axes_than_the_input() -> None:
    block = """
        before = [{ op = "parameter", shape = [4, 6] }]
        body = [{ op = "conv", out = 8, stride = 2 }]
        shortcut = "project"
        after = [{ id = "end", op = "relu" }]
    """
    assert shape(block, "end") == (8, 3)


def test_a_projection_strides_no_further_than_any_axis_goes() -> None:
    block = """
        before = [{ op = "conv", out = 12, stride = 2 }]
        body = [{ op = "conv", out = 16, kernel = 1, stride = 2, repeat = 20000 }]
        shortcut = "project"
        after = [{ id = "end", op = "relu" }]
    """
    assert shape(block, "end") == (16, 1, 1)


def test_a_projection_strides_by_the_way_through_a_block_of_several_inputs() -> None:
    text = """
        [model]
        body = [{ use = "unit" }]
        [blocks.unit]
        body = [
          { id = "first", op = "conv", out = 4, stride = 2 },
          { id = "pool", op = "adaptiveavgpool", size = 1, from = "in" },
          { use = "gated", from = { gate = "pool", map = "first" } },
        ]
        shortcut = "project"
        [blocks.gated]
        inputs = ["gate", "map"]
        body = [
          { id = "one", op = "conv", out = 4, kernel = 1, stride = 3, from = "gate" },
          { id = "wide", op = "conv", out = 4, stride = 4, from = "map" },
          { op = "mul", from = ["wide", "one"] },
        ]
    """
    checked = check_text(HEAD + dedent(text), "case.toml")
    assert checked.network is not None, "\n".join(map(str, checked.diagnostics))
    assert checked.network.typed.outputs[0].shape == (4, 2, 2)


def test_several_inputs_become_one() -> None:
    text = """
        [model]
        body = [{ op = "relu" }, { use = "unit", from = { a = "x", b = "relu" } }]
        [blocks.unit]
        inputs = ["a", "b"]
        before = [{ op = "concat", from = ["a", "b"] }]
        branches.wide = [{ op = "conv", out = 4 }]
        branches.raw = [{ op = "concat", from = ["a", "before"] }]
        merge = "concat"
    """
    checked = check_text(HEAD + dedent(text), "case.toml")
    assert checked.network is not None, "\n".join(map(str, checked.diagnostics))
    assert checked.network.typed.outputs[0].shape == (28, 16, 16)
