"""A block of a variant that replaces the inherited one whole: what it leaves out is told once, with a remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphbuilder.compiler import check
from graphbuilder.diagnostics import Diagnostic

BASE = """\
format = 1
name = "base"
[params]
width = 8
[inputs]
image = [3, 8, 8]
[model]
body = [{ use = "unit", out = 4, wide = true }, { use = "unit", out = 8 }]
[blocks.unit]
args = { out = "int", wide = false, unread = 1 }
let  = { double = "=2 * out", mid = "=double + width" }
body = [{ op = "conv", out = "=mid", kernel = 1 }, { op = "relu", when = "=wide" }]
"""
HEAD = 'format = 1\nname = "child"\nextends = "base.toml"\n\n'
BODY = 'body = [{ op = "conv", out = "=out", kernel = 1 }]\n'


def told(folder: Path, block: str, base: str = BASE) -> tuple[Diagnostic, ...]:
    (folder / "base.toml").write_text(base)
    (folder / "child.toml").write_text(HEAD + block)
    return check(folder / "child.toml").diagnostics


# The block of the variant, what is said of it, and what the tried remedy makes of it.
ROWS = {
    "arguments": (
        "[blocks.unit]\n" + BODY,
        "the block `unit` replaces the inherited one whole, and leaves out its `args` out, wide",
        '[blocks.unit]\nargs = { out = "int", wide = false }\n' + BODY,
    ),
    "one of them": (
        '[blocks.unit]\nargs = { out = "int" }\n' + BODY,
        "the block `unit` replaces the inherited one whole, and leaves out its `args` wide",
        '[blocks.unit]\nargs = { out = "int", wide = false }\n' + BODY,
    ),
    "lets, and those that they read": (
        '[blocks.unit]\nargs = { out = "int", wide = false }\n' + BODY.replace("=out", "=mid"),
        "the block `unit` replaces the inherited one whole, and leaves out its `let` double, mid",
        '[blocks.unit]\nlet = { double = "=2 * out", mid = "=double + width" }\nargs = { out = "int", wide = false }\n'
        + BODY.replace("=out", "=mid"),
    ),
    "both": (
        "[blocks.unit]\n" + BODY.replace("=out", "=double"),
        "the block `unit` replaces the inherited one whole, and leaves out its `args` out, wide and its `let` double",
        '[blocks.unit]\nargs = { out = "int", wide = false }\nlet = { double = "=2 * out" }\n'
        + BODY.replace("=out", "=double"),
    ),
    "an inline table": (
        f"blocks.unit = {{ {BODY.strip()} }}\n",
        "the block `unit` replaces the inherited one whole, and leaves out its `args` out, wide",
        f'blocks.unit = {{ {BODY.strip()}, args = {{ out = "int", wide = false }} }}\n',
    ),
}


@pytest.mark.parametrize(("block", "message", "repaired"), ROWS.values(), ids=ROWS)
def test_what_is_left_out_is_told_once(tmp_path: Path, block: str, message: str, repaired: str) -> None:
    (found,) = told(tmp_path, block)
    assert (found.code, found.message) == ("GB119", message)
    assert found.span and (Path(found.span.path).name, found.span.line) == ("child.toml", 5)
    assert {Path(label.span.path).name for label in found.related} == {"base.toml"}
    assert found.remedy and found.remedy.applied == HEAD + repaired
    (tmp_path / "child.toml").write_text(found.remedy.applied)
    assert check(tmp_path / "child.toml").diagnostics == ()


def test_a_remedy_in_two_places_is_said_and_not_tried(tmp_path: Path) -> None:
    block = '[blocks.unit]\nargs = { out = "int" }\n' + BODY.replace("=out", "=double")
    (found,) = told(tmp_path, block)
    assert found.remedy is None
    assert found.help == 'write them here, too: args = { wide = false }, let = { double = "=2 * out" }'


@pytest.mark.parametrize(
    "block",
    [
        '[blocks.unit]\nargs = { out = "int", wide = true }\n' + BODY,
        '[blocks.unit]\nargs = { out = "int", wide = true }\nlet = { double = 3 }\n' + BODY.replace("=out", "=double"),
        '[blocks.unit]\nshortcut = "project"\n',
        '[blocks.other]\nargs = { deep = 1 }\nbody = [{ op = "conv", out = "=deep", kernel = 1 }]\n'
        '[model]\nbody = [{ use = "unit", out = 2 }, { use = "other" }]\n',
    ],
)
def test_what_is_whole_or_new_is_sound(tmp_path: Path, block: str) -> None:
    assert [each.code for each in told(tmp_path, block) if each.severity == "error"] == []


def test_steps_that_no_longer_give_an_argument_do_not_miss_it(tmp_path: Path) -> None:
    block = '[blocks.unit]\nbody = [{ op = "relu" }]\n[model]\nbody = [{ use = "unit" }]\n'
    assert [each.code for each in told(tmp_path, block) if each.severity == "error"] == []


def test_what_else_is_wrong_is_told_besides(tmp_path: Path) -> None:
    found = told(tmp_path, "[blocks.unit]\n" + BODY.replace("kernel = 1", 'kernel = "1"'))
    assert [each.code for each in found] == ["GB119", "GB307"]


def test_a_block_that_was_replaced_farther_off(tmp_path: Path) -> None:
    told(tmp_path, "[blocks.unit]\n" + BODY)
    (tmp_path / "last.toml").write_text('format = 1\nname = "last"\nextends = "child.toml"\n')
    (found,) = check(tmp_path / "last.toml").diagnostics
    assert found.code == "GB119"
    assert found.span and Path(found.span.path).name == "child.toml"
    assert found.remedy is None, "only the file itself is edited"


def test_what_cannot_be_read_in_the_inherited_block_is_not_missed(tmp_path: Path) -> None:
    broken = BASE.replace('"=2 * out"', '"=2 *"')
    (found,) = told(tmp_path, "[blocks.unit]\n" + BODY.replace("=out", "=double"), broken)
    assert found.code == "GB119"


def test_an_argument_by_another_name_is_told_once(tmp_path: Path) -> None:
    block = '[blocks.unit]\nargs = { outs = "int", wide = false }\n' + BODY.replace("=out", "=outs")
    (found,) = told(tmp_path, block)
    assert found.code == "GB119" and found.message.endswith("its `args` out")
