"""What is offered at a cursor, which `§` stands for, and what stands there once it is taken."""

from __future__ import annotations

import pytest

from graphbuilder.backends.table.ops import properties
from graphbuilder.lsp.completion import complete
from graphbuilder.ops import catalogue
from tests.lsp.editing import POOL, SPEC, edited, opened, taken


def applied(old: str, new: str, label: str) -> str:
    """The line of the cursor once the item ``label`` is taken."""
    file, offset = edited(old, new)
    (item,) = [each for each in complete(file, offset) if each.label == label]
    return taken(file, item)


# What stands in the spec, what is being typed in its place, an item and the line that it gives.
COMPLETIONS = [
    (POOL, '{ op = "§', "conv", '{ op = "conv"'),
    (POOL, '{ op = "glo§" },', "globalavgpool", '{ op = "globalavgpool" },'),
    (POOL, "{ op = §", "relu", '{ op = "relu"'),
    (POOL, "{ op =§", "relu", '{ op = "relu"'),
    (POOL, "{ op = re§ },", "relu", '{ op = "relu" },'),
    (POOL, '{ op = "conv", §', "out", '{ op = "conv", out ='),
    (POOL, '{ op = "conv", ker§ },', "kernel", '{ op = "conv", kernel =  },'),
    (POOL, '{ op = "conv", pad§ = 1 },', "padding", '{ op = "conv", padding = 1 },'),
    (POOL, '{ op = "conv", padding = §', "same", '{ op = "conv", padding = "same"'),
    (POOL, '{ op = "conv", bias = § },', "false", '{ op = "conv", bias = false },'),
    (POOL, '{ § op = "conv" },', "kernel", '{ kernel =  op = "conv" },'),
    (POOL, '{ use = "§', "residual", '{ use = "residual"'),
    (POOL, '{ use = ["§"] },', "residual", '{ use = ["residual"] },'),
    (POOL, '{ use = "residual", §', "wide", '{ use = "residual", wide ='),
    (POOL, '{ use = "residual", relu = §', "true", '{ use = "residual", relu = true'),
    (POOL, '{ op = "relu", from = "§" },', "stem", '{ op = "relu", from = "stem" },'),
    (POOL, '{ op = "relu", from = "mid§" },', "image", '{ op = "relu", from = "image" },'),
    (POOL, '{ op = "relu", from = "middle.§', "middle.*", '{ op = "relu", from = "middle.*"'),
    (POOL, '{ op = "relu", from = "middle.0.§" },', "middle.0.first", '{ op = "relu", from = "middle.0.first" },'),
    (POOL, '{ op = "add", from = ["stem", "§"] },', "middle", '{ op = "add", from = ["stem", "middle"] },'),
    (POOL, '{ op = "add", merge = "§" },', "concat", '{ op = "add", merge = "concat" },'),
    (POOL, '{ op = "conv", init = { k§ } },', "kind", '{ op = "conv", init = { kind =  } },'),
    (POOL, '{ op = "conv", init = { kind = "§', "he_normal", '{ op = "conv", init = { kind = "he_normal"'),
    (
        POOL,
        '{ op = "conv", init = { weight = { mode = § } } },',
        "fan_out",
        '{ op = "conv", init = { weight = { mode = "fan_out" } } },',
    ),
    ("[params]", "[init]\nconv = { kind = §\n[params]", "zeros", 'conv = { kind = "zeros"'),
    (POOL, '{ share = "§", from = "stem" },', "stem", '{ share = "stem", from = "stem" },'),
    ('"=classes"', '"=cla§"', "classes", '{ id = "logits", op = "linear", out = "=classes" },'),
    ('"=wide * 2"', '"=wi§ * 2"', "wide", '{ id = "first", op = "conv", out = "=wide * 2" },'),
    ('"=wide * 2"', '"=§', "in_channels", '{ id = "first", op = "conv", out = "=in_channels },'),
    ('"=wide * 2"', '"=ma§(wide, 2)"', "max", '{ id = "first", op = "conv", out = "=max(wide, 2)" },'),
    ('shortcut = "identity"', "shortcut = §", "project", 'shortcut = "project"'),
    ('shortcut = "identity"', "short§", "shortcut", "shortcut ="),
    ('shortcut = "identity"', "shortcut = [{ op = §", "conv", 'shortcut = [{ op = "conv"'),
    ("[params]", "dia§\n[params]", "dialect", "dialect ="),
    ("[params]", "dialect = §\n[params]", "keras", 'dialect = "keras"'),
    ("[params]", "[§\n[params]", "defaults", "[defaults"),
    ('logits = "logits"', 'logits = "§"', "pool", 'logits = "pool"'),
    ('wide = "int"', "wide = §", "list", 'args = { wide = "list", relu = true }'),
    ("kernel = 3", "§", "dilation", 'conv = { dilation = , padding = "half", bias = false }'),
    ("depth = 3", "depth = { §", "choices", "depth = { choices ="),
    ("depth = 3", "depth = { default = §, choices = [3, 5] }", "5", "depth = { default = 5, choices = [3, 5] }"),
]


@pytest.mark.parametrize(("old", "new", "label", "line"), COMPLETIONS)
def test_completion(old: str, new: str, label: str, line: str) -> None:
    assert applied(old, new, label) == line


# Where nothing of a kind is to be said.
SILENT = [
    (POOL, '{ op = "conv", op§ },', "op"),
    (POOL, '{ op = "conv", § },', "use"),
    (POOL, '{ op = "conv", id = "x§" },', "conv"),
    (POOL, POOL + " # op = §", "conv"),
    (POOL, '{ op = "relu", from = "§" },', "relu"),
    ('"=classes"', '"=§"', "wide"),
]


@pytest.mark.parametrize(("old", "new", "label"), SILENT)
def test_nothing_that_cannot_stand_there(old: str, new: str, label: str) -> None:
    assert label not in [each.label for each in complete(*edited(old, new))]


def test_what_an_op_takes_is_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    conv = catalogue()["conv"]
    made, schema = list[None](), conv.model_json_schema()
    monkeypatch.setattr(conv, "model_json_schema", lambda: made.append(None) or schema)
    properties.cache_clear()
    file, offset = edited(POOL, '{ op = "conv", §')
    assert complete(file, offset) and complete(file, offset)
    properties.cache_clear()
    assert len(made) == 1


def test_blocks_that_are_used_and_not_written_are_offered_as_tables() -> None:
    file, offset = opened(SPEC.replace(POOL, '{ use = "head" },') + "\n[blocks.§")
    assert [each.label for each in complete(file, offset)] == ["head"]
