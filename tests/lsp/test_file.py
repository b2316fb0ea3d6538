"""Which buffers are specs, or may become one."""

from __future__ import annotations

import pytest

from graphbuilder.lsp.file import SpecFile


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("", True),
        ("format = 1\n[modle]\n", True),
        ('format = 1\nname = "begun', True),
        ('format = 1\n[names]\na = "b"\n', False),
        ("[tool.ruff]\nselect = []\n", False),
        ("[modle]\n", False),
    ],
)
def test_a_buffer_that_may_become_a_spec(text: str, is_one: bool) -> None:
    file = SpecFile("untitled:1", None)
    file.change(text, 1)
    assert file.is_spec is is_one
