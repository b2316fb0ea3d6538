"""Remedies that leave the network as it was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphbuilder.compiler import check, check_text

HEAD = 'format = 1\nname = "case"\n[inputs]\nx = [8, 16, 16]\n[model]\nbody = [{}]\n'
LINEAR = '{{ op = "conv", kernel = 1, out = "{}" }}'
PARAMS = "[params]\nclasses = 10\n"
BRANCHES = '[blocks.b.branches]\none = [{ op = "relu" }]\ntwo = [{ op = "tanh" }]\n'
UNIT = (
    '[blocks.u]\nargs = { out = "int", stride = "1" }\n'
    'body = [{ op = "conv", out = "=out", kernel = 1, stride = "=stride" }]\n'
)


@pytest.mark.parametrize(
    ("text", "code", "line", "help_"),
    [
        (
            HEAD.format('{ op = "tokens" }, { op = "attention", embed_dim = 8, heads = 2 }'),
            "GB305",
            6,
            "leave it out: it follows from what the step reads",
        ),
        (
            HEAD.format('{ op = "relu", repeat = "=range(4)" }'),
            "GB152",
            6,
            "`repeat` takes the count itself: write 4",
        ),
        *(
            (
                HEAD.format(LINEAR.format(written)) + PARAMS,
                "GB307",
                6,
                'an expression starts with `=`: write "=classes"',
            )
            for written in ("${classes}", "{classes}", "{{ classes }}", "$classes")
        ),
        (
            HEAD.format('{ use = "b", repeat = 2 }') + BRANCHES,
            "GB316",
            6,
            'join them: merge = "concat" in the block `b`, say',
        ),
        (HEAD.format('{ use = "u", out = 4, stride = 2 }') + UNIT, "GB308", 8, "write 1 without quotes"),
        (HEAD.format('{ use = "u", out = 4 }') + UNIT, "GB307", 8, "write 1 without quotes"),
        (
            HEAD.format(
                '{ id = "down2", op = "relu" }, { id = "down2", op = "relu" }, { id = "down4", op = "relu" }, '
                '{ op = "add", from = ["down3", "down4"] }'
            ),
            "GB112",
            6,
            "give it another name",
        ),
    ],
)
def test_the_one_thing_to_do(text: str, code: str, line: int, help_: str) -> None:
    (found,) = check_text(text, "case.toml").diagnostics
    assert found.span
    assert (found.code, found.span.line, found.help) == (code, line, help_)


def test_arguments_of_an_op_by_its_name_elsewhere_are_told_with_it() -> None:
    step = '{ op = "Conv2D", filters = 6, kernel_size = 5, strides = 1 }, { op = "conw", filters = 6 }'
    found = check_text(HEAD.format(step), "case.toml").diagnostics
    told = [(each.code, each.help) for each in found]
    meant = [("GB305", f"did you mean `{name}`?") for name in ("out", "kernel", "stride")]
    assert told == [("GB303", "did you mean `conv`?"), *meant, ("GB303", "did you mean `conv`?")]


def test_words_of_a_step_by_their_names_elsewhere() -> None:
    (found,) = check_text(HEAD.format('{ name = "c", type = "relu" }'), "case.toml").diagnostics
    assert found.code == "GB106"
    assert found.help == "did you mean `op` by `type`? What is its `name` elsewhere is its `id`"


def test_a_part_of_a_block_is_for_the_inherited_one(tmp_path: Path) -> None:
    base = HEAD.format('{ use = "bottleneck" }') + '[blocks.bottleneck]\nbody = [{ op = "relu" }]\n'
    (tmp_path / "base.toml").write_text(base, encoding="utf-8")
    variant = 'format = 1\nextends = "base.toml"\nname = "v"\n[blocks.bottlenek]\nshortcut = "identity"\n'
    (tmp_path / "v.toml").write_text(variant, encoding="utf-8")
    (found,) = check(tmp_path / "v.toml").diagnostics
    assert (found.code, found.help) == ("GB108", "did you mean `bottleneck`?")
