"""What shares a class, what its parameters are, and what callers pass."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from textwrap import dedent

import pytest

from graphbuilder.analysis.inference import infer
from graphbuilder.backends.python import write
from graphbuilder.diagnostics import CompileError
from graphbuilder.ir import Graph, Node, TensorType, Value
from graphbuilder.ops import catalogue
from tests.backends.networks import spelt

UNIT = """
[blocks.unit]
args = { out = "int", relu = true }
body = [{ op = "conv", out = "=out", kernel = 3, padding = 1 }, { op = "relu", when = "=relu" }]
"""


def source(body: str, image: str = "[4, 8, 8]") -> str:
    return write(spelt(body, image))


def lines(text: str, pattern: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if re.search(pattern, line)]


def test_an_argument_is_called_what_the_spec_calls_it() -> None:
    text = source(
        """
        [model]
        body = [{ use = "pair", mid = 8, out = 8 }]
        [blocks.pair]
        args = { mid = "int", out = "int" }
        body = [{ op = "conv", out = "=mid", kernel = 1 }, { op = "conv", out = "=out", kernel = 1 }]
        """
    )
    assert "def __init__(self, mid, out):" in text
    assert lines(text, "self.conv") == [
        "self.conv = nn.Conv2d(4, mid, 1)",
        "self.conv_2 = nn.Conv2d(mid, out, 1)",
        "x = self.conv(x)",
        "return self.conv_2(x)",
    ]
    assert "self.pair = Pair(8, 8)" in text


def test_a_list_that_is_the_default_is_left_out() -> None:
    text = source(
        """
        [model]
        body = [{ use = "wide", out = 8 }, { use = "wide", out = 6, kernel = [1, 3] }]
        [blocks.wide]
        args = { out = "int", kernel = [1, 1] }
        body = [{ op = "conv", out = "=out", kernel = "=kernel" }]
        """
    )
    assert lines(text, "= Wide") == ["self.wide = Wide(4, 8)", "self.wide_2 = Wide(8, 6, kernel=(1, 3))"]


def test_channels_are_followed_through_joins_and_expressions() -> None:
    text = source(
        """
        [model]
        body = [{ use = "grow", more = 2 }, { use = "grow", more = 3 }]
        [blocks.grow]
        args = { more = "int" }
        body = [{ op = "conv", out = "=2 * more", kernel = 1 }, { op = "batchnorm" }]
        shortcut = "identity"
        merge = "concat"
        after = [{ op = "conv", out = "=in_channels // 2", kernel = 1 }]
        """
    )
    assert "self.batchnorm = nn.BatchNorm2d(2 * more)" in text
    assert "self.conv_2 = nn.Conv2d(in_channels + 2 * more, in_channels // 2, 1)" in text


def test_what_never_varies_is_a_literal() -> None:
    text = source(f'[model]\nbody = [{{ use = "unit", out = 4 }}, {{ use = "unit", out = 4 }}]\n{UNIT}')
    assert "class Unit(nn.Module):\n    def __init__(self, out):" in text
    assert "nn.Conv2d(4, out, 3, padding=1)" in text


def test_a_step_that_some_lack_has_a_flag() -> None:
    text = source(f'[model]\nbody = [{{ use = "unit", out = 4 }}, {{ use = "unit", out = 8, relu = false }}]\n{UNIT}')
    assert "def __init__(self, out, relu=True):" in text
    assert "self.relu = nn.ReLU(inplace=True) if relu else nn.Identity()" in text
    assert lines(text, r"self.unit\w* = ") == ["self.unit = Unit(4)", "self.unit_2 = Unit(8, relu=False)"]


def test_what_else_differs_is_keyword_only_with_the_commonest_default() -> None:
    text = source(
        """
        [model]
        body = [{ use = "pooled" }, { use = "pooled" }, { use = "pooled" }]
        [blocks.pooled]
        body = [{ op = "maxpool", kernel = 3, stride = 2, padding = "same" }]
        """,
        "[4, 13, 13]",
    )
    assert "def __init__(self, *, padding=1):" in text
    assert lines(text, r"self.pooled\w* = ") == [
        "self.pooled = Pooled()",
        "self.pooled_2 = Pooled()",
        "self.pooled_3 = Pooled(padding=0)",
    ]


def test_another_structure_is_another_class() -> None:
    text = source(
        """
        [model]
        body = [{ use = "either", deep = true }, { use = "either", deep = false }]
        [blocks.either]
        args = { deep = "bool" }
        body = [{ id = "a", op = "conv", out = "=8 if deep else 4", kernel = 1 }, { use = "inner", deep = "=deep" }]
        [blocks.inner]
        args = { deep = "bool" }
        body = [
          { op = "relu", when = "=deep" },
          { op = "conv", out = 4, kernel = 1, when = "=not deep" },
          { op = "tanh", when = "=deep" },
          { op = "sigmoid", when = "=not deep" },
        ]
        """
    )
    assert lines(text, "^class") == [
        "class Inner(nn.Module):",
        "class Inner2(nn.Module):",
        "class Either(nn.Module):",
        "class Either2(nn.Module):",
        "class Tiny(nn.Module):",
    ]


def test_runs_are_cut_alike_in_all_instances() -> None:
    text = source(
        """
        [model]
        body = [
          { use = "stage", out = 4, depth = 3 },
          { use = "stage", out = 8, depth = 4 },
          { use = "stage", out = 8, depth = 1 },
        ]
        [blocks.stage]
        args = { out = "int", depth = "int" }
        body = [{ id = "rows", op = "conv", out = "=out", kernel = 1, repeat = "=depth" }]
        """
    )
    assert dedent(
        """
        self.rows = nn.Sequential(
            nn.Conv2d(in_channels, out, 1), *(nn.Conv2d(out, out, 1) for _ in range(depth - 1))
        )
        """
    ).strip() in dedent(text).replace("        ", "")


def test_copies_that_differ_are_a_loop() -> None:
    text = source(
        """
        [model]
        body = [
          { op = "conv", out = 4, kernel = 3, padding = "half", dilation = "=item", repeat = [1, 2, 4, 1, 2, 4] },
        ]
        """,
        "[4, 16, 16]",
    )
    assert "for padding, dilation in zip((1, 2, 4, 1, 2, 4), (1, 2, 4, 1, 2, 4))" in text


def test_equal_repeats_are_short_whatever_their_number() -> None:
    text = source(
        f"""
        [model]
        body = [{{ id = "rows", use = "unit", out = 4, repeat = 30000 }}]
        {UNIT}
        """
    )
    assert "self.rows = nn.Sequential(*(Unit() for _ in range(30000)))" in text.replace("Unit(4)", "Unit()")
    assert text.count("\n") < 40


def test_a_shape_names_the_class_of_a_network() -> None:
    assert "class Tiny(nn.Module):" in source('[model]\nbody = [{ op = "relu" }]')


def _shared(first: TensorType, second: TensorType) -> Graph:
    conv = catalogue()["conv"].model_validate({"out": 4, "kernel": 3, "stride": 2, "padding": "same"})
    nodes = (
        Node("left", conv, (Value("a"),), "left"),
        Node("right", conv, (Value("b"),), "left"),
    )
    return Graph("model", "twins", ("a", "b"), nodes, (("left", Value("left")), ("right", Value("right"))))


def test_shared_weights_in_two_forms_are_refused() -> None:
    even, odd = TensorType((3, 8, 8)), TensorType((3, 9, 9))
    assert "self.left" in write(infer(_shared(odd, odd), (odd, odd)))
    with pytest.raises(CompileError, match="GB701") as caught:
        write(infer(_shared(even, odd), (even, odd)))
    assert "`right` runs the module of `left`" in str(caught.value)


def test_a_title_cannot_leave_its_docstring() -> None:
    typed = spelt('[model]\nbody = [{ op = "relu" }]')
    hostile = replace(typed.graph, title='""" + 1\n\u202e\\')
    text = write(infer(hostile, typed.inputs))
    assert str(ast.get_docstring(ast.parse(text))).splitlines()[0] == "''' + 1\\u000a\\u202e\\"


