"""Params that stand above the header of theirs are told once, and are read all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphbuilder.compiler import check_text
from graphbuilder.diagnostics import Diagnostic

BASE = """format = 1
name = "base"
[params]
width = 4
groups = 2
[inputs]
x = [4, 8, 8]
[model]
body = [{ op = "conv", out = "=width", kernel = 1, groups = "=groups" }]
"""


def told(text: str, folder: Path | None = None) -> tuple[Diagnostic, ...]:
    return check_text(text, "case.toml", folder=folder).diagnostics


@pytest.mark.parametrize(
    ("above", "below"),
    [("width = 4  # channels\n", "groups = 2\n"), ("width = 4\n\ngroups = 2\n", "depth = 3\n")],
)
def test_params_above_their_header(above: str, below: str) -> None:
    (found, *unread) = told(BASE.replace("[params]\nwidth = 4\ngroups = 2\n", f"{above}[params]\n{below}"))
    assert (found.code, found.message) == ("GB101", "a spec has no key `width`, and this is of `[params]`")
    assert found.help == "move it below `[params]`" and not unread
    assert found.remedy and [each.code for each in told(found.remedy.applied)] == ["GB319"] * below.startswith("depth")


def variant(line: str) -> str:
    return f'format = 1\nname = "n"\nextends = "base.toml"\n{line}\n[params]\nwidth = 8\n'


def test_that_of_a_variant_may_be_read_by_what_it_extends(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(BASE)
    (found,) = told(variant("groups = 4"), tmp_path)
    assert found.remedy and found.remedy.text == "[params]\ngroups = 4"
    assert told(found.remedy.applied, tmp_path) == ()


@pytest.mark.parametrize(
    ("line", "help_"),
    [('titel = "A"', "did you mean `title`?"), ('body = [{ op = "relu" }]', None), ('out = { op = "relu" }', None)],
)
def test_what_is_none_of_them_is_told_as_before(line: str, help_: str | None, tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(BASE)
    found, *_ = told(variant(line), tmp_path)
    assert "move it" not in (found.help or "") and help_ in (None, found.help)


def test_params_that_are_in_braces_are_told_as_before() -> None:
    text = BASE.replace("[params]\nwidth = 4\ngroups = 2\n", "width = 4\nparams = { groups = 2 }\n")
    assert "move it" not in f"{told(text)[0].help}"
