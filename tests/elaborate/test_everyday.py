"""Everyday mistakes: each is one error, at its place, with a remedy that is true."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphbuilder.compiler import check_text

SOUND = """\
format = 1
name = "n"
[params]
classes = 10
size = 32
groups = 2
widths = [8, 16]
dilations = [1, 2]
[inputs]
image = [3, "=size", "=size"]
[init]
conv = { kind = "kaiming_normal", mode = "fan_out" }
[model]
body = [
  { id = "stem", use = "stem" },
  { id = "stages", use = "stage", repeat = "=widths", out = "=item" },
  { op = "globalavgpool" },
  { id = "logits", op = "linear", out = "=classes" },
]
[outputs]
logits = { from = "logits" }
[blocks.stem]
body = [{ op = "conv", out = 8, kernel = 3, padding = "half" }]
[blocks.stage]  # two of them
args = { out = "int", relu = true, dilation = 1 }
let = { mid = "=int(out * 4 / 8) * groups" }
body = [
  { op = "relu", when = "=relu" },
  { op = "conv", out = "=mid", kernel = 3, padding = "half", dilation = "=dilation" },
  { op = "conv", out = "=mid", kernel = 3, padding = "half", dilation = "=dilation" },
  { op = "batchnorm" },
  { op = "maxpool", kernel = 2, stride = 2 },
]
"""
STEM = 'body = [{ op = "conv", out = 8, kernel = 3, padding = "half" }]'
POOL = '{ op = "maxpool", kernel = 2, stride = 2 }'
DRAWN = '{ kind = "kaiming_normal", mode = "fan_out" }'
BY_WEIGHT = '{ weight = { type = "zeros" }, bias = "zeros" }'
COMPUTED = "what is computed stands in quotes, behind a `=`: "
CLOSED = "close it as it was opened: "
ALONE = "the name of a table stands in a line of its own: "
ROWS_OF_STEM = '[blocks.stem.body]]\nop = "conv"\nout = 8\nkernel = 3\npadding = "half"'
ENDS = "count down: give it an argument that shrinks, and a `when` on it that ends the circle"

# What is written in the place of what, the code, the characters that are marked first, and the remedy.
ROWS = [
    # Blocks among the tables of the file.
    ("[blocks.stem]", "[stem]", "GB101", "stem]", "write [blocks.stem]"),
    ("[blocks.stem]", "[steem]\nbody = [{ op = 'relu' }]\n[blocks.stem]", "GB101", "steem", "write [blocks.steem]"),
    # Headers.
    ("[blocks.stem]", "[blocks.stem # c", "GB005", "[blocks.stem", f"{CLOSED}[blocks.stem]"),
    ("[blocks.stem]", "[blocks.stem)", "GB005", "[blocks.stem", f"{CLOSED}[blocks.stem]"),
    ("[blocks.stem]", "[blocks.stem]:", "GB005", ":", "leave the sign behind it out: [blocks.stem]"),
    ("[blocks.stem]", "[blocks.stem] the first", "GB005", "the", "a comment starts with `#`"),
    ("[blocks.stage]", "[blocks.stage] x", "GB005", "x", "a comment starts with `#`"),
    ("[blocks.stem]", "[blocks.]", "GB005", "]", "a name is letters, digits, `_` and `-`, or anything in quotes"),
    ("[blocks.stem]\nbody", "[blocks.stem]\n[blocks.stem.body]\nop", "GB103", "[blocks.stem.body]", None),
    (f"[blocks.stem]\n{STEM}", ROWS_OF_STEM, "GB005", "]", "open it as it is closed: [[blocks.stem.body]]"),
    ("[blocks.stem]\nbody", "[blocks.stem body", "GB005", "[blocks.stem body", f"{ALONE}[blocks.stem]"),
    ("[blocks.stem]", "[[blocks.stem]", "GB005", "[blocks.stem]", "open it as it is closed: [blocks.stem]"),
    ("[params]", "[[params]", "GB005", "[params]", "open it as it is closed: [params]"),
    ("body = [\n", "body = [[\n", "GB005", "[outputs]", "leave one of the two `[` out"),
    ("body = [\n", "body = [\nbody = [\n", "GB005", "body = [", None),
    # Quotes too many, and names without theirs that are of the file that is extended, or of none.
    ('use = "stem" }', 'use = ""stem" }', "GB005", 'stem" }', "write one quote"),
    ('use = "stem" }', 'use = "stem"" }', "GB005", '" }', "write one quote"),
    ('padding = "half" }]', "padding = half }]", "GB005", "half", 'text stands in quotes: "half"'),
    # Text that was to be computed, and other text that is none.
    ('"=size", "=size"]', '"size", "size"]', "GB103", '"size", "size"]', 'write [3, "=size", "=size"]'),
    ('"=size", "=size"]', '"32", "32"]', "GB103", '"32", "32"]', "write [3, 32, 32]"),
    ('repeat = "=widths"', 'repeat = "widths"', "GB103", '"widths"', 'write "=widths"'),
    ('when = "=relu"', 'when = "relu"', "GB103", '"relu"', 'write "=relu"'),
    ('when = "=relu"', 'when = "true"', "GB103", '"true"', "write true"),
    ('when = "=relu"', 'when = "yes"', "GB103", '"yes"', "an expression starts with `=`"),
    # Values without their quotes, and words of other languages.
    ('"=item"', "item", "GB005", "item", f'{COMPUTED}"=item"'),
    ('[3, "=size", "=size"]', "[3, size, size]", "GB005", "size", f'{COMPUTED}[3, "=size", "=size"]'),
    ('out = "=mid"', "out = in_channels", "GB005", "in_channels", f'{COMPUTED}"=in_channels"'),
    ('when = "=relu"', "when = flase", "GB005", "flase", "write false"),
    ('when = "=relu"', "when = ture", "GB005", "ture", "write true"),
    ('when = "=relu"', "when = tru", "GB005", "tru", "write true"),
    ('{ op = "batchnorm" }', '{ op = "batchnorm", eps = 0,001 }', "GB005", "}", "a point stands in a number: 0.001"),
    ("kernel = 2,", "kernel = 2,2,", "GB005", ",", "a list stands in square brackets: [2,2]"),
    ("widths = [8, 16]", "widths = # two\n  8, 16]", "GB005", "#", None),
    ("widths = [8, 16]", "widths = # two\n  [8, 8],\n  [8, 8],\n]", "GB005", "#", "open the list with `[`"),
    # Keys and names.
    ('{ from = "logits" }', '{ from = "logits", train = true }', "GB101", "train", "did you mean `training`?"),
    ("dilation = 1 }", "dilations = 1 }", "GB305", "dilations", "call it `dilation`"),
    ("{ mid =", "{ middle =", "GB155", "middle", "call it `mid`"),
    ('{ id = "stages"', '{ di = "stages"', "GB305", "di", "did you mean `id`?"),
    ("kind =", "type =", "GB322", "type", "did you mean `kind`?"),
    ('kind = "kaiming_normal", ', "", "GB322", "{ mode", 'add `kind = "normal"`, say'),
    (DRAWN, BY_WEIGHT, "GB322", "type", "did you mean `kind`?"),
    ('mode = "fan_out"', 'mode = "fanout"', "GB322", '"fanout"', 'did you mean "fan_out"?'),
    ('mode = "fan_out"', "stddev = 0.1", "GB322", "stddev", "did you mean `std`?"),
    ('mode = "fan_out"', "mean = 0.0", "GB322", "mean", "leave it out: values are drawn around 0"),
    (DRAWN, '{ kernel = "zeros" }', "GB322", "kernel", "did you mean `weight`?"),
    ('from = "logits"', 'from = "stages[1]"', "GB301", '"stages[1]"', "did you mean `stages.1`?"),
    ('from = "logits"', 'from = "stages/1"', "GB301", '"stages/1"', "did you mean `stages.1`?"),
    ('from = "logits"', 'from = "stages[i]"', "GB301", '"stages[i]"', None),
    # Values.
    ('padding = "half" }]', 'padding = "half", bias = 0 }]', "GB307", "0", "write false"),
    ("size = 32", "size = -5", "GB323", "-5", "write an integer from 1"),
    ("groups = 2", "groups = 2.0", "GB307", "2.0", "write 2"),
    ("widths = [8, 16]", 'widths = "8, 16"', None, '"8, 16"', "write [8, 16]"),
    ('"=relu"', '"=out => 0"', "GB151", "=>", "write `>=`: out >= 0"),
    ('"=relu"', '"=out =< 0"', "GB151", "=<", "write `<=`: out <= 0"),
    ('"=relu"', '"=out <> 0"', "GB151", "<>", "write `!=`: out != 0"),
    ('"=relu"', '"=out ≥ 0"', "GB151", "≥", "write `>=`: out >= 0"),
    (STEM, 'body = "relu"', "GB103", '"relu"', 'write [{ op = "relu" }]'),
    (STEM, 'body = ["relu"]', "GB103", '"relu"', 'write { op = "relu" }'),
    # Circles.
    (POOL, POOL + ', { use = "stage", out = 8 }', "GB314", "{ use", ENDS),
    (POOL, POOL + ', { use = "stage", out = "=out * 2" }', "GB314", "{ use", ENDS),
]  # fmt: skip


def told(text: str, folder: Path | None = None) -> list[tuple[str, str, str | None]]:
    """The code of each error, the line of the text from its place on, and its remedy."""
    found = [each for each in check_text(text, "case.toml", folder=folder).diagnostics if each.severity == "error"]
    spans = [each.span for each in found if each.span]
    assert len(spans) == len(found)
    lines = [span.source.text.split("\n")[span.line - 1][span.column - 1 :] for span in spans]
    return [(each.code, line, each.help) for each, line in zip(found, lines, strict=True)]


def test_the_spec_is_sound() -> None:
    assert told(SOUND) == []


@pytest.mark.parametrize(("right", "wrong", "code", "marked", "help_"), ROWS)
def test_one_mistake_is_one_error(right: str, wrong: str, code: str | None, marked: str, help_: str | None) -> None:
    assert right in SOUND
    ((found, line, remedy),) = told(SOUND.replace(right, wrong, 1))
    assert line.startswith(marked)
    assert code in (None, found)
    assert help_ in (None, remedy)


@pytest.mark.parametrize("word", ["global", "class", "lambda", "in", "when"])
def test_a_name_that_cannot_be_one_is_told_where_it_is_declared_alone(word: str) -> None:
    text = SOUND.replace("dilation = 1 }", f"{word} = 1 }}").replace('"=dilation"', f'"={word} * 1"')
    ((code, line, help_),) = told(text)
    assert (code, help_) == ("GB111", f"call it `{word}_1`, say") and line.startswith(f"{word} = 1")
    text = SOUND.replace("groups = 2", f"{word} = 2").replace("* groups", f"* {word}")
    assert [code for code, *_ in told(text)] == (["GB111"] if word != "when" else [])


def test_a_word_of_python_that_nothing_declares_is_a_name_that_is_not_there() -> None:
    text = SOUND.replace('"=classes"', '"=class"')
    assert told(text) == [("GB155", 'class" },', "did you mean `classes`?")]
    ((code, *_),) = told(SOUND.replace('"=classes"', "\"=class if 'class' == 'class' elif 3\""))
    assert code == "GB151"


HALVES = ["[blocks.stage]", "[blocks.sta", "[blocks.stage]\nargs = { out = 'int' }", "[blocks.", "[blo"]


@pytest.mark.parametrize("half", HALVES)
def test_of_a_block_that_is_being_written_one_thing_is_told(half: str) -> None:
    begun = SOUND[: SOUND.index("[blocks.stage]")]
    assert len(told(f"{begun}{half}\n")) == 1


def test_an_override_that_shares_with_nobody_is_told_in_its_own_file(tmp_path: Path) -> None:
    (tmp_path / "whole.toml").write_text(SOUND)
    variant = 'format = 1\nname = "v"\nextends = "whole.toml"\n[steps]\nstages = { share = "yes" }\n'
    assert told(variant, tmp_path) == [("GB107", '"yes" }', "write true: all copies have one set of weights")]


def test_of_what_may_be_meant_by_a_name_without_quotes_that_is_told_which_the_network_takes(tmp_path: Path) -> None:
    (tmp_path / "whole.toml").write_text(SOUND)
    variant = 'format = 1\nname = "v"\nextends = "whole.toml"\n[blocks.stem]\n'
    for name, written in (("groups", '"=groups"'), ("half", '"half"')):
        body = f'body = [{{ op = "conv", out = 8, kernel = 3, padding = {name} }}]'
        ((code, _, help_),) = told(variant + body, tmp_path)
        assert code == "GB005" and help_ and help_.endswith(written)
