"""Answers in a spec that extends another: of what is inherited, and of what is overridden."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphbuilder.lsp.completion import complete
from graphbuilder.lsp.hover import hover
from graphbuilder.lsp.places import definition
from tests.lsp.editing import SPEC, opened, taken

CHILD = 'format = 1\nname = "other"\nextends = "base.toml"\n\n[steps]\nlogits = { out = 5 }\n'


@pytest.fixture
def child(tmp_path: Path) -> Path:
    (tmp_path / "base.toml").write_text(SPEC, encoding="utf-8")
    return tmp_path


def test_what_is_inherited(child: Path) -> None:
    file, _ = opened(CHILD, child, CHILD)
    paths = [definition(file, file.text.source.index(word) + 1) for word in ("base.toml", "logits")]
    assert [(found.uri, found.range.start.line) for found in paths if found] == [
        ((child / "base.toml").as_uri(), 0),
        ((child / "base.toml").as_uri(), SPEC[: SPEC.index('{ id = "logits"')].count("\n")),
    ]
    told = hover(file, file.text.source.index("logits") + 1)
    assert told
    assert "| logits | 16 | 5 |" in told.text


def test_what_is_inherited_is_known_in_a_text_that_was_never_right(child: Path) -> None:
    broken = CHILD + '[blocks.x]\nbody = [{ use = "§'
    file, offset = opened(broken, child, broken.replace("§", ""))
    assert [each.label for each in complete(file, offset)] == ["residual", "x"]
    file, offset = opened(CHILD + "mid§", child, CHILD + "mid")
    assert "middle" in [each.label for each in complete(file, offset)]


# What is added to a spec that extends another, and what that other one declares.
OVERRIDDEN = [
    ("[params]\ncla§sses = 5", "classes = 10"),
    ("[params]\nclasses = 5§", None),
    ("[params.depth]\nm§in = 1", "depth = 3"),
    ("[params]\nwid§e = 1", None),
    ("[defaults]\nconv = { ker§nel = 1 }", "kernel = 3"),
    ("[blocks.residual]\nargs = { wi§de = 4 }", 'wide = "int"'),
    ("[blocks.resi§dual]\nargs = { wide = 4 }", "residual]"),
    ("[steps]\nmiddle = { rep§eat = 2 }", "repeat = "),
    ("[steps]\nmiddle = { wh§en = true }", '{ id = "middle"'),
    ("[steps]\nmiddle = { wi§de = 4 }", "wide = 8"),
    ("[steps]\nmiddle = { re§lu = false }", "relu = true"),
    ('[steps]\nmiddle = { after = [{ use = "residual", wi§de = 4 }] }', 'wide = "int"'),
    ('[steps]\n"residual.first" = { out = "=wi§de" }', 'wide = "int"'),
    ('[steps]\nlogits = { from = "st§em" }', '{ id = "stem"'),
    ('[blocks.more]\nbody = [{ use = "residual", wi§de = 4 }]', 'wide = "int"'),
    ("[steps]\nmid§dle = { repeat = 2 }", '{ id = "middle"'),
    ('[steps]\nstem = { after = [{ op = "relu" }] }\nlog§its = { out = 5 }', '{ id = "logits"'),
    ('[model]\nbo§dy = [{ op = "globalavgpool" }]', None),
    ('[model]\nbody = [{ o§p = "globalavgpool" }]', None),
]


@pytest.mark.parametrize(("added", "declared"), OVERRIDDEN)
def test_what_is_overridden_leads_to_where_it_is_declared(child: Path, added: str, declared: str | None) -> None:
    text = f'format = 1\nname = "other"\nextends = "base.toml"\n\n{added}\n'
    file, offset = opened(text, child, text.replace("§", ""))
    found = definition(file, offset)
    assert (found is None) == (declared is None)
    if found and declared:
        assert found.uri == (child / "base.toml").as_uri()
        assert SPEC.split("\n")[found.range.start.line][found.range.start.character :].startswith(declared)


def test_what_stands_around_an_override(child: Path) -> None:
    """Its expressions and paths have the names of the place where the step that it changes stands."""
    text = CHILD + '"residual.first" = { out = "=§" }\nmiddle = { from = "" }\n'
    file, offset = opened(text, child, text.replace("§", ""))
    assert [each.label for each in complete(file, offset)][:2] == ["wide", "relu"]
    steps = complete(file, file.text.source.index('from = ""') + 8)
    assert [each.label for each in steps] == ["image", "stem", "pool", "logits"]


# What is being typed in a variant, an item, and the line that it gives.
TYPED = [
    ("[steps]\n§", "residual.first", '"residual.first" ='),
    ("[steps]\nmid§", "middle", '"middle" ='),
    ('[steps]\n"resi§', "residual.first", '"residual.first" ='),
    ('[steps]\n"residual.§', "residual.first", '"residual.first" ='),
    ("[steps]\n'residual.fi§' = { }", "residual.first", '"residual.first" = { }'),
    ("[steps.§", "middle", '[steps."middle"'),
    ("[steps.§]", "residual.first", '[steps."residual.first"]'),
    ('[steps."resi§', "residual.first", '[steps."residual.first"'),
    ('[steps."residual.first"]\nker§', "kernel", "kernel ="),
    ("[steps]\nmiddle = { wi§ }", "wide", "middle = { wide =  }"),
    ("[params]\ncla§", "classes", "classes ="),
    ("[params.§]", "depth", "[params.depth]"),
    ("[inputs]\n§", "image", "image ="),
    ("[blocks.§]", "residual", "[blocks.residual]"),
    ("[blocks.residual]\nargs = { § }", "wide", "args = { wide =  }"),
    ("[init]\nconv = 1\n[defaults.co§]", "conv", "[defaults.conv]"),
]


@pytest.mark.parametrize(("added", "label", "line"), TYPED)
def test_what_a_variant_may_change_is_offered(child: Path, added: str, label: str, line: str) -> None:
    file, offset = opened(f'format = 1\nname = "other"\nextends = "base.toml"\n\n{added}\n', child, CHILD)
    (item,) = [each for each in complete(file, offset) if each.label == label]
    assert taken(file, item) == line


def test_what_a_variant_has_changed_is_not_offered_again(child: Path) -> None:
    file, offset = opened(f"{CHILD}[steps.§]\n", child, CHILD)
    assert [each.label for each in complete(file, offset)] == ["stem", "middle", "pool", "residual.first"]


def test_what_an_override_changes_is_told_in_a_text_that_was_never_right(child: Path) -> None:
    broken = 'format = 1\nname = "o"\nextends = "base.toml"\n[steps]\n"residual.fi§rst" = { out = }\n'
    file, offset = opened(broken, child, broken.replace("§", ""))
    told = hover(file, offset)
    assert told and told.text == "`residual.first`: `conv`"


def test_what_is_overridden_twice_leads_to_the_nearest_that_declares_it(child: Path) -> None:
    nearer = 'format = 1\nname = "nearer"\nextends = "base.toml"\n[params]\nclasses = 7\n'
    (child / "nearer.toml").write_text(nearer, encoding="utf-8")
    text = 'format = 1\nname = "o"\nextends = "nearer.toml"\n[params]\ncla§sses = 5\ndepth = 1\n'
    file, offset = opened(text, child, text.replace("§", ""))
    found, other = definition(file, offset), definition(file, file.text.source.index("depth"))
    assert found and other
    assert (found.uri, found.range.start.line) == ((child / "nearer.toml").as_uri(), 4)
    assert other.uri == (child / "base.toml").as_uri()
