"""Arguments and lets of blocks that nothing reads."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

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
