"""What is told of a value of a wrong type can be written."""

from __future__ import annotations

import pytest

from graphbuilder.compiler import check_text

SOUND = """format = 1
name = "n"
[inputs]
x = [3, 8, 8]
[model]
body = [{ id = "a", op = "conv", out = 4, kernel = 1 }, { id = "b", use = "c", share = false }]
[blocks.c]
body = [{ op = "relu" }]
"""
OP = 'name an op: op = "relu", say; `graphbuilder ops` lists them'
BLOCK = 'name a block: use = "stem" for the table [blocks.stem], say'
ID = 'a name is a letter and then letters, digits and `_`: id = "stage_1", say'
SHARE = 'write true, or the id of a step: share = "..."'


@pytest.mark.parametrize(
    ("sound", "wrong", "help_"),
    [
        ('op = "conv"', "op = -3", OP),
        ('op = "conv"', "op = []", OP),
        ('use = "c"', "use = 0", BLOCK),
        ('use = "c"', "use = [1]", BLOCK),
        ('id = "a"', "id = 3", ID),
        ('id = "a"', "id = 1.5", ID),
        ("share = false", "share = 2", SHARE),
        ("format = 1", "format = true", "write `format = 1`"),
        ("format = 1", 'format = "1"', "write 1 without quotes"),
        ("[3, 8, 8]", "[3, 8.5, 8]", 'write an integer or `"=..."`'),
        ("[3, 8, 8]", "[3, 8.0, 8]", "write 8"),
        ('id = "a"', "title = 3", 'write "3" in quotes'),
    ],
)
def test_a_value_of_a_wrong_type(sound: str, wrong: str, help_: str) -> None:
    first, *_ = check_text(SOUND.replace(sound, wrong), "case.toml").diagnostics
    assert (first.code, first.help) == ("GB103", help_)


@pytest.mark.parametrize("wrong", ['"1"', "1.0", "true", "2"])
def test_a_format_is_repaired(wrong: str) -> None:
    (found,) = check_text(SOUND.replace("format = 1", f"format = {wrong}"), "case.toml").diagnostics
    assert found.remedy and found.remedy.applied == SOUND
