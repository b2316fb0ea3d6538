"""Where what does not fit comes from: inputs, copies, uses; and what could have been named, in the order written."""

from __future__ import annotations

from textwrap import dedent

import pytest

from graphbuilder.compiler import check_text
from graphbuilder.diagnostics import Diagnostic
from tests.elaborate.cases import HEAD


def mistake(body: str) -> Diagnostic:
    (found,) = check_text(HEAD + dedent(body), "case.toml").diagnostics
    return found


MET = '{ id = "a", op = "conv", out = 4 }, { op = "add", from = ["a", "%s"] }'


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (f"[model]\nbody = [{MET % 'x'}]", ["`a` gives 4x16x16", "`x` is 8x16x16"]),
        (
            f'[model]\nbody = [{{ use = "unit" }}]\n[blocks.unit]\nbody = [{MET % "in"}]',
            ["`a` gives 4x16x16", "`in` is 8x16x16"],
        ),
    ],
)
def test_an_input_is_shown_as_a_producer(body: str, told: list[str]) -> None:
    assert [label.text for label in mistake(body).related] == told


@pytest.mark.parametrize(
    ("body", "note"),
    [
        ('[model]\nbody = [{ op = "maxpool", kernel = 2, repeat = 8 }]', "in maxpool.4"),
        (
            '[model]\nbody = [{ id = "side", op = "conv", repeat = [1, 3], out = 4, groups = "=item", merge = "add" }]',
            "in side.1",
        ),
        (
            '[model]\nbody = [{ use = "unit" }]\n[blocks.unit]\nbody = [{ op = "maxpool", kernel = 2, repeat = 8 }]',
            "in unit.maxpool.4, in a `unit` used at case.toml:9:9",
        ),
        (
            '[model]\nbody = [{ use = "unit", repeat = 5 }]\n[blocks.unit]\nbody = [{ op = "maxpool", kernel = 3 }]',
            "in unit.2, a `unit` used at case.toml:9:9",
        ),
    ],
)
def test_the_copy_that_does_not_fit_is_told_by_its_index(body: str, note: str) -> None:
    assert mistake(body).remarks[-1] == note


@pytest.mark.parametrize(
    ("steps", "help_"),
    [
        ('{ op = "relu", from = "lastt" }, { id = "last", op = "relu", from = "x" }', "did you mean `last`?"),
        ('{ op = "relu" }, { share = "rihgt" }, { id = "right", op = "relu", from = "x" }', "did you mean `right`?"),
        ('{ op = "relu", from = "zz" }, { id = "b", op = "relu" }, { id = "a", op = "tanh", from = "x" }', "x, a"),
        ('{ id = "b", op = "relu", from = "a" }, { id = "a", op = "relu", from = "x" }, { op = "relu", from = "zz" }',
         "x, b, a"),
        ('{ share = "zz" }, { id = "behind", op = "relu" }', "write that step"),
    ],
)  # fmt: skip
def test_names_of_steps_below_that_could_be_read(steps: str, help_: str) -> None:
    help = mistake(f"[model]\nbody = [{steps}]").help
    assert help is not None and help.removeprefix("in this body: ").startswith(help_)


def test_the_input_of_a_block_is_among_the_names() -> None:
    body = '[model]\nbody = [{ use = "unit" }]\n[blocks.unit]\nbody = [{ op = "relu" }, { op = "relu", from = "zz" }]'
    assert mistake(body).help == "in this body: in, relu"
