"""What is said beside a mistake: the remedy, and what an expression was computed from."""

from __future__ import annotations

import pytest

from graphbuilder.compiler import check_text
from graphbuilder.diagnostics import Diagnostic

HEAD = 'format = 1\nname = "case"\n[inputs]\nx = [8, 16, 16]\n'
ROWS = """
[blocks.body]
body = [{ id = "rows", op = "conv", out = 8, kernel = 1, repeat = 15 }, { id = "last", op = "relu" }]
"""
MANY = '{{ id = "rows", use = "body", repeat = 3 }}, {{ op = "relu", from = "{path}" }}'
PAIR = """
[blocks.pair]
outputs = { high = "relu", low = "tanh" }
body = [{ op = "relu" }, { op = "tanh" }]
"""
TWO = '{{ use = "pair" }}, {{ op = "relu", from = "{path}" }}'
DEEP = '{{ id = "backbone", use = "body" }}, {{ op = "relu", from = "{path}" }}'


def mistakes(text: str) -> tuple[Diagnostic, ...]:
    return check_text(HEAD + text, "case.toml").diagnostics


def model(body: str, rest: str = "") -> str:
    return f"[model]\nbody = [{body}]\n{rest}"


# A spec with one mistake, its code and its remedy.
REMEDIES = [
    (
        model('{ use = "=kind" }', '[params]\nkind = "unit"'),
        "GB103",
        "an expression cannot stand here: write a step for each, with `when`",
    ),
    (
        model('{ op = "=kind" }', '[params]\nkind = "relu"'),
        "GB103",
        "an expression cannot stand here: write a step for each, with `when`; "
        "an activation is chosen by `kind` of the op `activation`",
    ),
    (
        model(DEEP.format(path="backbone.rows.33"), ROWS),
        "GB301",
        "`backbone.rows` has the copies `backbone.rows.0` to `backbone.rows.14`",
    ),
    (model(DEEP.format(path="backbone.lats"), ROWS), "GB301", "did you mean `backbone.last`?"),
    (
        model(
            '{ id = "rows", op = "dwconv", kernel = 1, repeat = 3, merge = "add" }, { op = "relu", from = "rows.3" }'
        ),
        "GB301",
        "`rows` has the copies `rows.0` to `rows.2`",
    ),
    (
        model('{ id = "s", op = "split", count = 2 }, { op = "relu", from = "s.2" }'),
        "GB301",
        'name one: "s.0" or "s.1"',
    ),
    (model('{ id = "s", op = "split", count = 2 }, { op = "relu" }'), "GB311", 'write from = "s.0"'),
    (model('{ op = "split", count = 2 }, { op = "concat" }'), "GB311", 'write from = ["split.0", "split.1"]'),
    (model('{ op = "relu", from = "x.0" }'), "GB301", 'it gives one value: "x"'),
    (model('{ op = "relu", from = "x.*" }'), "GB301", "leave `*` out of the path"),
    (model(TWO.format(path="high"), PAIR), "GB301", "did you mean `pair.high`?"),
    (model(TWO.format(path="none"), PAIR), "GB301", "in this body: x, pair.high, pair.low"),
    (model(TWO.format(path="pear.low"), PAIR), "GB301", "did you mean `pair.low`?"),
    (model(TWO.format(path="pair"), PAIR), "GB311", 'name one: "pair.high" or "pair.low"'),
    (model(MANY.format(path="rows.*"), ROWS), "GB311", 'name one: "rows.2", "rows.1" or "rows.0"'),
    (model(MANY.format(path="rows.*.last"), ROWS), "GB311", 'name one: "rows.2.last", "rows.1.last" or "rows.0.last"'),
    (model(MANY.format(path="rows.*.lats"), ROWS), "GB301", "did you mean `rows.*.last`?"),
    (model(MANY.format(path="rwos.2"), ROWS), "GB301", "did you mean `rows.2`?"),
    (
        model('{ op = "droppath", rate = "=0.2 * i / (n - 1)", repeat = 1 }'),
        "GB157",
        "let it be another: `0.2 * i / (n - 1) if n - 1 != 0 else 0`, say",
    ),
    (model('{ op = "conv", out = "=8 // 0", kernel = 1 }'), "GB157", "divide by another number"),
    (
        model('{ op = "windowattention", window = 4, heads = 2 }, { op = "conv", out = 4, kernel = 1 }'),
        "GB205",
        "`channelslast` before it puts the channels last, and `channelsfirst` behind it puts them back",
    ),
    (model('{ op = "conv", out = 6, groups = 4, kernel = 1 }'), "GB202", "write groups = 2"),
]


