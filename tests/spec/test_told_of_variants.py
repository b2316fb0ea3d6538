"""What is told of a faulty variant, to the letter, with the places of the file that it extends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from graphbuilder.compiler import check
from graphbuilder.diagnostics.draw import draw

BASE = """\
format = 1
name = "base"
[params]
depth = 2
width = 8
[inputs]
x = [8, 16, 16]
[model]
body = [
  { id = "stem", op = "conv", out = "=width", kernel = 3, padding = "same" },
  { id = "middle", use = "unit", wide = 4, repeat = "=depth" },
  { id = "both", use = ["unit", "other"], wide = 4 },
  { id = "end", op = "relu" },
]
[blocks.unit]
args = { wide = "int", deep = 2 }
let = { half = "=wide // 2" }
body = [{ id = "inner", op = "conv", out = "=wide + half + deep", kernel = 1 }]
shortcut = "identity"
[blocks.other]
args = { wide = "int" }
body = [{ op = "conv", out = "=wide", kernel = 1 }]
"""

WIDE = 'format = 1\nname = "wide"\nextends = "base.toml"\n[params]\nwidth = 6'

HALF = 'format = 1\nname = "half"\nextends = "gone.toml"\n'

VARIANTS = {
    "steps_of_what_is_not_whole": 'extends = "half.toml"\n[steps]\nstem = { when = false }',
    "extends_no_path": "extends = 3",
    "extends_nothing": 'extends = "bose.toml"',
    "steps_of_nothing": 'extends = "bose.toml"\n[steps]\nstem = { when = false }',
    "overrides": """
        extends = "base.toml"
        [steps]
        middl = { when = false }
        "middle.inner" = 3
        stem = { id = "root", op = "relu" }
        end = { use = "unit", op = "relu" }
        both = { before = { op = "relu" }, after = [] }
        something = { when = false }
    """,
    "overrides_twice": """
        extends = "base.toml"
        [steps]
        stem = { out = 4 }
        "unit.inner" = { out = 4 }
        "middle.inner" = { out = 5 }
    """,
    "steps_of_another_type": 'extends = "base.toml"\nsteps = 3',
    "blocks_replaced": """
        extends = "base.toml"
        [blocks.unit]
        body = [{ op = "conv", out = "=wide + half", kernel = 1 }, 3]
        [blocks.other]
        body = [{ op = "relu" }]
    """,
    "arguments_replaced": """
        extends = "base.toml"
        [blocks.unit]
        args = { deep = 3 }
        let = { half = 1 }
        body = [{ op = "conv", out = "=wide + half", kernel = 1 }]
    """,
    "arguments_and_lets_replaced": """
        extends = "base.toml"
        [blocks.unit]
        args = { deep = 3 }
        body = [{ op = "conv", out = "=wide + half + deep", kernel = 1 }]
    """,
    "shapes": """
        extends = "base.toml"
        [blocks.other]
        args = { wide = "int" }
        body = [{ op = "conv", out = "=wide", kernel = 3 }]
        shortcut = "identity"
    """,
    "params_of_another_type": 'extends = "base.toml"\n[params]\ndepth = "four"',
    "params_out_of_range": 'extends = "base.toml"\n[params]\nwidth = 0',
    "steps_of_another_op": 'extends = "base.toml"\n[steps]\nend = { op = "linear" }',
    "shapes_of_params": 'extends = "base.toml"\n[params]\nwidth = 6',
    "shapes_of_steps": 'extends = "base.toml"\n[steps]\n"middle.inner" = { padding = "valid", kernel = 3 }',
    "shapes_of_what_it_extends": 'extends = "wide.toml"\n[params]\ndepth = 1',
}


@pytest.mark.parametrize("name", VARIANTS)
def test_told(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, golden: Callable[[str, str], None]) -> None:
    (tmp_path / "base.toml").write_text(BASE, encoding="utf-8")
    (tmp_path / "half.toml").write_text(HALF, encoding="utf-8")
    (tmp_path / "wide.toml").write_text(WIDE, encoding="utf-8")
    text = f'format = 1\nname = "variant"\n{dedent(VARIANTS[name])}\n'
    (tmp_path / "variant.toml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    found = check("variant.toml").diagnostics
    assert found
    golden(f"told/variants/{name}.txt", draw(found) + "\n")
