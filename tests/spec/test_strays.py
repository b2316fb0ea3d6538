"""Keys of the file below a header, and TOML's names for types: each is told once, and read as what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphbuilder.compiler import check_text

HEAD = 'format = 1\nname = "tiny"\n'
REST = '[inputs]\nx = [3, 8, 8]\n{}\n[params]\nwidth = 4\n{}\n[model]\nbody = [{{ use = "b" }}]\n{}\n[blocks.b]\n{}\n'
BODY = 'body = [{ op = "conv", kernel = 1, out = "=width" }]\n'


@pytest.mark.parametrize(
    ("text", "key", "table"),
    [
        (HEAD + REST.format('dialect = "keras"', "", "", BODY), "dialect", "inputs"),
        ("format = 1\n" + REST.format('name = "a"', "", "", BODY), "name", "inputs"),
        ("format = 1\n" + REST.format("", 'name = "a"', "", BODY), "name", "params"),
        (HEAD + REST.format("", "", 'title = "A"', BODY), "title", "model"),
        (HEAD + REST.format("", 'dialect = "keras"', "", BODY), "dialect", "params"),
        (HEAD + REST.format("", 'title = "A"', "", BODY), "title", "params"),
        (HEAD + REST.format("", 'outputs = { y = "b" }', "", BODY), "outputs", "params"),
        (HEAD + REST.format("", "", '[outputs]\ny = "b"\ntitle = "A net"', BODY), "title", "outputs"),
        (HEAD + REST.format("", "", "", f'{BODY}dialect = "torch"'), "dialect", "blocks.b"),
    ],
)
def test_a_key_of_the_file_below_a_header(text: str, key: str, table: str) -> None:
    (found,) = check_text(text).diagnostics
    assert (found.code, found.help) == ("GB101", f"write `{key}` above the first `[...]`")
    assert found.message == f"`{key}` is a key of the file, and stands in `[{table}]`"
    assert found.span is not None and found.span.text == key


def test_names_that_are_free_may_be_those_of_keys() -> None:
    text = HEAD + REST.format("", "title = 3", "", BODY) + '[outputs]\ndialect = "b"\n'
    assert [each.code for each in check_text(text).diagnostics] == ["GB319"]


@pytest.mark.parametrize("shape", ["3", '"wide"', "[1.5]"])
def test_a_param_called_shape_is_none_of_an_input(shape: str) -> None:
    (found,) = check_text(HEAD + REST.format("", f"shape = {shape}", "", BODY)).diagnostics
    assert (found.code, found.message) == ("GB319", "nothing reads the param `shape`")


@pytest.mark.parametrize("read", ["title == 'A'", "1 if title == 'A' else 2"])
def test_a_param_that_is_read_may_have_the_name_of_a_key(read: str) -> None:
    body = f'body = [{{ op = "conv", kernel = 1, out = "=width", repeat = "=len([{read}])" }}]\n'
    assert check_text(HEAD + REST.format("", 'title = "A"', "", body)).diagnostics == ()


def test_what_toml_calls_a_type_is_none_and_the_argument_must_be_given() -> None:
    body = 'args = { on = "boolean" }\nbody = [{ op = "conv", kernel = 1, out = "=width", when = "=on" }]\n'
    missing, wrong = check_text(HEAD + REST.format("", "", "", body)).diagnostics
    assert (missing.code, missing.help) == ("GB306", "add `on = ...` to the step")
    assert (wrong.code, wrong.help) == ("GB104", "did you mean `bool`?")


SOUND = """\
format = 1
name = "whole"
[params]
width = 4
deep = { default = 3 }
other = 3
[inputs]
x = [3, "=width * 4", 8]
[defaults]
conv = { kernel = 3, padding = "same" }
batchnorm = { eps = 0.01 }
[model]
body = [{ use = "b" }, { use = "b" }]
[blocks.b]
body = [{ op = "conv", out = "=width" }, { op = "batchnorm" }, { op = "conv", out = "=deep * other" }]
"""


@pytest.mark.parametrize(
    ("table", "key"), [("params", "width"), ("inputs", "x"), ("defaults", "conv"), ("model", "body")]
)
def test_a_header_that_is_missing_is_told_once(table: str, key: str) -> None:
    assert check_text(SOUND).diagnostics == ()
    (found,) = check_text(SOUND.replace(f"[{table}]\n", "")).diagnostics
    assert (found.code, found.help) == ("GB101", f"write [{table}] above it")
    assert found.message.endswith(f" has no key `{key}`, and this is of `[{table}]`")
    assert found.span and found.span.text == key
    assert found.remedy and found.remedy.applied == SOUND


def test_what_stands_below_a_header_that_is_missing_is_checked_as_of_its_table() -> None:
    text = SOUND.replace("[defaults]\n", "").replace("eps", "esp").replace("[params]\n", "")
    assert [each.code for each in check_text(text).diagnostics] == ["GB101", "GB101", "GB305"]


def test_params_of_a_variant_without_their_header(tmp_path: Path) -> None:
    (tmp_path / "whole.toml").write_text(SOUND)
    text = 'format = 1\nname = "v"\nextends = "whole.toml"\nwidth = 5\nother = 4\n'
    (found,) = check_text(text, folder=tmp_path).diagnostics
    assert (found.code, found.help) == ("GB101", "write [params] above it")


VARIANT = 'format = 1\nname = "v"\nextends = "whole.toml"\n[params]\nwidth = 5\n'
PARTS = 'args = { wide = 3 }\nbody = [{ op = "conv", out = "=wide" }, { op = "relu" }]\n'
DRAWN = '[init]\nlinear = { kind = "normal", std = 0.1 }\n'
BRANCHED = '[blocks.b]\nmerge = "concat"\n[blocks.b.branches]\nleft = [{ op = "relu" }]\nright = [{ op = "tanh" }]\n'


@pytest.mark.parametrize(
    ("text", "header", "told"),
    [
        (VARIANT + '[inputs]\nx = [3, 8, "=width"]\n', "[inputs]", None),
        (VARIANT + '[model]\nbody = [{ use = "b" }, { op = "relu" }]\n', "[model]", None),
        (f"{VARIANT}[blocks.b]\n{PARTS}", "[blocks.b]", "[blocks.NAME]"),
        (SOUND.replace('use = "b"', 'use = "c"', 1).replace("[inp", f"[blocks.c]\n{PARTS}[inp"), "[blocks.c]", None),
        (SOUND.replace("[model]", f"{DRAWN}[model]"), "[init]", None),
        (SOUND.replace("batchnorm =", "tanh = {}\nbatchnorm ="), "[defaults]", None),
        (SOUND[: SOUND.index("[blocks.b]")] + BRANCHED, "[blocks.b.branches]", None),
    ],
)
def test_all_that_stands_below_a_header_that_is_missing(
    text: str, header: str, told: str | None, tmp_path: Path
) -> None:
    (tmp_path / "whole.toml").write_text(SOUND)
    assert not [each for each in check_text(text, folder=tmp_path).diagnostics if each.severity == "error"]
    (found,) = check_text(text.replace(f"{header}\n", ""), folder=tmp_path).diagnostics
    assert (found.code, found.help) == ("GB101", f"write {told or header} above it")


def test_a_block_without_its_header_where_blocks_are_no_table() -> None:
    text = f'{HEAD}blocks = 3\n[params]\n{PARTS}[inputs]\nx = [3, 8, 8]\n[model]\nbody = [{{ use = "b" }}]\n'
    assert [each.code for each in check_text(text).diagnostics] == ["GB103", "GB101"]


@pytest.mark.parametrize("keys", ['shortcut = "identity"\nafter = [{ op = "relu" }]\n', "branches.a = []\nmerge = 3\n"])
def test_what_only_a_block_has_is_told_once_of_the_model(keys: str) -> None:
    (found,) = check_text(SOUND.replace("[blocks.b]", f"{keys}[blocks.b]")).diagnostics
    assert found.code == "GB101" and found.message.endswith("only a block joins paths")
    (found,) = check_text(f"{HEAD}inputs.x = [3]\n[model]\nbranches.a = []\nmerge = 3\n").diagnostics
    assert found.message == "`model` has no key `branches`: only a block joins paths"


def test_a_block_without_its_header_is_told_at_the_key_that_is_there_already() -> None:
    text = f"{SOUND}\n[blocks.c]\nbody = [{{ op = 'relu' }}]\n".replace('use = "b" }]', 'use = "c" }]')
    assert check_text(text).diagnostics == ()
    (found,) = check_text(text.replace("[blocks.c]\n", "")).diagnostics
    assert (found.code, found.span and found.span.text) == ("GB006", "body")
    assert found.help and found.help.startswith("keep one of the two; if it is of a table of its own")


def test_what_is_nowhere_is_told_at_the_first_that_names_it() -> None:
    for text, code, places in (
        (SOUND.replace("blocks.b", "blocks.zork"), "GB304", 1),
        (SOUND.replace("width = 4", "zork = 4"), "GB155", 1),
    ):
        found, *rest = check_text(text).diagnostics
        assert (found.code, [label.text for label in found.related], rest) == (code, ["and here"] * places, [])


@pytest.mark.parametrize("above", ['[steps]\nb = { title = "B" }\n', "[steps]\n", ""])
def test_a_block_of_a_variant_without_its_header(above: str, tmp_path: Path) -> None:
    (tmp_path / "whole.toml").write_text(SOUND.replace('{ use = "b" }', '{ id = "b", use = "b" }', 1))
    body = 'body = [{ use = "c", wide = 3 }]\nshortcut = "identity"\nshortcut_when = false\n'
    rest = f"[blocks.c]\n{PARTS.replace('wide = 3', 'wide = 4')}"
    text = f'format = 1\nname = "v"\nextends = "whole.toml"\n{above}\n{body}{rest}'
    found, *others = check_text(text, folder=tmp_path).diagnostics
    assert not [each for each in others if each.severity == "error"]
    where = "`steps`" if above else "a spec"
    assert (found.code, found.message) == ("GB101", f"{where} has no key `body`, and this is of a block")
    assert found.help == "write [blocks.NAME] above it"


def test_a_slip_of_a_key_is_no_param_of_a_variant(tmp_path: Path) -> None:
    (tmp_path / "whole.toml").write_text(SOUND)
    text = 'fomrat = 1\nname = "v"\nextends = "whole.toml"\n'
    (found,) = check_text(text, folder=tmp_path).diagnostics
    assert (found.code, found.help) == ("GB101", "did you mean `format`?")


def test_a_misspelt_table_beside_the_one_that_is_meant(tmp_path: Path) -> None:
    (tmp_path / "whole.toml").write_text(SOUND.replace('{ use = "b" }', '{ use = "a" }', 1) + "[blocks.a]\n" + PARTS)
    wide = '[block.b]\nbody = [{ op = "conv", out = 9 }]\nshortcut = "project"\n'
    text = f'format = 1\nname = "v"\nextends = "whole.toml"\n[blocks.a]\n{PARTS}{wide}'
    (found,) = check_text(text, folder=tmp_path).diagnostics
    assert (found.code, found.help) == ("GB101", "did you mean `blocks`?")
    assert found.remedy and check_text(found.remedy.applied, folder=tmp_path).diagnostics == ()
    (other,) = check_text(text.replace("project", "projekt"), folder=tmp_path).diagnostics[1:]
    assert other.span and other.span.text == '"projekt"'


def test_a_misspelt_table_is_not_read_over_what_is_there() -> None:
    text = SOUND.replace("[params]", "[parms]\nwidth = 3\n\n[params]")
    (found,) = check_text(text).diagnostics
    assert (found.code, found.help) == ("GB101", "did you mean `params`?")
