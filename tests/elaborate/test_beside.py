"""What is checked beside the network itself: every file of a chain, what nothing uses, and what callers set."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from graphbuilder.compiler import Checked, check, check_text

HEAD = """
format = 1
name = "tiny"
[inputs]
image = [3, 8, 8]
"""


def written(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.toml").write_text(dedent(text).lstrip())
    return folder / f"{next(iter(texts))}.toml"


def places(checked: Checked) -> list[tuple[str, str, int]]:
    return [(each.code, Path(each.span.path).name, each.span.line) for each in checked.diagnostics if each.span]


GRANDPARENT = """
    name = "grandparent"
    [inputs]
    image = [3, 8, "=siz"]
    [model]
    body = [{ id = "a", op = "rellu" }, { id = "b", op = "tanh", frm = "image" }]
"""
PARENT = """
    format = true
    extends = "grandparent.toml"
    [parms]
    size = 8
    [defaults]
    conv = { kernel = 3 }
"""


def test_mistakes_of_a_whole_chain_of_files(tmp_path: Path) -> None:
    child = 'format = 1\nname = "child"\nextends = "parent.toml"\n[steps]\nb = { when = 1 }\nc = { when = false }'
    found = places(check(written(tmp_path, child=child, parent=PARENT, grandparent=GRANDPARENT)))
    assert found == [
        ("GB103", "child.toml", 5),
        ("GB117", "child.toml", 6),
        ("GB102", "grandparent.toml", 1),
        ("GB155", "grandparent.toml", 3),
        ("GB303", "grandparent.toml", 5),
        ("GB305", "grandparent.toml", 5),
        ("GB103", "parent.toml", 1),
        ("GB101", "parent.toml", 3),
    ]


def test_a_file_is_checked_though_what_it_extends_is_missing(tmp_path: Path) -> None:
    child = """
        format = 1
        extends = "nowhere.toml"
        [steps]
        "a.b" = { when = false }
        [blocks.unit]
        body = [{ op = "relu", use = "spare" }, { op = "conv", out = "=1 +" }]
    """
    found = places(check(written(tmp_path, child=child)))
    assert found == [("GB114", "child.toml", 2), ("GB106", "child.toml", 6), ("GB151", "child.toml", 6)]


UNUSED = """
[model]
body = [{ op = "relu" }, { use = "idle", when = false, out = "x" }, { op = "rellu", when = "=deep" }]
[params]
deep = false
depths = [1]
[blocks.idle]
args = { out = "int", width = "=wdth", half = 1.5 }
let = { more = "=depths[3] + half" }
inputs = ["x", "y"]
outputs = { x = "no" }
body = [
  { op = "add", from = ["x", "y"], when = "=depths[4] > out" },
  { id = "first", op = "conv", out = 0, kernel = "=depths[5]" },
  { use = "idle", out = 3, from = { x = "x", z = "y" } },
  { op = "relu", repeat = "=more + i" },
]
"""


def test_what_nothing_uses_is_checked_as_far_as_it_can_be() -> None:
    """What no params were made for, as an index behind the end, is no mistake there."""
    assert [(each.code, each.message) for each in check_text(HEAD + UNUSED, "case.toml").diagnostics] == [
        ("GB308", '`out` of the block `idle` is declared as int; "x" is not'),
        ("GB303", "there is no op `rellu`"),
        ("GB155", "there is no `wdth` here"),
        ("GB301", "no step or input `no` in this body"),
        ("GB307", "`out` of `conv` cannot be 0"),
        ("GB312", "this step has no input `z`"),
        ("GB155", "there is no `i` here"),
    ]


SET = """
[params]
width = 4
groups = 2
depth = 1
[model]
body = [
  { use = "unit", out = "=width", repeat = "=depth" },
  { op = "rellu" },
]
[blocks.unit]
args = { out = "int" }
body = [{ op = "conv", out = "=out", kernel = 1 }, { op = "groupnorm", groups = "=groups" }]
"""


@pytest.mark.parametrize(
    ("params", "line"),
    [({"width": 5}, "width = 4"), ({"groups": 3, "depth": 2}, "groups = 2"), ({"depth": -2}, "depth = 1")],
)
def test_a_mistake_of_a_setting_shows_the_param(params: dict[str, int], line: str) -> None:
    caused, own = check_text(HEAD + SET, "case.toml", params).diagnostics
    if caused.code == "GB303":
        caused, own = own, caused
    name = line.split(maxsplit=1)[0]
    (label,) = [each for each in caused.related if " is set to " in each.text]
    assert label.text == f"`{name}` is set to {params[name]} instead of this"
    assert (HEAD + SET).split("\n")[label.span.line - 1] == line
    assert (own.code, own.related) == ("GB303", ())


def test_a_setting_of_another_type_shows_the_param() -> None:
    wrong, own = check_text(HEAD + SET, "case.toml", {"width": "8"}).diagnostics[::-1]
    assert (wrong.code, own.code) == ("GB503", "GB303")
    (label,) = wrong.related
    assert (label.text, label.span.line) == ("`width` is an integer", 8)
