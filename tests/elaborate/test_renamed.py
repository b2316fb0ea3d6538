"""Names that may have been meant are tried together: a file of many slips has a fix for each of them."""

from __future__ import annotations

import pytest

from graphbuilder.compiler import check_text
from graphbuilder.diagnostics import Diagnostic
from graphbuilder.elaborate import trying

HEAD = 'format = 1\nname = "case"\n[inputs]\nx = [8, 16, 16]\n'
SLIPS = {
    '{ op = "rellu" }': '"relu"',
    '{ op = "conv", ot = 8, kernel = 1 }': "out",
    '{ op = "conv", out = 8, kernel = 1, padding = "smae" }': '"same"',
    '{ op = "relu", from = "X" }': '"x"',
    '{ op = "conv", out = "=mni(8, 9)", kernel = 1 }': "min",
}


def found_in(*steps: str, rest: str = "") -> tuple[Diagnostic, ...]:
    body = ",\n".join(steps)
    return check_text(f"{HEAD}[model]\nbody = [\n{body}\n]\n{rest}", "case.toml").diagnostics


def fixes(found: tuple[Diagnostic, ...]) -> list[str | None]:
    return [each.remedy.text if each.remedy else None for each in found]


def test_fifteen_slips_have_a_fix_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "_MORE", trying._TRIED)  # whatever time there is
    assert fixes(found_in(*[*SLIPS] * 3)) == [*SLIPS.values()] * 3


def test_one_that_is_not_meant_costs_the_others_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """`axis` is near to `axes`, and `softmax` knows no such axis; what `sclae` was meant for takes no other value."""
    monkeypatch.setattr(trying, "_SECONDS", 60)
    wrong = '{ op = "linear", out = 4, bais = 7 }'
    slips = [*SLIPS] * 2
    found = found_in(*slips[:3], '{ op = "flatten" }', wrong, *slips[3:])
    assert fixes(found)[:3] + fixes(found)[4:] == [*SLIPS.values()] * 2
    assert (found[3].help, found[3].remedy) == ("did you mean `bias`?", None)


# What is written at the place of a mistake is not always the word that is wrong.
PARTS = [
    ('{ opp = "relu" }', "", "op"),
    ('{ use = "u", out = 8 }', '[blocks.u]\nargs = { out = "int | strng" }\nbody = [{ op = "relu" }]\n', "str"),
    ('{ op = "conv", out = 8, kernel = 1, init = { kind = "kaimin_normal", gain = 2.0 } }', "", '"kaiming_normal"'),
    ('{ use = "u" }', '[blocks.u]\nbody = [{ op = "conv", out = "=im_channels", kernel = 1 }]\n', "in_channels"),
]


@pytest.mark.parametrize(("step", "rest", "fix"), PARTS)
def test_the_edit_is_of_the_wrong_word_alone(step: str, rest: str, fix: str) -> None:
    found = found_in(step, rest=rest)
    assert fixes(found)[:1] == [fix]
