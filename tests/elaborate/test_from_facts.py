"""``from_channels`` and ``from_shape``: what a step's arguments know of the value that the step itself reads."""

from __future__ import annotations

from textwrap import dedent

import pytest

from graphbuilder.compiler import Network, check_text, source
from graphbuilder.diagnostics import Diagnostic
from tests.elaborate.cases import HEAD


def network(body: str) -> Network:
    checked = check_text(HEAD + dedent(body), "case.toml")
    assert checked.diagnostics == ()
    assert checked.network is not None
    return checked.network


def mistake(body: str) -> Diagnostic:
    (found,) = check_text(HEAD + dedent(body), "case.toml").diagnostics
    return found


def shapes(body: str) -> list[str]:
    return [str(type_) for type_ in network(body).typed.outputs]


# What a step of [model] that reads 8x16x16, or the block below it, computes from what it reads, and what comes out.
READS = [
    ('[model]\nbody = [{ op = "conv", out = "=2 * from_channels" }]', "16x16x16"),
    ('[model]\nbody = [{ op = "conv", out = "=from_shape[1] + from_shape[-1]" }]', "32x16x16"),
    ('[model]\nbody = [{ op = "sub", from = ["x", "x"] }, { op = "conv", out = "=from_channels + 1" }]', "9x16x16"),
    ('[model]\nbody = [{ op = "conv", out = "=from_channels + i", repeat = 3 }]', "11x16x16"),
    (
        '[model]\nbody = [{ use = ["wide", "wide"] }]\n[blocks.wide]\n'
        'body = [{ op = "conv", out = "=2 * in_channels" }]',
        "32x16x16",
    ),
    (
        """
        [model]
        body = [{ use = "unit", out = "=from_channels // 2" }]
        [blocks.unit]
        args = { out = "int" }
        body = [{ op = "conv", out = 24 }, { op = "conv", out = "=from_channels // out + in_channels" }]
        """,
        "14x16x16",
    ),
    (
        """
        [model]
        body = [
          { id = "narrow", op = "conv", out = 5 },
          { use = "unit", from = { left = "narrow", right = "x" }, out = "=from_channels" },
        ]
        [blocks.unit]
        args = { out = "int" }
        inputs = ["left", "right"]
        body = [{ op = "concat", from = ["right", "left"] }, { op = "conv", out = "=out * from_channels" }]
        """,
        "65x16x16",
    ),
]


@pytest.mark.parametrize(("body", "given"), READS)
def test_what_a_step_reads(body: str, given: str) -> None:
    assert shapes(body) == [given]


def test_the_source_knows_the_channels_of_the_value_and_no_such_name() -> None:
    written = source(
        network(
            """
            [model]
            body = [{ use = "unit", out = 4 }, { use = "unit", out = 6 }]
            [blocks.unit]
            args = { out = "int" }
            body = [{ op = "conv", out = "=out" }, { op = "conv", out = "=from_channels" }]
            """
        )
    )
    assert "self.conv_2 = nn.Conv2d(out, out, 3, padding=1)" in written
    assert "from_" not in written


# The fault, and a word of the remedy.
FAULTS = [
    ('[model]\nbody = [{ op = "conv", out = "=in_channels" }]', "`from_channels` is of what this step reads"),
    ('[model]\nbody = [{ op = "conv", out = "=form_channels" }]', "did you mean `from_channels`?"),
    ('[model]\nbody = [{ op = "conv", out = "=zzz" }]', "in scope: from_channels, from_shape"),
    ('[model]\nbody = [{ op = "relu", when = "=from_channels > 2" }]', "in the arguments of a step"),
    ('[model]\nbody = [{ op = "relu" }, { op = "relu", repeat = "=from_channels" }]', "in the arguments of a step"),
    (
        '[model]\nbody = [{ use = "unit" }]\n[blocks.unit]\nbody = [{ op = "conv", out = "=in_chanels" }]',
        "did you mean `in_channels`, of the block's input, or `from_channels`, of what this step reads?",
    ),
    (
        '[model]\nbody = [{ use = "unit" }]\n[blocks.unit]\nlet = { a = "=from_channels" }\n'
        'body = [{ op = "conv", out = "=a" }]',
        "`in_channels` is of the block's input",
    ),
]


@pytest.mark.parametrize(("body", "remedy"), FAULTS)
def test_a_name_that_is_not_there(body: str, remedy: str) -> None:
    found = mistake(body)
    assert found.code == "GB155"
    assert found.help is not None and remedy in found.help


@pytest.mark.parametrize(
    "where", ['{ op = "conv", out = "=from_channels" }', '{ op = "conv", out = "=from_channels", when = false }']
)
def test_a_block_that_nothing_uses_may_read_them(where: str) -> None:
    found = mistake(f'[model]\nbody = [{{ op = "relu" }}]\n[blocks.unit]\nbody = [{where}, {{ op = "relu" }}]')
    assert found.code == "GB320"


@pytest.mark.parametrize(
    "table", ["[params]\nfrom_channels = 3", '[blocks.unit]\nargs = { from_shape = "list" }\nbody = [{ op = "relu" }]']
)
def test_the_names_are_reserved(table: str) -> None:
    assert "GB111" in {
        each.code for each in check_text(f'{HEAD}[model]\nbody = [{{ op = "relu" }}]\n{table}', "case.toml").diagnostics
    }
