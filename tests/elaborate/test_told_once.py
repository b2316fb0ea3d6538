"""What follows from one mistake is not told besides."""

from __future__ import annotations

import pytest

from graphbuilder.compiler import check_text
from tests.elaborate.cases import HEAD

# What works once on eight channels, and not on what it gives.
_NARROW = '[blocks.narrow]\nbody = [{ op = "conv", out = "=in_channels // 8", kernel = 1 }]\n'


@pytest.mark.parametrize(
    "line",
    [
        '{ id = "a", use = "narrow" }',
        '{ id = "a", use = "narrow", repeat = 1 }',
        '{ id = "a", op = "split", count = 2 }',
        '{ id = "a", op = "conv", out = "=from_channels // 8" }',
    ],
)
def test_a_line_of_a_body_that_stands_there_twice(line: str) -> None:
    text = f'{HEAD}[model]\nbody = [{{ use = "b" }}]\n[blocks.b]\nbody = [\n  {line},\n  {line},\n]\n{_NARROW}'
    assert [(each.code, each.remarks) for each in check_text(text).diagnostics] == [("GB112", ())]


def test_a_step_named_like_another_may_have_mistakes_of_its_own() -> None:
    twice = '{ id = "a", op = "relu" }, { id = "a", op = "conv", from = "imag", out = "=widht" }'
    text = f"{HEAD}[model]\nbody = [{twice}]\n"
    assert sorted(each.code for each in check_text(text).diagnostics) == ["GB112", "GB155", "GB301"]
