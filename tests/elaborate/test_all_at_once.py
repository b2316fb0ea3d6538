"""All mistakes of a file in one run, each once, and nothing that merely follows from one of them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from graphbuilder.compiler import Checked, check, check_text
from graphbuilder.diagnostics import Diagnostic

# Every line with a mistake says which, and which characters are to blame.
SIXTEEN = """\
format = 1
name = "sixteen"
dialekt = "keras"  # GB101 dialekt

[params]
width = 8
twice = "=width*2"  # GB113 "=width*2"

[inputs]
image = [3, 32, 32]
mask = [1, "=widht", 32]  # GB155 widht

[defaults]
conv = { kernel = 3, paddin = "half" }  # GB305 paddin

[model]
body = [
  { id = "stem", op = "conv", use = "unit", out = 8, from = "image" },  # GB106 use
  { id = "first", op = "conv", out = "=width +* 2", from = "image" },  # GB151 *
  { id = "second", op = "relu", when = "yes", from = "image" },  # GB103 "yes"
  { id = "third", op = "rellu", from = "image" },  # GB303 "rellu"
  { id = "fourth", use = "unit", outt = 8, from = "image" },  # GB305 outt
  { id = "fifth", op = "linear", out = "8", from = "imag" },  # GB307 "8" GB301 "imag"
  { id = "small", op = "maxpool", kernel = 2, from = "image" },
  { id = "sum", op = "add", from = ["image", "small"] },  # GB204 {
  { id = "last", use = "unit", out = 9, from = "image" },
]

[blocks.unit]
args = { out = "int" }
body = [
  { op = "linear", out = "=out", bias = 1 },  # GB307 1
  { op = "tanh", repeat = -1 },  # GB316 -1
]

