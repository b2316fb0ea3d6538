"""In which words classes are written: names, sums, multiples and parts, where more than one would do."""

from __future__ import annotations

import ast
import json

import pytest

import graphbuilder as gb
from graphbuilder.backends.python import write
from graphbuilder.backends.python.expressions import constant, name, over, parse, text, times, total
from tests.backends.networks import spelt

STAGES = """
[model]
body = [
  { use = "stage", out = 4, depth = 1 },
  { use = "stage", out = 6, depth = 2 },
  { use = "stage", out = 8, depth = 4 },
]
[blocks.stage]
args = { depth = "int", out = "int" }
body = [{ use = "unit", out = "=out", repeat = "=depth" }]
[blocks.unit]
args = { out = "int" }
body = [{ op = "conv", out = "=out", kernel = 3, padding = 1, stride = "=1 if out == in_channels else 2" }]
shortcut = "identity"
shortcut_when = "=out == in_channels"
"""


def source(body: str, image: str = "[3, 16, 16]") -> str:
    return write(spelt(body, image))


def test_a_class_that_adds_its_input_is_called_so() -> None:
    text = source(STAGES)
    assert "class Unit(nn.Module):" in text
    assert "class UnitResidual(nn.Module):" in text


def test_chains_that_lack_their_last_copies_share_a_class() -> None:
    text = source(STAGES)
    assert text.count("class Stage") == 1
    assert "*(UnitResidual(out, out) for _ in range(depth - 1))" in text
    assert "Stage(3, 1, 4)" in text


def test_a_chain_of_one_counts_nothing() -> None:
    body = STAGES.replace("depth = 2", "depth = 1").replace("depth = 4", "depth = 1")
    assert "def __init__(self, in_channels, out):" in source(body)


def test_a_class_that_has_but_a_number_says_what_differs() -> None:
    text = source(
        """
        [model]
        body = [{ use = "unit", kernel = 3 }, { use = "unit", kernel = 4 }]
        [blocks.unit]
        args = { kernel = "int" }
        body = [{ op = "conv", out = 4, kernel = "=kernel", padding = "same" }, { op = "relu" }]
        """
    )
    assert 'class Unit2(nn.Module):\n    """Unlike `Unit` in `conv`."""\n' in text


PADDED = """
[model]
body = [{ use = "wide", out = 4 }, { use = "wide", out = 6, kernel = 5 }, { use = "wide", out = 8, kernel = 1 }]
[blocks.wide]
args = { out = "int", kernel = 3, padding = "half" }
body = [{ op = "conv", out = "=out", kernel = "=kernel", padding = "=padding" }]
"""


def test_padding_by_half_a_kernel_follows_from_it() -> None:
    assert "nn.Conv2d(in_channels, out, kernel, padding=kernel // 2)" in source(PADDED)


def test_what_is_new_has_the_name_and_place_of_an_argument_that_is_never_printed() -> None:
    text = source(PADDED.replace('{ use = "wide", out = 6', '{ use = "wide", padding = "valid", out = 6'))
    assert "def __init__(self, in_channels, out, kernel=3, padding=0):" in text
    assert "Wide(3, 4, padding=1)" in text


def test_a_computed_width_has_the_name_of_what_it_is_computed_from() -> None:
    text = source(
        """
        [model]
        body = [{ use = "pair", mid = 10, out = 20 }, { use = "pair", mid = 30, out = 41 }]
        [blocks.pair]
        args = { mid = "int", out = "int" }
        body = [{ use = "unit", out = "=mid" }, { use = "unit", out = "=out" }]
        [blocks.unit]
        args = { out = "int" }
        body = [{ op = "conv", out = "=make_divisible(out * 0.5)", kernel = 1 }]
        """
    )
    assert "def __init__(self, in_channels, out):" in text
    assert "self.unit = Unit(in_channels, mid)" in text
    assert "self.unit_2 = Unit(mid, out)" in text


def test_like_terms_are_one() -> None:
    text = source(
        """
        [model]
        body = [{ use = "twice", out = 4 }, { use = "twice", out = 6 }]
        [blocks.twice]
        args = { out = "int" }
        body = [
          { op = "conv", out = "=out", kernel = 1 },
          { op = "conv", out = "=out", kernel = 1, repeat = 2, merge = "concat" },
          { op = "concat", from = ["conv", "conv_2"] },
          { op = "conv", out = "=out", kernel = 1 },
        ]
        """
    )
    assert "nn.Conv2d(3 * out, out, 1)" in text


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        (times(constant(2), times(constant(3), name("x"))), "6 * x"),
        (over(times(constant(6), name("x")), constant(3)), "2 * x"),
        (over(times(constant(3), name("x")), constant(3)), "x"),
        (over(times(constant(3), name("x")), constant(2)), "3 * x // 2"),
        (total([name("x"), name("y"), times(constant(3), name("x"))]), "4 * x + y"),
        (parse("=max(1, x // 4)"), "max(1, x // 4)"),
        (parse("=round(x)"), None),
        (parse("=max(1, x, key=y)"), None),
    ],
)
def test_expressions(made: object, shown: str | None) -> None:
    assert (made and text(made)) == shown  # pyright: ignore[reportArgumentType]


HOSTILE = ["x:\n    import evil", '"""\nimport evil\n"""', "\\", 'a"', "x\u2028import evil", "\u202e"]


@pytest.mark.parametrize("words", HOSTILE)
def test_words_of_a_stranger_never_become_code(words: str) -> None:
    quoted = json.dumps(words)
    spec = f"""
format = 1
name = {quoted}
title = {quoted}
[inputs]
x = [2, 4, 4]
[model]
body = [{{ use = "act", title = {quoted} }}]
[blocks.act]
title = {quoted}
body = [{{ op = "relu", title = {quoted} }}]
"""
    network = gb.check_text(spec).network
    assert network is not None
    tree = ast.parse(gb.source(network))
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in imported] == ["from torch import nn"]
