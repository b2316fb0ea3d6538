"""Tables and params of the file that stand in its model, in a block or among the outputs: each is told once."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphbuilder.compiler import check_text
from graphbuilder.diagnostics import Diagnostic

WHOLE = """\
format = 1
name = "whole"

[params]
width = 4
{params}
[inputs]
x = [3, 8, 8]

[init]
conv.weight = {{ kind = "normal", std = 0.1 }}

[defaults]
conv = {{ kernel = 3 }}

[model]
body = [{{ use = "a" }}, {{ use = "b" }}]
{model}
[outputs]
y = "b"
{outputs}
[blocks.a]
body = [{{ op = "conv", out = "=width" }}]

[blocks.b]
body = [{{ use = "a" }}, {{ op = "conv", out = "={out}" }}]
"""
SOUND = WHOLE.format(params="", model="", outputs="", out="width")


def told(text: str, folder: Path | None = None) -> tuple[Diagnostic, ...]:
    return check_text(text, "case.toml", folder=folder).diagnostics


@pytest.mark.parametrize(
    ("table", "holder"),
    [
        *((table, "model") for table in ("params", "inputs", "init", "defaults", "outputs", "blocks.a")),
        *((table, "blocks.b") for table in ("params", "init", "defaults", "blocks.a")),
    ],
)
def test_a_table_in_another_is_told_once(table: str, holder: str) -> None:
    assert told(SOUND) == ()
    (found,) = told(SOUND.replace(f"[{table}]", f"[{holder}.{table}]"))
    assert found.message == f"`[{table}]` is a table of the file, and stands in `[{holder}]`"
    assert (found.code, found.help) == ("GB101", f"write [{table}]")
    assert found.span and found.span.text == f"[{holder}.{table}]"
    assert found.remedy and found.remedy.applied == SOUND


def test_all_headers_of_a_table_are_written_anew_at_once() -> None:
    text = SOUND.replace("[params]\n", "[params.deep]\ndefault = 2\n\n[params]\n")
    (found,) = told(text.replace("[params", "[model.params").replace('"=width"', '"=width * deep"'))
    assert found.remedy and found.remedy.applied == text.replace('"=width"', '"=width * deep"')


def test_each_block_is_told_and_what_they_hold_is_checked() -> None:
    text = SOUND.replace("[blocks.", "[model.blocks.").replace('op = "conv"', 'op = "con"', 1)
    assert [each.code for each in told(text)] == ["GB101", "GB303", "GB101"]


def test_a_table_that_is_there_already_takes_what_it_lacks() -> None:
    text = SOUND + "[model.params]\ndeep = 3\nwidth = 5\n"
    (found,) = told(text.replace('"=width"', '"=width * deep"'))
    assert found.help == "write [params]" and found.remedy is None


def test_a_table_in_braces_is_told_without_an_edit() -> None:
    text = SOUND.replace("[params]\nwidth = 4\n", "").replace("[model]\n", "[model]\nparams = { width = 4 }\n")
    (found,) = told(text)
    assert found.help == "write [params]" and found.remedy is None
    assert found.span and found.span.text == "params"


@pytest.mark.parametrize(
    "table", ["[params]\nwidth = 5\n", '[blocks.a]\nbody = [{ op = "relu" }]\n', "[steps]\na.when = true\n"]
)
def test_a_table_in_the_model_of_a_variant(table: str, tmp_path: Path) -> None:
    (tmp_path / "whole.toml").write_text(SOUND.replace('{ use = "a" }', '{ id = "a", use = "a" }', 1))
    text = f'format = 1\nname = "v"\nextends = "whole.toml"\n{table}'
    expected = [each.code for each in told(text, tmp_path)]
    found, *others = told(text.replace("[", "[model.", 1), tmp_path)
    assert (found.code, [each.code for each in others]) == ("GB101", expected)
    assert found.remedy and found.remedy.applied == text


@pytest.mark.parametrize("table", ["model", "outputs"])
@pytest.mark.parametrize("params", ["", "[params]"])
def test_a_param_in_a_table_that_has_none(table: str, params: str) -> None:
    text = WHOLE.format(params="", model="", outputs="", out="classes").replace("[params]\nwidth = 4\n", "")
    text = text.replace("=width", "=4")
    head, rest = text.split("[inputs]")
    parts = f"{head}{params}\n\n[inputs]{rest}".replace("{table}", table)
    start = parts.index("[outputs]" if table == "model" else "[blocks.a]")
    (found,) = told(f"{parts[:start]}classes = 10\n{parts[start:]}")
    assert (found.code, found.message) == ("GB101", f"`{table}` has no key `classes`, and this is of `[params]`")
    assert found.help == ("move it below `[params]`" if params else "write [params] above it")
    assert found.remedy and told(found.remedy.applied) == ()


def test_a_param_above_the_body_is_not_told_to_put_a_header_between() -> None:
    text = SOUND.replace("[params]\nwidth = 4\n", "").replace("[model]\n", "[model]\nwidth = 4\n")
    (found,) = told(text)
    assert found.help == "move it into a table of its own, [params]" and found.remedy is None
