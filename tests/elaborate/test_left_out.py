"""Paths of which every step is left out: the identity beside others, and a mistake where nothing else is computed."""

from __future__ import annotations

from textwrap import dedent

import pytest
import torch

import graphbuilder as gb
from graphbuilder.compiler import check_text
from graphbuilder.diagnostics import Diagnostic
from tests.elaborate.cases import HEAD

USE = '[model]\nbody = [{ use = "unit" }]\n[blocks.unit]\n'
TWO = """
[model]
body = [{ id = "parts", op = "split", count = 2 }, { use = "unit", from = { p = "parts.0", q = "parts.1" } }]
[blocks.unit]
inputs = ["p", "q"]
"""

# A block one of whose paths has no steps left, and the same block with that path written as the identity.
SAME = [
    (
        'body = [{ op = "relu" }]\nshortcut = [{ op = "tanh", when = false }]',
        'body = [{ op = "relu" }]\nshortcut = "identity"',
    ),
    (
        'body = [{ op = "relu" }]\nshortcut = [{ op = "tanh", repeat = 0 }]',
        'body = [{ op = "relu" }]\nshortcut = "identity"',
    ),
    (
        'merge = "concat"\nbranches.a = [{ op = "relu" }]\n'
        'branches.b = [{ op = "tanh", when = false }, { op = "abs", when = false }]',
        'merge = "concat"\nbranches.a = [{ op = "relu" }]\nbranches.b = [{ op = "identity" }]',
    ),
    (
        'before = [{ op = "sigmoid" }]\nmerge = "mul"\nbranches.a = [{ op = "relu" }]\n'
        'branches.b = [{ op = "tanh", when = false }]',
        'before = [{ op = "sigmoid" }]\nmerge = "mul"\nbranches.a = [{ op = "relu" }]\n'
        'branches.b = [{ op = "identity" }]',
    ),
    (
        'merge = "add"\nbranches.a = [{ op = "relu", when = false }]\nbranches.b = [{ op = "tanh", when = false }]',
        'merge = "add"\nbranches.a = [{ op = "identity" }]\nbranches.b = [{ op = "identity" }]',
    ),
    (
        'before = [{ op = "tanh", when = false }]\nbody = [{ op = "relu" }]\nshortcut = "identity"',
        'body = [{ op = "relu" }]\nshortcut = "identity"',
    ),
]


def run(text: str) -> torch.Tensor:
    checked = check_text(HEAD + text, "case.toml")
    assert checked.diagnostics == ()
    assert checked.network is not None
    model = gb.compile(checked.network)
    return model(torch.linspace(-1, 1, 8 * 16 * 16).reshape(1, 8, 16, 16))


@pytest.mark.parametrize(("left_out", "written"), SAME)
def test_a_path_without_steps_is_the_identity(left_out: str, written: str) -> None:
    assert torch.equal(run(USE + left_out), run(USE + written))


def test_it_passes_on_what_its_last_step_would_have_read() -> None:
    body = 'body = [{ op = "relu", from = "p" }]\nshortcut = [{ op = "relu", from = "q", when = false }]\n'
    given = run(TWO + body)
    x = torch.linspace(-1, 1, 8 * 16 * 16).reshape(1, 8, 16, 16)
    assert torch.equal(given, x[:, :4].relu() + x[:, 4:])


def mistake(text: str) -> Diagnostic:
    (found,) = check_text(HEAD + dedent(text), "case.toml").diagnostics
    return found


# The fault, its code, a word of the message, and the remedy.
FAULTS = [
    ('[model]\nbody = [{ op = "relu", repeat = 0 }]', "GB313", "left out", "let one step be repeated at least once"),
    ('[model]\nbody = [{ op = "relu", when = false }]', "GB313", "left out", "let the `when` of one step be true"),
    (
        USE + 'body = [{ op = "relu", repeat = 0 }]\nshortcut = "identity"',
        "GB313",
        "left out",
        "let one step be repeated at least once, or put the `repeat` on the step that uses this block",
    ),
    (
        USE + 'branches.a = [{ op = "relu" }]\nbranches.b = [{ op = "relu", when = false }]',
        "GB313",
        "left out",
        "let the `when` of one step be true, or put the `when` on the step that uses this block",
    ),
    (
        TWO + 'body = [{ op = "relu", from = "p" }]\nshortcut = [{ op = "relu", when = false }]',
        "GB311",
        "several values: p, q",
        'name one: from = "p" or "q"',
    ),
    (
        TWO + 'body = [{ op = "relu", from = "p" }]\nshortcut = "identity"',
        "GB311",
        "several: p, q",
        'write shortcut = [{ op = "identity", from = "p" }]',
    ),
    (
        TWO + 'body = [{ op = "relu", from = "p" }]\nshortcut = "project"',
        "GB311",
        "several: p, q",
        'write shortcut = [{ op = "identity", from = "p" }]',
    ),
]


@pytest.mark.parametrize(("text", "code", "message", "remedy"), FAULTS)
def test_a_mistake_and_its_remedy(text: str, code: str, message: str, remedy: str) -> None:
    found = mistake(text)
    assert (found.code, found.help) == (code, remedy)
    assert message in found.message


def test_a_projection_follows_each_output_of_a_block_by_itself() -> None:
    """The first output keeps its size, and only the second is read."""
    text = """
        [model]
        body = [{ use = "unit" }]
        [blocks.unit]
        body = [
          { id = "parts", op = "split", count = 2 },
          { id = "rows", use = "row", repeat = 2, from = { kept = "parts.0", small = "parts.1" } },
          { op = "conv", out = 24, from = "rows.small" },
        ]
        shortcut = "project"
        [blocks.row]
        inputs = ["kept", "small"]
        outputs = { kept = "relu", small = "conv" }
        body = [
          { op = "relu", from = "kept" },
          { op = "conv", out = 4, stride = "=2 if small_shape[1] == 16 else 1", from = "small" },
        ]
    """
    checked = check_text(HEAD + dedent(text), "case.toml")
    assert checked.diagnostics == ()
    assert checked.network is not None
    assert [str(type_) for type_ in checked.network.typed.outputs] == ["24x8x8"]


def test_a_projection_whose_stride_cannot_be_told() -> None:
    """One path goes down by four and comes up again: its stride counts, and is not that of the whole."""
    found = mistake(
        """
        [model]
        body = [{ use = "unit" }]
        [blocks.unit]
        body = [
          { id = "low", op = "maxpool", kernel = 4 },
          { id = "up", op = "resize", size = 8 },
          { id = "near", op = "maxpool", kernel = 2, from = "in" },
          { op = "add", from = ["up", "near"] },
          { op = "conv", out = 32, kernel = 1 },
        ]
        shortcut = "project"
        """
    )
    assert found.code == "GB326"
    assert "its stride cannot be told" in found.message
    assert found.help == (
        "write the shortcut as steps: "
        'shortcut = [{ op = "conv", out = 32, kernel = 1, stride = 2, bias = false }, { op = "batchnorm" }]'
    )
