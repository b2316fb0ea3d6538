"""A declaration that is misspelt is told once, and not every place that reads what it was meant to declare."""

from __future__ import annotations

import pytest

from graphbuilder.compiler import check_text

HEAD = 'format = 1\nname = "case"\n[inputs]\nx = [8, 16, 16]\n'
USES = "".join(
    f'{{ id = "{name}", use = "fuse", from = {{ deep = "{of}", low = "x" }} }},\n'
    for name, of in (("b", "x"), ("c", "b"), ("d", "c"), ("e", "d"))
)
FUSE = """
[blocks.fuse]
inputs = ["dep", "low"]
body = [
  { id = "one", op = "conv", out = "=deep_channels", kernel = 1, from = "deep" },
  { op = "add", from = ["one", "low"] },
]
"""
UNIT = """
[blocks.unit]
args = { otu = "int" }
body = [{ op = "conv", out = "=out", kernel = 1 }, { op = "conv", out = "=2 * out", kernel = 1 }]
"""
# A spec, the declaration that is told, and what it is to be called.
MISDECLARED = {
    "an input of a block": (f"[model]\nbody = [\n{USES}]\n{FUSE}", '"dep"', "deep", 6),
    "an input that its uses alone name": (
        f"[model]\nbody = [\n{USES}]\n" + FUSE.replace("deep", "dep"),
        None,
        None,
        None,
    ),
    "an argument of a block": (
        f'[model]\nbody = [{{ use = "unit", out = 4 }}, {{ use = "unit", out = 8 }}]\n{UNIT}',
        "otu",
        "out",
        4,
    ),
    "a step": (
        '[model]\nbody = [{ id = "stme", op = "conv", out = 8, kernel = 1 }, { op = "relu", from = "stem" },\n'
        '{ op = "add", from = ["stem", "x"] }]\n[outputs]\ny = "stem"\nz = "add"\n',
        '"stme"',
        "stem",
        3,
    ),
    "a step of a block": (
        '[model]\nbody = [{ use = "unit" }]\n[blocks.unit]\nbody = [{ id = "stme", op = "relu" }, { op = "tanh" },\n'
        '{ op = "add", from = ["stem", "tanh"] }, { op = "add", from = ["stem", "add"] }]\n',
        '"stme"',
        "stem",
        2,
    ),
}


@pytest.mark.parametrize(("rest", "written", "read", "times"), MISDECLARED.values(), ids=MISDECLARED)
def test_the_declaration_is_told(rest: str, written: str | None, read: str | None, times: int | None) -> None:
    found = check_text(HEAD + rest, "case.toml").diagnostics
    if written is None:
        assert {each.code for each in found} == {"GB312"}, "the block agrees with itself, and each of its uses is told"
        return
    (told,) = found
    assert told.span and told.span.text == written
    assert (told.help, f"{times} p" in told.message) == (f"call it `{read}`", True)
    assert told.remedy and check_text(told.remedy.applied, "case.toml").network is not None


# Each has a mistake where a name is read, and none where one is declared.
READ_WRONG = {
    "a step that is read once": '[model]\nbody = [{ id = "stem", op = "relu" }, { op = "tanh", from = "sten" }]\n',
    "a step that is read by its own name too": (
        '[model]\nbody = [{ id = "stem", op = "relu" }, { op = "add", from = ["stem", "sten"] },\n'
        '{ op = "add", from = ["x", "sten"] }]\n'
    ),
    "a step that is read from outside its block": (
        '[model]\nbody = [{ id = "u", use = "u" }, { op = "add", from = ["u", "u.stem"] }]\n[blocks.u]\n'
        'body = [{ id = "stem", op = "relu" }, { op = "add", from = ["in", "sten"] },\n'
        '{ op = "mul", from = ["in", "sten"] }]\n'
    ),
}


@pytest.mark.parametrize("rest", READ_WRONG.values(), ids=READ_WRONG)
def test_what_is_read_wrong_is_told_where_it_is_read(rest: str) -> None:
    found = check_text(HEAD + rest, "case.toml").diagnostics
    assert {each.span.text for each in found if each.span} == {'"sten"'}


def lone(text: str) -> tuple[str, int, str | None]:
    (found,) = check_text(f"{HEAD}{text}", "case.toml").diagnostics
    assert found.span
    return found.code, found.span.line, found.help


GIVEN = '[model]\nbody = [{ use = "unit", mid = 4, out = 8 }, { use = "unit", mid = 8, out = 8 }]\n[blocks.unit]\n'
READ = 'body = [{ op = "conv", out = "=mid", kernel = 1 }, { op = "conv", out = "=out", kernel = 1 }]\n'
WIDE = f"[model]\nbody = [\n{USES}]\n" + FUSE.replace('["dep", "low"]', '["deep", "low", "more"]')


def test_an_argument_that_is_read_and_given_is_to_be_declared() -> None:
    assert lone(f'{GIVEN}args = {{ out = "int" }}\n{READ}') == ("GB305", 8, 'write mid = "int"')
    assert lone(f"{GIVEN}{READ}".replace(", out = 8", "").replace('"=out"', "8"))[2] == 'add args = { mid = "int" }'


def test_an_input_that_nothing_reads_or_gives_is_one_too_many() -> None:
    assert lone(WIDE) == ("GB312", 14, "leave it out")


def test_what_goes_too_deep_by_several_ways_is_told_once() -> None:
    body = 'body = [{ use = "a", k = "=k - 1", when = "=k > 0" }, { use = "a", k = "=k - 2", when = "=k > 1" }]'
    assert lone(f'[model]\nbody = [{{ use = "a", k = 40 }}]\n[blocks.a]\nargs = {{ k = "int" }}\n{body}')[0] == "GB605"
