"""A value that is written wrong is told where it is written, once, however often it is read."""

from __future__ import annotations

import pytest

from graphbuilder.compiler import check_text

HEAD = 'format = 1\nname = "case"\n[inputs]\nx = [8, 16, 16]\n'
USE = '{ use = "u", repeat = "=rows", row = "=item" }'
UNIT = '[blocks.u]\nargs = { row = "list" }\nbody = [{ op = "conv", out = "=row[1]", kernel = 1 }]\n'
STAGE = (
    '[blocks.u]\nargs = { out = "int" }\nlet = { mid = "=out * 1.0" }\n'
    'body = [{ op = "conv", out = "=mid", kernel = 1 }, { op = "conv", out = "=mid", kernel = 3 }]\n'
)


def spec(params: str, body: str, rest: str = "") -> str:
    return f"{HEAD}[params]\n{params}\n[model]\nbody = [{body}]\n{rest}"


TWICE = '{ op = "conv", out = "=c", kernel = 1 }, { op = "conv", out = "=c", kernel = 3 }'


@pytest.mark.parametrize(
    ("text", "line", "help_"),
    [
        (spec("c = 64.0", TWICE), 6, "write 64"),
        (spec('c = "64"', TWICE), 6, "write 64 without quotes"),
        (spec('c = "64"', TWICE.replace('"=c"', '"=c * 2"', 1)), 6, "write 64 without quotes"),
        (spec('rows = [\n[1, 2],\n[3, "4"],\n]', USE, UNIT), 8, "write 4 without quotes"),
        (spec("c = 3", '{ use = "u", out = "=c" }', STAGE), 11, 'write "=int(out * 1.0)"'),
    ],
)
def test_it_is_told_where_it_is_written(text: str, line: int, help_: str) -> None:
    (found,) = check_text(text, "case.toml").diagnostics
    assert found.span and found.span.line == line
    assert found.help and found.help.startswith(help_)


PAIR = (
    '[blocks.pair]\nargs = { out = "int", rate = 0.5 }\n'
    'body = [{ op = "conv", out = "=out" }, { op = "relu" }, { op = "conv", out = "=out * 2" }, '
    '{ op = "dropout", rate = "=rate" }]\n[defaults]\nconv = { kernel = 1 }\n'
)
DEEP = (
    '[blocks.a]\nargs = { out = "int" }\nbody = [{ use = "b", widths = "=[out, 4]" }]\n'
    '[blocks.b]\nargs = { widths = "list" }\nbody = [{ op = "conv", out = "=widths[0]", kernel = 1 }]\n'
)
LET = (
    '[blocks.u]\nargs = { out = "int" }\nlet = { rest = "=8 - out" }\n'
    'body = [{ op = "conv", out = "=rest", kernel = 1 }]\n'
)