@pytest.mark.parametrize(("text", "code", "remedy"), REMEDIES)
def test_a_mistake_has_a_remedy(text: str, code: str, remedy: str) -> None:
    assert [(each.code, each.help) for each in mistakes(text)] == [(code, remedy)]


def test_a_format_that_is_not_known() -> None:
    (found,) = check_text(
        (HEAD + model('{ op = "relu" }')).replace("format = 1", "format = 2"), "case.toml"
    ).diagnostics
    assert (found.code, found.help) == ("GB105", "write `format = 1`")


# A step of a block that is given `dim = 32` and 24 channels; what is said beside its mistake.
NOTES = [
    ('{ op = "attention", heads = "=in_channels // dim" }', "GB307", "where in_channels is 24, dim is 32"),
    ('{ op = "conv", out = 24, kernel = 1, groups = "=dim - 27" }', "GB202", "where dim is 32"),
    ('{ op = "conv", out = 8, kernel = ["=dim - 33", 1] }', "GB307", "where dim is 32"),
    ('{ op = "conv", out = 24, kernel = 1, groups = "=dim" }', "GB202", None),
    ('{ op = "conv", out = 24, kernel = 1, groups = 5 }', "GB202", None),
]


@pytest.mark.parametrize(("step", "code", "note"), NOTES)
def test_the_values_that_an_argument_was_computed_from(step: str, code: str, note: str | None) -> None:
    block = f'[blocks.unit]\nargs = {{ dim = "int" }}\nbody = [{step}]'
    (found,) = mistakes(model('{ op = "conv", out = 24, kernel = 1 }, { use = "unit", dim = 32 }', block))
    assert found.code == code
    assert [each for each in found.notes if each.startswith("where")] == ([note] if note else [])


def test_a_default_that_is_misspelt_hides_no_other_argument() -> None:
    found = mistakes(model('{ op = "conv", kernel = 3 }', "[defaults]\nconv = { kernl = 3 }"))
    assert [each.code for each in found] == ["GB306", "GB305"]
    assert "`out`" in found[0].message


def test_a_default_that_is_misspelt_is_not_missing_besides() -> None:
    assert [each.code for each in mistakes(model('{ op = "conv", out = 3 }', "[defaults]\nconv = { kernl = 3 }"))] == [
        "GB305"
    ]


def test_a_second_step_of_a_name_is_not_listed() -> None:
    found = mistakes(model('{ id = "t", op = "relu" }, { id = "t", op = "tanh" }', '[outputs]\ny = "zz"'))
    assert [(each.code, each.help) for each in found] == [
        ("GB112", "give it another name"),
        ("GB301", "in this body: x, t"),
    ]


def test_an_op_that_needs_several_values_takes_a_list_in_order() -> None:
    steps = '{ id = "t", op = "tokens" }, { id = "turned", op = "permute", axes = [1, 0] }, '
    body = steps + '{ op = "matmul", from = [LIST] }'
    given = {
        pair: check_text(HEAD + model(body.replace("LIST", pair)), "case.toml").network
        for pair in ('"t", "turned"', '"turned", "t"')
    }
    shapes = [[str(type_) for type_ in network.typed.outputs] for network in given.values() if network]
    assert shapes == [["256x256"], ["8x8"]]
    assert [each.code for each in mistakes(model(body.replace("LIST", '"t"')))] == ["GB312"]


@pytest.mark.parametrize(("count", "codes"), [(2, ["GB312"]), (3, []), (4, []), (5, ["GB312"])])
def test_a_list_may_name_what_an_op_can_read_besides(count: int, codes: list[str]) -> None:
    steps = '{ id = "t", op = "tokens" }, { id = "bias", op = "parameter", shape = [1, 256, 256] }, '
    listed = ", ".join(['"t"', '"t"', '"t"', '"bias"', '"bias"'][:count])
    checked = check_text(HEAD + model(f'{steps}{{ op = "attend", from = [{listed}] }}'), "case.toml")
    assert [each.code for each in checked.diagnostics if each.code != "GB318"] == codes
