"""Side paths, bodies beside a shortcut and copies that end in several values: told where they meet or come out."""

from __future__ import annotations

from textwrap import dedent

import pytest

from graphbuilder.compiler import check_text
from tests.elaborate.cases import HEAD

TWO = """
[blocks.two]
branches.left = [{ op = "relu" }]
branches.right = [{ op = "gelu" }]
"""
UNIT = '[model]\nbody = [{ use = "unit" }]\n[blocks.unit]\n'


@pytest.mark.parametrize(
    ("text", "whose"),
    [
        (UNIT + 'branches.a = [{ op = "tanh" }]\nbranches.b = [{ use = "two" }]\n', "`b`"),
        (UNIT + 'merge = "add"\nbranches.a = [{ op = "tanh" }]\nbranches.b = [{ use = "two" }]\n', "`b`"),
        (UNIT + 'body = [{ use = "two" }]\nshortcut = "identity"\n', "the body"),
        (UNIT + 'body = [{ op = "relu" }]\nshortcut = [{ use = "two" }]\n', "the shortcut"),
        ('[model]\nbody = [{ use = "two", repeat = 3, merge = "add" }]\n', "copy 0"),
    ],
)
def test_it_is_told_once(text: str, whose: str) -> None:
    (found,) = check_text(HEAD + dedent(text) + TWO, "case.toml").diagnostics
    assert (found.code, found.message) == ("GB311", f"{whose} gives several values: left, right")
