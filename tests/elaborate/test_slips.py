"""What was nearly written right is told as it is written right."""

from __future__ import annotations

import pytest

from graphbuilder.compiler import check_text

HEAD = """format = 1
name = "n"
[params]
classes = 10
width = 0.5
kind = "relu"
[inputs]
x = [8, 16, 16]
[model]
body = [{ id = "c", op = "conv", out = 8, kernel = 1 }, STEP]
[blocks.b]
args = { out = "int" }
body = [{ op = "conv", out = "=out", kernel = 1 }]
"""
OPS = "`graphbuilder ops conv` tells what it takes"


def helps(step: str) -> list[str | None]:
    found = check_text(HEAD.replace("STEP", f"{{ {step} }}"), "case.toml").diagnostics
    return [each.help for each in found if each.severity == "error"]


@pytest.mark.parametrize(
    ("out", "help_"),
    [
        ('"64"', "write 64 without quotes"),
        ('"-64"', OPS),
        ('"classes"', 'an expression starts with `=`: write "=classes"'),
        ('"kind"', OPS),
        ('"2 * classes"', 'an expression starts with `=`: write "=2 * classes"'),
        ('"2 * clases"', OPS),
        ('"clases"', OPS),
        ("64.0", "write 64"),
        ("64.5", OPS),
        ('"=16 * width"', 'write "=int(16 * width)", or `make_divisible(...)` for a multiple of 8'),
        ('"=classes / 2"', "`/` gives a float; `//` gives an integer of two integers"),
        ('"=-classes * width"', OPS),
        ("true", OPS),
        ("1e300", OPS),
        ('"NaN"', OPS),
        (f'"{10**400}"', OPS),
    ],
)
def test_values_of_an_op(out: str, help_: str) -> None:
    assert helps(f'op = "conv", out = {out}, kernel = 1') == [help_]


@pytest.mark.parametrize(
    ("out", "help_"),
    [
        ('"64"', "write 64 without quotes"),
        ('"classes"', 'an expression starts with `=`: write "=classes"'),
        ("64.0", "write 64"),
        ('"=16 * width"', 'write "=int(16 * width)", or `make_divisible(...)` for a multiple of 8'),
        ('"word"', "give it int, or declare another type in `args` of `b`"),
    ],
)
def test_values_of_a_block(out: str, help_: str) -> None:
    assert helps(f'use = "b", out = {out}') == [help_]


@pytest.mark.parametrize(
    ("argument", "help_"),
    [
        ('kernel = ["3", "3"]', "write [3, 3], without quotes"),
        ('kernel = ["3", 3]', OPS),
        ('kernel = ["3", "-3"]', OPS),
        ('kernel = 1, padding = "SAME"', 'write "same"'),
        ('kernel = 1, padding = "smae"', 'did you mean "same"?'),
        ('kernel = 1, padding = "SAM"', 'did you mean "same"?'),
        ('kernel = 1, padding = "edges"', OPS),
    ],
)
def test_numbers_in_quotes_in_a_list_and_words_that_are_near(argument: str, help_: str) -> None:
    assert helps(f'op = "conv", out = 4, {argument}') == [help_]


def test_of_a_block_that_is_not_there_nothing_is_said_where_an_op_stands_too() -> None:
    assert helps('op = "relu", use = "nothing"') == ["leave out one of them"]


@pytest.mark.parametrize(
    ("from_", "help_"),
    [
        ('"x, c"', 'several names are a list: from = ["x", "c"]'),
        ('"c,c"', 'several names are a list: from = ["c", "c"]'),
        ('"x, y"', "in this body: x, c"),
    ],
)
def test_several_names_in_one_text(from_: str, help_: str) -> None:
    assert helps(f'op = "add", from = {from_}') == [help_]
