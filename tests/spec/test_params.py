"""Params that say what they may be: of their own default, of a variant's, and of what a caller sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from graphbuilder.compiler import check, check_text, load
from graphbuilder.diagnostics import CompileError, Diagnostic

SPEC = """\
format = 1
name = "tiny"
[params]
act = { default = "relu", choices = ["relu", "gelu"] }
width = { default = 1.0, min = 0.25, max = 4 }
depths = { default = [1, 2], min = 0 }
classes = 10
[inputs]
image = [3, 8, 8]
[model]
body = [
  { use = "stage", repeat = "=depths" },
  { op = "conv", out = "=classes", kernel = 1 },
]
[blocks.stage]
body = [{ op = "conv", out = "=int(8 * width)", kernel = 1 }, { op = "activation", kind = "=act" }]
"""


def mistakes(**settings: Any) -> tuple[Diagnostic, ...]:
    return check_text(SPEC, "tiny.toml", settings).diagnostics


@pytest.mark.parametrize(
    ("setting", "message", "declared"),
    [
        ({"act": "selu"}, '`act` must be "relu" or "gelu", not "selu"', '["relu", "gelu"]'),
        ({"width": 0}, "`width` must be at least 0.25, not 0.0", "0.25"),
        ({"width": 4.5}, "`width` must be at most 4, not 4.5", "4"),
        ({"depths": [1, -1]}, "`depths` must be at least 0, not -1", "0"),
    ],
)
def test_a_setting_that_its_param_refuses(setting: dict[str, Any], message: str, declared: str) -> None:
    (found,) = mistakes(**setting)
    assert (found.code, found.message, found.help is not None) == ("GB516", message, True)
    assert [label.span.text for label in found.related] == [declared]


def test_a_near_choice_is_named() -> None:
    (found,) = mistakes(act="gel")
    assert found.help == 'did you mean "gelu"?'


@pytest.mark.parametrize("setting", [{"act": "gelu"}, {"width": 4}, {"width": 0.25}, {"depths": []}, {"classes": 3}])
def test_what_a_param_takes(setting: dict[str, Any]) -> None:
    assert [each.code for each in mistakes(**setting) if each.code != "GB313"] == []


def test_every_refused_setting_is_told() -> None:
    checked = check_text(SPEC, "tiny.toml", settings=["act=selu", "width=-1", "classes=ten"])
    assert [each.code for each in checked.diagnostics] == ["GB516", "GB516", "GB503"]


# A declaration and what is said of it.
FAULTY = [
    ('{ default = "elu", choices = ["relu", "gelu"] }', "GB120", '`act` must be "relu" or "gelu", not "elu"'),
    ('{ default = "relu", choices = ["relu", 1] }', "GB120", "`act` cannot be 1: its default is a string"),
    ('{ default = "relu", min = 1 }', "GB120", "`act` is a string, and only numbers have a `min`"),
    ("{ default = 1, min = 3, max = 2 }", "GB120", "`act` cannot be at least 3 and at most 2"),
    ("{ default = 1, min = 2 }", "GB120", "`act` must be at least 2, not 1"),
    ("{ default = [1, 5], max = 4 }", "GB120", "`act` must be at most 4, not 5"),
    ("{ default = 1.0, min = nan }", "GB120", "`act` cannot have nan for its `min`"),
    (
        "{ default = [2], choices = [[2, 2], [3, 3]] }",
        "GB120",
        "`act` cannot have [2, 2] in its list: each item of its default is an integer",
    ),
    ("{ default = true, choices = [1, 0] }", "GB120", "`act` cannot be 1: its default is a boolean"),
    ('{ choices = ["relu"] }', "GB102", "`params.act` has no `default`"),
    ('{ default = "relu", choices = [] }', "GB103", "`choices` must not be empty"),
    ('{ default = "relu", choices = "relu" }', "GB103", "`choices` must be a list, not a string"),
    ('{ default = "relu", choice = ["relu"] }', "GB101", "`params.act` has no key `choice`"),
    ('{ default = "=relu" }', "GB113", "a param cannot be an expression"),
    ('{ default = "relu", choices = ["=relu"] }', "GB113", "a param cannot be an expression"),
    ("{ default = { a = 1 } }", "GB103", "`default` must hold plain values, not a table"),
    ('{ default = 1, min = "one" }', "GB103", "`min` must be an integer or a float, not a string"),
    ("{ default = 1, min = true }", "GB103", "`min` must be an integer or a float, not a boolean"),
]


@pytest.mark.parametrize(("declaration", "code", "message"), FAULTY)
def test_a_faulty_declaration_is_told_once(declaration: str, code: str, message: str) -> None:
    text = SPEC.replace('{ default = "relu", choices = ["relu", "gelu"] }', declaration)
    (found,) = check_text(text, "tiny.toml").diagnostics
    assert (found.code, found.message) == (code, message)
    assert found.span and found.help


def test_a_table_of_its_own_declares_a_param_too() -> None:
    text = SPEC.replace("width = { default = 1.0, min = 0.25, max = 4 }\n", "")
    text = text.replace("[inputs]", "[params.width]\ndefault = 1.0\nmin = 0.5\n[inputs]")
    assert check_text(text, "tiny.toml").diagnostics == ()
    assert [each.code for each in check_text(text, "tiny.toml", {"width": 0.25}).diagnostics] == ["GB516"]


@pytest.mark.parametrize(
    ("params", "message", "told"),
    [
        ("width = { min = 5 }", "`width` cannot be at least 5 and at most 4", ("child", "base", "declared here")),
        ("width = { min = 2 }", "`width` must be at least 2, not 1.0", ("child", "base", "its default")),
        ("width = { default = 8.0 }", "`width` must be at most 4, not 8.0", ("child", "base", "declared here")),
        ("width = { min = nan }", "`width` cannot have nan for its `min`", ("child",)),
    ],
)
def test_a_variant_at_odds_with_its_base_is_told_at_the_variant(
    tmp_path: Path, params: str, message: str, told: tuple[str, ...]
) -> None:
    (found,) = check(variant(tmp_path, params)).diagnostics
    assert found.span and (found.code, found.message) == ("GB120", message)
    places = [label.span.source.path for label in found.related]
    assert [Path(place).stem for place in (found.span.source.path, *places)] == [*told[:2]]
    assert [label.text for label in found.related] == [*told[2:]]


def variant(folder: Path, params: str, base: str = SPEC) -> Path:
    (folder / "base.toml").write_text(base)
    (folder / "child.toml").write_text(f'format = 1\nname = "child"\nextends = "base.toml"\n[params]\n{params}\n')
    return folder / "child.toml"


@pytest.mark.parametrize(
    ("params", "declared"),
    [
        ('act = "gelu"', {"default": "gelu", "choices": ["relu", "gelu"]}),
        ('act = { choices = ["relu"] }', {"default": "relu", "choices": ["relu"]}),
        ('act = { default = "elu", choices = ["elu"] }', {"default": "elu", "choices": ["elu"]}),
        ("classes = { min = 2 }", {"default": 10, "min": 2}),
        ("more = { default = 3 }", {"default": 3}),
    ],
)
def test_a_variant_keeps_what_it_does_not_change(tmp_path: Path, params: str, declared: dict[str, Any]) -> None:
    network = load(variant(tmp_path, params))
    name = params.partition(" ")[0]
    assert network.spec.declared[name].model_dump(exclude_none=True) == declared
    assert network.params[name] == declared["default"]


def test_a_variant_is_held_to_what_it_inherits(tmp_path: Path) -> None:
    (found,) = check(variant(tmp_path, 'act = "selu"')).diagnostics
    assert (found.code, found.message) == ("GB120", '`act` must be "relu" or "gelu", not "selu"')
    assert found.span and (Path(found.span.path).name, found.span.text) == ("child.toml", '"selu"')
    assert [Path(label.span.path).name for label in found.related] == ["base.toml"]


def test_where_each_part_of_a_declaration_stands(tmp_path: Path) -> None:
    spec = load(variant(tmp_path, "width = 2.0\nclasses = { min = 2 }")).spec
    places = [spec.declared["width"].place_of("default"), spec.declared["width"].place_of("min")]
    places += [spec.declared["classes"].place_of(word) for word in ("default", "min")]
    found = [(Path(place.span.path).name, place.span.text) for place in places]
    assert found == [("child.toml", "2.0"), ("base.toml", "0.25"), ("base.toml", "10"), ("child.toml", "2")]


def test_from_python_the_refusal_is_raised(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match='"relu" or "gelu", not "selu"'):
        load(variant(tmp_path, ""), {"act": "selu"})