@pytest.mark.parametrize(
    ("text", "lines", "trail"),
    [
        (spec("c = 8", '\n{ use = "pair", out = 0 },\n{ use = "pair", out = -4 },\n', PAIR), [9, 10], "in pair"),
        (spec("c = 8", '\n{ use = "pair", out = 0 },\n{ use = "pair", out = 0 },\n', PAIR), [9, 10], "in pair"),
        (spec("c = 8", '\n{ use = "pair", out = 8, rate = 3 },\n', PAIR), [9], "in pair"),
        (spec("c = 8", '\n{ use = "pair", out = 8 },\n', PAIR.replace("0.5", "2")), [12], "in pair"),
        (spec("rows = [\n[1, 2],\n[3, 0],\n]", USE, UNIT), [8], "in u.1"),
        (spec("c = 8", '\n{ use = "a", out = 0 },\n', DEEP), [9], "in a.b"),
        (spec("c = 8", '\n{ use = "u", out = 8 },\n', LET), [13], "in u"),
        (spec("c = -8", '{ op = "relu", repeat = "=c" }'), [6], None),
        (spec("c = 10", '{ op = "dropout", rate = "=c" }'), [6], None),
        (spec("c = [\n4,\n0,\n]", '{ op = "conv", out = "=c[1] * 2", kernel = 1 }'), [8], None),
        (spec("c = [\n4,\n[2, -1],\n]", '{ op = "conv", out = "=1 + 3 * c[-1][1]", kernel = 1 }'), [8], None),
        (
            spec(
                "c = [\n4,\n-8,\n]", '{ use = "u", repeat = 2, out = "=2 * c[i] // 2" }', LET.replace("8 - out", "out")
            ),
            [8],
            "in u.1",
        ),
        (spec("c = 10", '{ op = "dropout" }', '[defaults]\ndropout = { rate = "=c" }'), [6], None),
    ],
)
def test_a_value_out_of_range_is_told_where_it_is_written(text: str, lines: list[int], trail: str | None) -> None:
    found = check_text(text, "case.toml").diagnostics
    assert [each.span.line for each in found if each.span] == lines
    assert all(each.related for each in found)
    assert not trail or all(each.remarks[0].startswith(trail) for each in found)


def test_a_default_that_does_not_fit_is_told_at_the_step_that_it_does_not_fit() -> None:
    body = '{ op = "conv" },\n{ op = "conv" },\n{ op = "conv" }'
    text = spec("c = 8", body, "[defaults]\nconv = { kernel = 7, out = 4 }")
    (found,) = check_text(text, "case.toml").diagnostics
    assert found.span and (found.code, found.span.line) == ("GB201", 10)
    assert [label.text for label in found.related] == ["`conv_2` gives 4x4x4", "its `kernel` stands here"]


def test_an_item_that_would_fit_itself_is_not_blamed() -> None:
    text = spec("c = [\n4,\n8,\n]", '{ op = "conv", out = "=c[0] - 2 * c[1]", kernel = 1 }')
    (found,) = check_text(text, "case.toml").diagnostics
    assert found.span and found.span.line == 11


def test_what_takes_no_number_is_not_blamed_on_one() -> None:
    body = '{ op = "reshape", shape = "=[c, 4, 0]" }'
    (found,) = check_text(spec("c = 8", body), "case.toml").diagnostics
    assert found.span and found.span.line == 8


def test_a_list_that_is_too_short_stands_beside_what_reads_it() -> None:
    (found,) = check_text(spec("rows = [\n[1, 2],\n[3],\n]", USE, UNIT), "case.toml").diagnostics
    assert [(label.span.line, label.text) for label in found.related] == [(8, "`row` is this, of 1 items")]
    assert found.remarks == ("in u.1, a `u` used at case.toml:11:9",)


def test_a_size_of_an_input_is_told_at_its_param() -> None:
    text = spec("size = 16.0", '{ op = "relu" }').replace("16, 16", '"=size", "=size"')
    (found,) = check_text(text, "case.toml").diagnostics
    assert found.span and (found.span.line, found.help) == (6, "write 16")


def test_defaults_of_an_op_that_is_misspelt_are_not_missing_besides() -> None:
    text = spec("c = 1", '{ op = "conv", out = "=c" }', "[defaults]\nConv2d = { kernel = 3 }")
    (found,) = check_text(text, "case.toml").diagnostics
    assert (found.code, found.help) == ("GB310", "did you mean `conv`?")


def test_a_count_has_no_items() -> None:
    (found,) = check_text(spec("rows = 2", USE, UNIT), "case.toml").diagnostics
    assert found.help and found.help.startswith("`rows` is 2, a count: `item` is there where it goes over a list")


def test_a_value_that_is_set_is_told_where_it_is_read() -> None:
    """What the file says of it is not what it is."""
    found = check_text(spec("c = 0.5", TWICE), "case.toml", params={"c": 64.0}).diagnostics
    assert [each.span.line for each in found if each.span] == [8, 8]