[blocks.spare]
bdy = [  # GB101 bdy
  { op = "tanh", from = "nothing" },  # GB301 "nothing"
]
"""


def rows(diagnostics: tuple[Diagnostic, ...]) -> list[tuple[str, int, str]]:
    """Code, line and the first word that is blamed, of each."""
    found: list[tuple[str, int, str]] = []
    for each in diagnostics:
        assert each.span is not None
        line = each.span.source.text.split("\n")[each.span.line - 1]
        blamed = line[each.span.column - 1 : each.span.end_column - 1]
        found.append((each.code, each.span.line, blamed.split()[0]))
    return found


def expected(text: str) -> list[tuple[str, int, str]]:
    found: list[tuple[str, int, str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        words = line.partition("  # ")[2].split()
        found += [(words[at], number, words[at + 1]) for at in range(0, len(words), 2) if words[at].startswith("GB")]
    return found


def test_sixteen_mistakes_of_all_kinds() -> None:
    found = rows(check_text(SIXTEEN, "sixteen.toml").diagnostics)
    assert found == expected(SIXTEEN)
    assert len(found) == 16


HEAD = """
format = 1
name = "tiny"
[inputs]
image = [3, 8, 8]
"""

# One mistake each, and what would be others if its consequences were told.
ENTAILING = {
    "a table misspelt": """
        [parms]  # GB101 parms
        width = 8
        [model]
        body = [{ op = "conv", out = "=width", kernel = 1 }]
    """,
    "a body misspelt": """
        [model]
        body = [{ id = "unit", use = "unit" }, { op = "conv", out = 4, kernel = 1, groups = "=in_width" }]
        [blocks.unit]
        boddy = [{ op = "relu" }]  # GB101 boddy
        [params]
        in_width = 1
    """,
    "an argument misspelt": """
        [model]
        body = [{ op = "conv", out = 4, kernal = 3 }, { op = "add", from = ["conv", "image"] }]  # GB305 kernal
    """,
    "a default misspelt": """
        [defaults]
        conv = { kernal = 3 }  # GB305 kernal
        [model]
        body = [{ op = "conv", out = 4 }, { op = "conv", out = 8 }]
    """,
    "a block's argument misspelt": """
        [model]
        body = [{ use = "unit", outt = 4 }, { op = "conv", out = 3, kernel = 9 }]  # GB305 outt
        [blocks.unit]
        args = { out = "int" }
        body = [{ op = "conv", out = "=out", kernel = 1 }]
    """,
    "a param that is no value": """
        [params]
        width = { a = 1 }  # GB103 {
        [model]
        body = [{ op = "conv", out = "=width", kernel = "=width // 8" }, { op = "linear", out = "=width" }]
    """,
    "a param with a name that none can have": """
        [params]
        my-width = 3  # GB110 my-width
        [model]
        body = [{ op = "conv", out = "=my-width", kernel = 1 }]
    """,
    "an id that is none": """
        [model]
        body = [{ id = 3, op = "relu" }, { op = "add", from = ["three", "image"] }]  # GB103 3
    """,
    "an id with a dot": """
        [model]
        body = [{ id = "a.b", op = "relu" }, { op = "add", from = ["a.b", "image"] }]  # GB110 "a.b"
    """,
    "two steps of one name": """
        [model]
        body = [
          { id = "a", op = "maxpool", kernel = 2 },
          { id = "a", op = "conv", out = 4, kernel = 2, stride = 2, from = "image" },  # GB112 "a"
          { op = "add", from = ["a", "image"] },
        ]
    """,
    "an expression that cannot be read": """
        [model]
        body = [{ op = "relu", repeat = "=1 +" }, { op = "maxpool", kernel = 20 }]  # GB151 +
    """,
    "an expression in the place of a name": """
        [model]
        body = [{ id = "=1 +", op = "relu" }]  # GB151 +
    """,
    "a condition that is none": """
        [model]
        body = [{ op = "maxpool", kernel = 2, when = "no" }, { op = "add", from = ["maxpool", "image"] }]  # GB103 "no"
    """,
    "a join that there is not": """
        [model]
        body = [{ use = "unit" }, { op = "add", from = ["unit", "image"] }]
        [blocks.unit]
        body = [{ op = "conv", out = 4, kernel = 1 }]
        shortcut = "identity"
        merge = "concatenate"  # GB104 "concatenate"
    """,
    "a step that is none": """
        [model]
        body = ["relu", { op = "tanh" }]  # GB103 "relu"
    """,
    "a step with two things to run": """
        [model]
        body = [
          { op = "relu", use = "unit" },  # GB106 use
          { op = "conv", out = 3, kernel = 30 },
        ]
        [blocks.unit]
        body = [{ op = "tanh" }]
    """,
    "inputs of no size": """
        [model]
        body = [{ op = "conv", out = 3, kernel = 30, from = "mask" }]
        [inputs.mask]
        shape = ["=1 / 0", 8, 8]  # GB157 1
    """,
    "outputs that are none": """
        outputs = ["relu"]  # GB103 ["relu"]
        [model]
        body = [{ op = "relu" }, { op = "tanh", from = "image" }]
    """,
    "blocks that are none": """
        blocks = []  # GB103 []
        [model]
        body = [{ use = "unit", out = 3 }]
    """,
    "a circle": """
        [model]
        body = [
          { id = "a", op = "relu", from = "b" },  # GB302 {
          { id = "b", op = "conv", out = 5, kernel = 1 },
          { id = "c", op = "add", from = ["a", "image"] },
        ]
    """,
}


@pytest.mark.parametrize("body", ENTAILING.values(), ids=ENTAILING)
def test_only_the_cause_is_told(body: str) -> None:
    lines = dedent(body).strip().split("\n")
    bare = [line for line in lines if line.startswith(("outputs =", "blocks ="))]
    text = "\n".join(bare) + HEAD + "\n".join(line for line in lines if line not in bare)
    assert rows(check_text(text, "case.toml").diagnostics) == expected(text)


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
