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
    """`axis` is near to `axes`, and `softmax` knows no such axis; what `bais` was meant for is there already."""
    monkeypatch.setattr(trying, "_SECONDS", 60)
    wrong = '{ op = "linear", out = 4, bias = true, bais = false }'
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


SEVERAL = '[blocks.u]\nbody = [{ id = "a", op = "relu" }, { id = "b", op = "tanh" }]\n'


@pytest.mark.parametrize(
    ("written", "outputs", "told"),
    [
        ("1", "hi, lo, mid", '"st.lo", "st.hi" or "st.mid"'),
        ("7", "hi, lo, mid", '"st.hi", "st.lo" or "st.mid"'),
        ("middle", "hi, lo, mi", '"st.mi", "st.hi" or "st.lo"'),
    ],
)
def test_all_outputs_of_a_step_are_named_the_nearest_first(written: str, outputs: str, told: str) -> None:
    names = ", ".join(f'{name} = "{step}"' for name, step in zip(outputs.split(", "), "abb", strict=True))
    rest = f"{SEVERAL}outputs = {{ {names} }}\n"
    (found,) = found_in('{ id = "st", use = "u" }', f'{{ op = "relu", from = "st.{written}" }}', rest=rest)
    assert found.help == f"name one: {told}"
    assert found.remedy and found.remedy.text == told[: told.index('"', 1) + 1]


def test_of_several_names_the_one_is_meant_that_fits() -> None:
    rest = '[blocks.u]\nbody = [{ id = "a", op = "relu" }, { id = "b", op = "maxpool", kernel = 2 }]\n'
    rest += 'outputs = { hi = "b", lo = "a" }\n'
    steps = '{ id = "st", use = "u" }', '{ id = "r", op = "relu", from = "st.x" }', '{ op = "add", from = ["r", "x"] }'
    (found,) = found_in(*steps, rest=rest)
    assert (found.help, found.remedy and found.remedy.text) == ('name one: "st.hi" or "st.lo"', '"st.lo"')


JOINED = {"cat": "concat", "concatenate": "concat", "sum": "add", "plus": "add", "multiply": "mul", "conact": "concat"}


@pytest.mark.parametrize(("written", "meant"), JOINED.items())
def test_a_join_by_another_name(written: str, meant: str) -> None:
    rest = f'[blocks.u]\nmerge = "{written}"\nbranches.a = [{{ op = "relu" }}]\nbranches.b = [{{ op = "tanh" }}]\n'
    copies = f'{{ op = "relu", repeat = 2, merge = "{written}" }}'
    assert fixes(found_in(copies, '{ use = "u" }', rest=rest)) == [f'"{meant}"'] * 2


@pytest.mark.parametrize(
    ("line", "word"),
    [('dialect = "pytorch"', "torch"), ('dialect = "TensorFlow"', "keras"), ('dialect = "kears"', "keras")],
)
def test_a_dialect_by_another_name(line: str, word: str) -> None:
    (found,) = check_text(f'{line}\n{HEAD}[model]\nbody = [{{ op = "relu" }}]\n', "case.toml").diagnostics
    assert found.help == f'did you mean "{word}"?'
