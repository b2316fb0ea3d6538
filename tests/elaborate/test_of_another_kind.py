"""A name that is near and of another kind than what is read is not the one that was meant."""

from __future__ import annotations

from itertools import product

import pytest

from graphbuilder.compiler import check_text

HEAD = 'format = 1\nname = "case"\n[inputs]\nx = [3, 32, 32]\n[params]\nwidths = [64, 128]\n'
ONCE = '{ op = "conv", out = "=width * 2", kernel = 1 }'
TWICE = f'{ONCE}, {{ op = "conv", out = "=width // 2", kernel = 1 }}'
WHOLE = '{ op = "conv", out = "=width", kernel = 1 }'


@pytest.mark.parametrize(
    ("steps", "places"),
    [(ONCE, 1), (TWICE, 2), (f"{TWICE},\n{WHOLE}", 3), (f"{ONCE},\n{WHOLE}", 2), (f"{WHOLE},\n{WHOLE}", 2)],
)
def test_such_a_name_is_one_mistake_wherever_it_is_read(steps: str, places: int) -> None:
    (found,) = check_text(f"{HEAD}[model]\nbody = [{steps}]\n", "case.toml").diagnostics
    assert (found.code, found.message, len(found.related)) == ("GB155", "there is no `width` here", places - 1)
    assert (found.remedy, found.help) == (None, "in scope: widths, from_channels, from_shape")


def test_in_a_block_too() -> None:
    body = '{ op = "conv", out = "=width * place", kernel = 1 },\n{ op = "conv", out = "=width", kernel = 1 }'
    uses = '[model]\nbody = [{ use = "b", place = 1 }]\n[blocks.b]\nargs = { place = "int" }\n'
    (found,) = check_text(f"{HEAD}{uses}body = [{body}]\n", "case.toml").diagnostics
    assert (found.code, found.message) == ("GB155", "there is no `width` here")
    assert found.help and found.help.startswith("in scope: widths, ")


def test_a_let_and_an_argument_of_another_kind() -> None:
    for steps, words in product(
        (TWICE, f"{WHOLE},\n{WHOLE}"), ("let = { widths = [64, 128] }", "args = { widths = [64, 128] }")
    ):
        text = 'format = 1\nname = "case"\n[inputs]\nx = [3, 32, 32]\n[model]\nbody = [{ use = "b" }]\n[blocks.b]\n'
        (found,) = check_text(f"{text}{words}\nbody = [{steps}]\n", "case.toml").diagnostics
        assert (found.message, len(found.related)) == ("there is no `width` here", 1)


@pytest.mark.parametrize("steps", [ONCE, TWICE])
def test_one_of_the_same_kind_is_meant(steps: str) -> None:
    text = f"{HEAD}[model]\nbody = [{steps}]\n".replace("[64, 128]", "64")
    (found,) = check_text(text, "case.toml").diagnostics
    assert (found.code, found.remedy is not None) == ("GB155", True)


def test_a_name_is_not_offered_where_the_same_is_wrong_already() -> None:
    wrong = WHOLE.replace("=width", "=widths")
    found = check_text(f"{HEAD}[model]\nbody = [{WHOLE},\n{wrong}]\n", "case.toml").diagnostics
    assert [(each.code, each.remedy) for each in found] == [("GB307", None), ("GB155", None)]
