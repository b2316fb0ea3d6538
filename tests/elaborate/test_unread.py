"""Arguments and lets of blocks that nothing reads."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from graphbuilder.compiler import check_text
from tests.elaborate.cases import HEAD

UNREAD = """
[model]
body = [{ use = "unit", out = 4, act = true }, { use = ["other", "unit"], out = 4 }]
[blocks.unit]
args = { out = "int", act = true, gone = 1 }
let = { half = "=out // 2", third = "=half" }
body = [{ op = "conv", out = "=half" }]
[blocks.other]
args = { out = "int" }
body = [{ op = "relu" }]
"""


def test_arguments_and_lets_that_nothing_reads() -> None:
    """Not what a step gives to several blocks at once, each of which must then have it."""
    found = check_text(HEAD + dedent(UNREAD)).diagnostics
    assert [(each.code, each.message) for each in found] == [
        ("GB330", "nothing in the block `unit` reads the argument `act`"),
        ("GB330", "nothing in the block `unit` reads the argument `gone`"),
        ("GB330", "nothing in the block `unit` reads the let `third`"),
    ]
    assert all(each.severity == "warning" for each in found)


def test_arguments_that_a_base_gives_are_not_unread(tmp_path: Path) -> None:
    base = '[model]\nbody = [{ use = "unit", act = true }]\n[blocks.unit]\nargs = { act = true }\n'
    base += 'body = [{ op = "relu", when = "=act" }, { op = "tanh" }]'
    (tmp_path / "base.toml").write_text(HEAD + base, encoding="utf-8")
    text = (
        'format = 1\nname = "v"\nextends = "base.toml"\n[blocks.unit]\nargs = { act = true }\nbody = [{ op = "tanh" }]'
    )
    assert check_text(text, folder=tmp_path).diagnostics == ()


BASE = """format = 1
name = "base"
[params]
groups = 1
[inputs]
image = [8, 4, 4]
[model]
body = [{ use = "middle" }]
[blocks.middle]
body = [{ op = "conv", kernel = 1, out = 8, groups = "=groups" }]
"""


@pytest.mark.parametrize(
    ("variant", "told"),
    [
        ("[params]\ngroup = 2", ("GB117", "error", 5, "did you mean `groups`?")),
        ("[params]\ngruops = 2", ("GB117", "error", 5, "did you mean `groups`?")),
        ("[inputs]\nimages = [8, 2, 2]", ("GB117", "error", 5, "did you mean `image`?")),
        ('[blocks.midle]\nbody = [{ op = "relu" }]', ("GB117", "error", 4, "did you mean `middle`?")),
        ("[params]\ngroups2 = 2", ("GB319", "warning", 5, "did you mean `groups`? If not, remove it, or read it")),
        (
            '[blocks.middle_old]\nbody = [{ op = "relu" }]',
            ("GB320", "warning", 4, "did you mean `middle`? If not, remove it, or use it"),
        ),
        ("[params]\ngroup = 2\ngroups = 2", ("GB319", "warning", 5, "remove it, or read it")),
    ],
)
def test_a_name_near_an_inherited_one(tmp_path: Path, variant: str, told: tuple[str, str, int, str]) -> None:
    """A variant that is spelt wrong is not the base; a name that is parked is but a warning."""
    (tmp_path / "base.toml").write_text(BASE, encoding="utf-8")
    text = f'format = 1\nname = "v"\nextends = "base.toml"\n{variant}'
    (found,) = check_text(text, folder=tmp_path).diagnostics
    assert found.span is not None
    assert (found.code, found.severity, found.span.line, found.help) == told
