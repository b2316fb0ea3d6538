"""What is wrong with the arguments of an op whatever it reads is told behind a mistake, too."""

from __future__ import annotations

import pytest

from graphbuilder.compiler import check_text

HEAD = 'format = 1\nname = "case"\n[inputs]\nx = [8, 32, 32]\n[model]\nbody = [\n'
FIRST = '  { op = "conv", out = 10, kernel = 3, groups = 4 },\n'


@pytest.mark.parametrize("op", ["conv", "convtranspose"])
def test_groups_that_do_not_divide_the_output_channels(op: str) -> None:
    text = f'{HEAD}{FIRST}  {{ op = "{op}", out = 12, kernel = 3, groups = 5 }},\n]\n'
    first, second = check_text(text, "case.toml").diagnostics
    assert (first.code, first.span and first.span.line) == ("GB202", 7)
    assert second.message == f"{op}: groups = 5 does not divide 12 output channels"
    assert (second.code, second.span and second.span.text) == ("GB202", "5")


@pytest.mark.parametrize(
    "step", ['{ op = "conv", out = 12, kernel = 3, groups = 4 }', '{ op = "groupnorm", groups = 5 }']
)
def test_what_turns_on_what_is_read_is_not_told(step: str) -> None:
    assert len(check_text(f"{HEAD}{FIRST}  {step},\n]\n", "case.toml").diagnostics) == 1


def test_of_a_step_that_is_left_out_nothing_is_told() -> None:
    text = f"""{HEAD}  {{ op = "conv", out = 12, kernel = 3, when = "=parts == 1" }},
  {{ op = "relu" }},
]
[params]
parts = 5
[defaults]
conv = {{ groups = "=parts" }}
"""
    assert check_text(text, "case.toml").network is not None