def test_a_branch_that_is_no_chain_has_the_words_of_its_block() -> None:
    text = source(
        """
        [model]
        body = [{ use = "gate", width = 2 }, { use = "gate", width = 3 }]
        [blocks.gate]
        args = { width = "int" }
        merge = "mul"
        [blocks.gate.branches]
        keep = [{ op = "identity" }]
        open = [
          { op = "globalavgpool", keep = true },
          { op = "conv", out = "=width", kernel = 1 },
          { op = "conv", out = 4, kernel = 1 },
        ]
        """
    )
    assert "class GateOpen(nn.Module):\n    def __init__(self, width):" in text
    assert "self.open = GateOpen(width)" in text


def test_conditions_are_repeated_as_written() -> None:
    text = source(
        """
        [model]
        body = [{ use = "unit", out = 4 }, { use = "unit", out = 8, stride = 2 }]
        [blocks.unit]
        args = { out = "int", stride = 1 }
        body = [
          { op = "conv", out = "=out", kernel = 1, stride = "=stride" },
          { op = "batchnorm", when = "=stride > 1" },
          { op = "relu", when = "=not stride > 1" },
        ]
        """
    )
    assert "self.batchnorm = nn.BatchNorm2d(out) if stride > 1 else nn.Identity()" in text
    assert "self.relu = nn.ReLU(inplace=True) if not stride > 1 else nn.Identity()" in text


def test_names_that_could_meet_are_kept_apart() -> None:
    text = source(
        """
        [model]
        body = [
          { use = "tiny", Drop = 1 },
          { use = "drop", Drop = 2 },
          { op = "droppath", rate = 0.5 },
          { use = "drop_path" },
          { use = "f" },
        ]
        [blocks.tiny]
        args = { Drop = "int" }
        body = [{ use = "drop", Drop = "=Drop" }]
        [blocks.drop]
        args = { Drop = "int" }
        body = [{ op = "conv", out = "=Drop", kernel = 1 }]
        [blocks.drop_path]
        body = [{ op = "relu" }]
        [blocks.f]
        body = [{ op = "pad", sides = 1 }]
        """
    )
    assert lines(text, "^class") == [
        "class DropPath(nn.Module):",
        "class Drop2(nn.Module):",
        "class Tiny2(nn.Module):",
        "class DropPath2(nn.Module):",
        "class F2(nn.Module):",
        "class Tiny(nn.Module):",
    ]


def test_a_run_that_ends_a_repeat_ends_it_in_all_instances() -> None:
    text = source(
        """
        [model]
        body = [{ use = "stage", depth = 4 }, { use = "stage", depth = 6 }]
        [blocks.stage]
        args = { depth = "int" }
        body = [
          { id = "rows", op = "conv", out = 4, kernel = "=1 if i < n - 1 else 3", padding = "half", repeat = "=depth" },
        ]
        """
    )
    assert "*(nn.Conv2d(4, 4, 1) for _ in range(depth - 1)), nn.Conv2d(4, 4, 3, padding=1)" in text
