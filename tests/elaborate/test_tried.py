"""A suggestion of a shape is shown only where it was tried: once applied, the mistake is gone and no other has come."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphbuilder.compiler import Checked, check_text
from graphbuilder.diagnostics.catalogue import rules
from graphbuilder.elaborate import trying

HEAD = 'format = 1\nname = "case"\n[inputs]\nx = [8, 16, 16]\n'
ADD = '{ op = "add", from = ["x", "a"] }'
CONCAT = '{ op = "concat", from = ["x", "a"] }'


def checked(text: str, folder: Path | None = None) -> Checked:
    return check_text(text, "case.toml", folder=folder)


def model(body: str, rest: str = "") -> str:
    return f"{HEAD}[model]\nbody = [{body}]\n{rest}"


def block(body: str, rest: str = "", use: str = '{ use = "unit" }') -> str:
    return model(use, f"[blocks.unit]\nbody = [{body}]\n{rest}")


# A spec with one mistake, its code, and what is suggested.
FAULTS = [
    (model('{ op = "conv", out = 4, kernel = 20 }'), "GB201", 'write padding = "same"'),
    (model('{ op = "maxpool", kernel = 20, padding = 0 }'), "GB201", 'write padding = "same"'),
    (model('{ op = "maxpool", kernel = 20, dilation = 3 }'), "GB201", 'write padding = "same"'),
    (model('{ op = "conv", out = 4, kernel = 1, groups = 3 }'), "GB202", "write groups = 2"),
    (model('{ op = "conv", out = 4, kernel = 1, groups = 8 }'), "GB202", "write groups = 4"),
    (model('{ op = "groupnorm", groups = 5 }'), "GB202", "write groups = 4"),
    (model('{ op = "softmax", axis = 7 }'), "GB210", "write axis = -1"),
    (model('{ op = "channelslast" }, { op = "conv", out = 4, kernel = 1 }'), "GB205", 'put { op = "channelsfirst" }'),
    (model('{ op = "tokens" }, { op = "conv", out = 4, kernel = 3 }'), "GB205", 'put { op = "maps", size = 16 }'),
    (model('{ op = "attention", heads = 2 }'), "GB205", 'put { op = "tokens" } before it'),
    (model('{ op = "patchmerge" }'), "GB205", 'put { op = "channelslast" } before it'),
    (model(f'{{ id = "a", op = "conv", out = 8, kernel = 3 }}, {ADD}'), "GB204", 'padding = "same" at case.toml:6:9'),
    (model(f'{{ id = "a", op = "conv", out = 4, kernel = 1 }}, {ADD}'), "GB204", "write out = 8 at case.toml:6:9"),
    (model(f'{{ id = "a", op = "conv", out = 4, kernel = 3 }}, {CONCAT}'), "GB203", 'padding = "same"'),
    (
        model('{ id = "a", op = "globalavgpool" }, { op = "mul", from = ["x", "a"] }'),
        "GB204",
        "write keep = true at case.toml:6:9",
    ),
    (
        model('{ id = "a", op = "reduce", kind = "sum", over = 1, keep = false }, { op = "div", from = ["x", "a"] }'),
        "GB204",
        "write keep = true at case.toml:6:9",
    ),
    (block('{ op = "conv", out = 8, kernel = 3, padding = 0 }', 'shortcut = "identity"'), "GB204", 'padding = "same"'),
    (block('{ op = "conv", out = 9, kernel = 2, stride = 2 }', 'shortcut = "identity"'), "GB204", '"project"'),
    (block('{ op = "resize", size = 32 }', 'shortcut = "project"'), "GB326", 'shortcut = [{ op = "resize"'),
    (model('{ id = "s", op = "split", count = 2 }, { op = "relu", from = "s" }'), "GB311", 'name one: "s.0"'),
    (
        model('{ id = "s", op = "split", count = 2 }, { op = "relu", from = "s.1" }', '[outputs]\ny = "s"\nz = "relu"'),
        "GB311",
        'name one: "s.0"',
    ),
    (
        model('{ use = "two", from = { p = "x", q = "x" } }', '[blocks.two]\ninputs = ["p", "q"]\n'
        'body = [{ op = "add", from = ["p", "q"] }]\nshortcut = "identity"'),
        "GB311",
        'write shortcut = [{ op = "identity", from = "p" }]',
    ),
    (
        model('{ use = "unit" }', '[[blocks.unit.body]]\nop = "groupnorm"\ngroups = 3\n'),
        "GB202",
        "write groups = 2",
    ),
    (
        model('{ use = "u" }', '[blocks.u]\nmerge = "add"\nbranches.a = [{ op = "conv", out = 8, kernel = 3 }]\n'
        'branches.b = [{ op = "relu" }]'),
        "GB204",
        'write padding = "same" at case.toml:9:15',
    ),
    (
        block(
            '{ op = "conv", out = 9, kernel = 2, stride = 2 }', 'shortcut = [{ op = "conv", out = 9, kernel = 1 }]'
        ),
        "GB204",
        'write shortcut = "project"',
    ),
    (
        model('{ use = "u" }', '[blocks.u]\nmerge = "concat"\nbranches.a = [{ op = "conv", out = 8, kernel = 1 }]\n'
        'branches.b = [{ op = "maxpool", kernel = 2, stride = 2 }]'),
        "GB203",
        "write stride = 2 at case.toml:9:15",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "suggested"), FAULTS)
def test_what_is_suggested_repairs(text: str, code: str, suggested: str) -> None:
    (found,) = checked(text).diagnostics
    assert found.code == code
    assert found.help and suggested in found.help
    assert found.remedy and (found.meant or found.remedy.help == found.help)
    assert checked(found.remedy.applied).diagnostics == ()


# A spec whose mistake no single edit repairs: what is said is no suggestion.
UNREPAIRED = [
    block(
        '{ op = "groupnorm", groups = "=g" }',
        'args = { g = "int" }',
        '{ use = "unit", g = 3 }, { use = "unit", g = 5 }',
    ),
    model(f'{{ id = "a", op = "split", count = 2 }}, {ADD}'.replace('"a"]', '"a.0"]')),
    model(f'{{ id = "a", op = "maxpool", kernel = 2, stride = 2 }}, {ADD}'),
    model('{ op = "globalavgpool" }, { op = "maxpool", kernel = 2 }'),
    model('{ op = "permute", axes = [1, 2, 0] }, { op = "conv", out = 4, kernel = 1 }'),
    model('{ op = "tokens" }, { op = "permute", axes = [1, 0] }, { op = "attention", heads = 2 }'),
    model('{ op = "permute", axes = [2, 0, 1] }, { op = "conv", out = 4, kernel = 1 }'),
]


@pytest.mark.parametrize("text", UNREPAIRED)
def test_what_repairs_nothing_is_not_suggested(text: str) -> None:
    for found in checked(text).diagnostics:
        assert found.remedy is None or checked(found.remedy.applied).network is not None
        assert found.remedy or not (found.help or "").startswith(("write", "put", "give", "take"))


def test_an_edit_that_brings_another_mistake_is_none() -> None:
    """Tokens would do, had they channels for three heads."""
    (found,) = checked(model('{ op = "attention", heads = 3 }')).diagnostics
    assert (found.help, found.remedy) == ("`tokens` makes tokens of maps", None)


def test_of_several_mistakes_each_has_its_own() -> None:
    body = '{ op = "conv", out = 8, kernel = 20 }, { op = "relu", from = "x" }, { op = "groupnorm", groups = 3 }'
    found = checked(model(body)).diagnostics
    assert [each.help for each in found] == ['write padding = "same"', "write groups = 2"]


# Each behind a step of which it shows only once that step is repaired, or beside it.
OTHERS = [
    '{ op = "relu", from = "nothing" }',
    '{ op = "cnv", out = 4, kernel = 1 }',
    '{ op = "relu", form = "x" }',
    '{ op = "conv", out = "=nothing", kernel = 1 }',
    '{ id = "s", op = "split", count = 2 }, { op = "relu" }',
    '{ op = "conv", out = 4, kernel = 1, groups = 3, from = "x" }',
]


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize(
    ("mistake", "remedy"),
    [
        ('{ op = "conv", out = 8, kernel = 20 }', 'padding = "same" }'),
        ('{ op = "relv" }', '"relu"'),
        ('{ op = "groupnorm", groups = 3 }', "2"),
        ('{ op = "relu", form = "x" }', "from"),
        ('{ op = "relu", from = "X" }', '"x"'),
    ],
)
def test_what_repairs_a_mistake_does_so_beside_others(mistake: str, remedy: str, other: str) -> None:
    found = checked(model(f"{mistake},\n{other}")).diagnostics
    assert found[0].remedy and found[0].remedy.text.endswith(remedy)


def test_no_edit_of_a_file_that_is_extended(tmp_path: Path) -> None:
    base = HEAD + '[params]\ngroups = 4\n[model]\nbody = [{ id = "n", op = "groupnorm", groups = "=groups" }]\n'
    (tmp_path / "base.toml").write_text(base, encoding="utf-8")
    child = 'format = 1\nname = "other"\nextends = "base.toml"\n'
    (found,) = checked(child + "[params]\ngroups = 3\n", tmp_path).diagnostics
    assert (found.help, found.remedy) == ("1, 2, 4 and 8 divide 8", None)
    (found,) = checked(child + "[steps]\nn = { groups = 3 }\n", tmp_path).diagnostics
    assert found.help == "write groups = 2"
    assert found.remedy and checked(found.remedy.applied, tmp_path).diagnostics == ()


SHAPES = [pytest.param(rule, id=code) for code, rule in rules().items() if code.startswith("GB2") and rule.bad]


@pytest.mark.parametrize("rule", SHAPES)
def test_the_examples_of_the_catalogue(rule: type) -> None:
    for found in checked(rule.bad).diagnostics:
        assert found.remedy is None or checked(found.remedy.applied).network is not None
        assert found.remedy or not (found.help or "").startswith(("write", "put", "give", "take"))


def test_a_side_path_has_its_remedy_beside_what_it_hid_in_another_block() -> None:
    """Once the first block is sound, the second has a mistake of its own."""
    blocks = (
        '[blocks.q]\nbody = [{ op = "conv", out = 5, kernel = 1 }]\nshortcut = "identity"\n'
        '[blocks.s]\nbody = [{ op = "conv", out = 7, kernel = 1 }]\nshortcut = [{ op = "relu" }, { op = "tanh" }]\n'
    )
    (found,) = checked(model('{ use = "q" }, { use = "s" }', blocks)).diagnostics
    assert (found.message, found.help) == ("cannot add 5x16x16 and 8x16x16", 'write shortcut = "project"')
    assert found.remedy
    (left,) = checked(found.remedy.applied).diagnostics
    assert left.message == "cannot add 7x16x16 and 5x16x16"


def test_what_only_moves_a_mistake_into_its_own_block_is_none() -> None:
    body = '{ op = "conv", out = 5, kernel = 1 }'
    rest = 'shortcut = "identity"\nafter = [{ op = "groupnorm", groups = 4 }, { op = "relu", axis = 2 }]'
    assert all(each.help != 'write shortcut = "project"' for each in checked(block(body, rest)).diagnostics)


def test_all_side_paths_that_differ_are_told() -> None:
    rest = (
        '[blocks.u]\nmerge = "concat"\n[blocks.u.branches]\na = [{ op = "relu" }]\n'
        'b = [{ op = "conv", out = 8, kernel = 1, stride = 2 }]\nc = [{ op = "maxpool", kernel = 3, stride = 1 }]\n'
    )
    (found,) = checked(model('{ use = "u" }', rest)).diagnostics
    assert sorted(label.text for label in found.related) == ["`a` gives 8x16x16", "`c` gives 8x14x14"]


CONV = '[{ op = "conv", out = 8, kernel = 1 }]'
TWO_EDITS = {
    "side paths of two strides": (
        f'merge = "concat"\nbranches.a = {CONV.replace(" }]", ", stride = 2 }]")}\nbranches.b = {CONV}\n'
        f"branches.c = {CONV}\n",
        "write stride = 2, and write stride = 2 at case.toml:11:15",
    ),
    "two paddings of one path": (
        'body = [{ op = "conv", out = 8, kernel = 3 }, { op = "conv", out = 8, kernel = 3 }]\n'
        'shortcut = [{ op = "relu" }]\n',
        'write padding = "same" at case.toml:8:9, and write padding = "same" at case.toml:8:47',
    ),
    "two words of one step": (
        'body = [{ op = "conv", out = 9, kernel = 3 }]\nshortcut = [{ op = "relu" }]\n',
        'write padding = "same" and out = 8 at case.toml:8:9',
    ),
    "paddings of two side paths": (
        'merge = "concat"\nbranches.a = [{ op = "relu" }]\nbranches.b = [{ op = "conv", out = 4, kernel = 3 }]\n'
        'branches.c = [{ op = "conv", out = 4, kernel = 5, padding = 0 }]\n',
        'write padding = "same" at case.toml:10:15, and write padding = "same" at case.toml:11:15',
    ),
}


@pytest.mark.parametrize(("rest", "told"), TWO_EDITS.values(), ids=TWO_EDITS)
def test_two_edits_where_one_is_not_enough(rest: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "_SECONDS", 60)
    (found,) = checked(model('{ use = "u" }', f"[blocks.u]\n{rest}")).diagnostics
    assert found.help == told
    assert found.remedy and found.remedy.edits == 2
    assert checked(found.remedy.applied).diagnostics == ()


def test_tokens_are_not_made_of_a_vector() -> None:
    (found,) = checked(model('{ op = "flatten" }, { op = "attention", heads = 2 }')).diagnostics
    assert (found.help, found.remedy) == ("`tokens` makes tokens of maps: put it where these are", None)


def test_a_name_that_is_missing_elsewhere_too_is_not_written_once_more() -> None:
    """One mistake tells of all places of a name that is declared nowhere."""
    text = model('{ op = "relu", when = "residual" },\n{ op = "relu", when = "=not residual" }')
    named, missing = checked(text).diagnostics
    assert (named.code, named.remedy, missing.code) == ("GB103", None, "GB155")
