"""All mistakes of a file in one run, each once, and nothing that merely follows from one of them."""

from __future__ import annotations

from textwrap import dedent

import pytest

from graphbuilder.compiler import check_text
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
    "of two inputs one without a size": """
        [model]
        body = [{ op = "relu" }]
        [inputs.mask]
        shape = [0, 8, 8]  # GB323 0
    """,
    "what is no input among the inputs": """
        [inputs.mask]
        layuot = "channels_last"  # GB101 layuot
        shape = [3, 8, 8]
        [model]
        body = [{ op = "relu", from = "image" }]
    """,
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
    "a table that there is not": """
        [defualt_arguments]  # GB101 defualt_arguments
        conv = { kernel = 1 }
        [model]
        body = [{ op = "conv", out = 4 }, { use = "unit", out = 3 }]
        [blocks.unit]
        signature = { out = "int" }  # GB101 signature
        body = [{ op = "conv", out = "=out", kernel = 1 }]
    """,
    "a shortcut that may be there": """
        [model]
        body = [{ use = "unit" }]
        [blocks.unit]
        body = [{ op = "conv", out = 4, kernel = 1 }]
        shortcut = "identity"
        shortcut_when = "=same"  # GB155 same
    """,
    "a join without copies": """
        [model]
        body = [{ op = "relu", merge = "sum" }]  # GB109 merge
    """,
    "a block without steps": """
        [model]
        body = [{ use = "unit" }, { op = "conv", out = 3, kernel = 30 }]
        [blocks.unit]  # GB108 unit
        outputs.y = "relu"
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


@pytest.mark.parametrize("when", ["=nothing", "=1 +", "yes", False])
@pytest.mark.parametrize(("repeat", "wrong"), [('"=copies"', "copies"), ("-1", "-1")])
def test_what_is_wrong_with_a_condition_hides_nothing_of_the_repeat(when: str | bool, repeat: str, wrong: str) -> None:
    condition = f'"{when}"' if isinstance(when, str) else "false"
    step = f"{{ op = 'relu', when = {condition}, repeat = {repeat} }}"
    found = check_text(f"{HEAD}[model]\nbody = [{{ op = 'tanh' }}, {step}]\n", "case.toml").diagnostics
    assert len(found) == (2 if when else 1)
    assert wrong in [each.span.text for each in found if each.span]


@pytest.mark.parametrize(
    ("body", "enlarged"),
    [
        ('{ op = "convtranspose", out = 4, kernel = 2, stride = 2 }', "4x16x16"),
        ('{ op = "convtranspose", out = 3, kernel = 2, stride = 2 }', "3x16x16"),
        ('{ op = "convtranspose", out = 4, kernel = 2, stride = 2 }, { op = "maxpool", kernel = 2 }', "4x8x8"),
        ('{ op = "conv", out = 4, kernel = 3, padding = 2 }', "4x10x10"),
    ],
)
def test_a_projection_enlarges_nothing(body: str, enlarged: str) -> None:
    text = f'{HEAD}[model]\nbody = [{{ use = "up" }}]\n[blocks.up]\nbody = [{body}]\nshortcut = "project"\n'
    (found,) = check_text(text, "case.toml").diagnostics
    assert (found.code, [label.text for label in found.related]) == ("GB326", [f"the body gives {enlarged}"])
    assert found.help
    repaired = text.replace('shortcut = "project"', found.help.partition(": ")[2])
    assert check_text(repaired, "case.toml").diagnostics == ()


def test_blocks_that_use_each_other_are_shown_as_a_path() -> None:
    text = (
        HEAD
        + '[model]\nbody = [{ use = "one" }]\n'
        + "".join(
            f'[blocks.{name}]\nbody = [{{ use = "{other}" }}]\n'
            for name, other in (("one", "two"), ("two", "three"), ("three", "two"))
        )
    )
    (found,) = check_text(text, "case.toml").diagnostics
    assert found.code == "GB314"
    assert found.message.endswith("two -> three -> two")
    told = [(label.text, label.span.line) for label in found.related]
    assert (told, found.label) == ([("`two` uses `three`", 11)], "`three` uses `two`")
    assert found.span and found.span.line == 13


def test_an_argument_too_many_hides_nothing_behind_it() -> None:
    body = '{ op = "relu", out = 8 }, { op = "flatten" }, { op = "conv", out = 4, kernel = 1 }'
    text = f'format = 1\nname = "case"\n[inputs]\nx = [8, 16, 16]\n[model]\nbody = [{body}]'
    assert [each.code for each in check_text(text, "case.toml").diagnostics] == ["GB305", "GB206"]


def test_a_block_that_all_its_uses_call_otherwise_is_told_once() -> None:
    body = '[{ use = "unit" }, { use = "unit" }]\n[blocks.Unit]\nbody = [{ op = "relu" }]'
    text = f'format = 1\nname = "case"\n[inputs]\nx = [8]\n[model]\nbody = {body}'
    (found,) = check_text(text, "case.toml").diagnostics
    assert found.span and (found.code, found.span.line, found.help) == ("GB304", 7, "call it `unit`")
