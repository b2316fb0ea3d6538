"""What follows from one mistake is not told besides."""

from __future__ import annotations

import pytest

from graphbuilder.compiler import check_text
from tests.elaborate.cases import HEAD

# What works once on eight channels, and not on what it gives.
_NARROW = '[blocks.narrow]\nbody = [{ op = "conv", out = "=in_channels // 8", kernel = 1 }]\n'


@pytest.mark.parametrize(
    "line",
    [
        '{ id = "a", use = "narrow" }',
        '{ id = "a", use = "narrow", repeat = 1 }',
        '{ id = "a", op = "split", count = 2 }',
        '{ id = "a", op = "conv", out = "=from_channels // 8" }',
    ],
)
def test_a_line_of_a_body_that_stands_there_twice(line: str) -> None:
    text = f'{HEAD}[model]\nbody = [{{ use = "b" }}]\n[blocks.b]\nbody = [\n  {line},\n  {line},\n]\n{_NARROW}'
    assert [(each.code, each.remarks) for each in check_text(text).diagnostics] == [("GB112", ())]


def test_a_step_named_like_another_may_have_mistakes_of_its_own() -> None:
    twice = '{ id = "a", op = "relu" }, { id = "a", op = "conv", from = "imag", out = "=widht" }'
    text = f"{HEAD}[model]\nbody = [{twice}]\n"
    assert sorted(each.code for each in check_text(text).diagnostics) == ["GB112", "GB155", "GB301"]


def test_what_an_unreadable_condition_guards_is_not_held_to_fit() -> None:
    guarded = '{ op = "conv", out = 4 }, { op = "add", from = ["in", "conv"], when = "=not alone" }'
    block = f'[blocks.b]\nargs = {{ alone = "bool" }}\nbody = [{guarded}]\n'
    text = f'{HEAD}[model]\nbody = [{{ use = "b", alone = "=first)" }}]\n{block}'
    assert [each.code for each in check_text(text).diagnostics] == ["GB151"]
    sound = text.replace("first)", "len([]) > 0")
    assert [each.code for each in check_text(sound).diagnostics] == ["GB204"]


def test_steps_that_stand_under_a_misspelt_key_may_be_those_that_a_body_lacks() -> None:
    body = '[[blocks.b.bodi]]\nop = "relu"\n[[blocks.b.body]]\nop = "tanh"\nwhen = false\n'
    (found,) = check_text(f'{HEAD}[model]\nbody = [{{ use = "b" }}]\n{body}').diagnostics
    assert (found.code, found.help) == ("GB101", "did you mean `body`?")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ('merge = "add"', "GB109"),
        ("share = true", "GB109"),
        ('merge = "add", share = true, repaet = 2', "GB305"),
        ('merge = "add", wide = "=i"', "GB155"),
    ],
)
def test_what_is_of_copies_where_there_are_none(words: str, code: str) -> None:
    block = '[blocks.b]\nargs = { wide = 1 }\nbody = [{ op = "conv", out = "=wide + 7" }]\n'
    (found,) = check_text(f'{HEAD}[model]\nbody = [{{ use = "b", {words} }}]\n{block}').diagnostics
    assert found.code == code


def test_an_op_that_joins_but_one_value() -> None:
    joins = '{ op = "concat" }, { op = "mul", from = "concat" }, { op = "add", from = ["mul", "x"] }'
    (found,) = check_text(f"{HEAD}[model]\nbody = [{joins}]\n").diagnostics
    assert (found.code, found.severity) == ("GB331", "warning")
    assert found.message == "`concat` joins several values, and reads one here: what stands before it"


def test_a_number_that_should_be_a_list_is_told_where_it_stands() -> None:
    steps = '{ op = "conv", out = "=widths[-1]" }, { op = "conv", out = "=widths[0] * 2" }'
    (found,) = check_text(f"{HEAD}[params]\nwidths = 64\n[model]\nbody = [{steps}]\n").diagnostics
    assert (found.code, found.help, found.span and found.span.text) == ("GB156", "write a list: [64]", "64")
    assert [label.text for label in found.related] == ["64 does not fit here"]


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ('{ op = "tanh", from = "halves.1" }, { op = "mul", from = ["halves.0", "tanh"] }', "GB301"),
        ('{ op = "maxpool" }, { op = "maxpool" }', "GB306"),
    ],
)
def test_what_many_lack_is_told_once(lines: str, code: str) -> None:
    (found,) = check_text(f"{HEAD}[model]\nbody = [{lines}]\n").diagnostics
    assert (found.code, [label.text for label in found.related]) == (code, ["and here"])


def test_steps_that_lack_their_channels_are_each_wrong() -> None:
    lines = '{ op = "conv", kernel = 1 }, { op = "conv", kernel = 1 }'
    found = check_text(f"{HEAD}[model]\nbody = [{lines}]\n").diagnostics
    assert [each.code for each in found] == ["GB306", "GB306"]


def test_a_name_that_several_read_is_no_slip_of_one_that_is_hardly_like_it() -> None:
    steps = '{ op = "conv", out = "=WORD[0]", kernel = 1 }, { op = "conv", out = "=sum(WORD)", kernel = 1 }, '
    steps += '{ op = "conv", out = "=widths[1]", kernel = 1 }'
    text = f"{HEAD}[params]\nwidths = [8, 16]\n[model]\nbody = [{steps}]\n"
    (found,) = check_text(text.replace("WORD", "depths")).diagnostics[:1]
    assert found.code == "GB155" and found.help and found.help.startswith("in scope: ")
    assert found.remedy is None and [label.text for label in found.related] == ["and here"]
    slips = check_text(text.replace("WORD", "wdths")).diagnostics
    assert [(each.help, each.remedy is not None) for each in slips] == [("did you mean `widths`?", True)] * 2


@pytest.mark.parametrize("other", ['"relu"', '"tanh"', "3"])
def test_a_step_that_says_twice_what_it_runs_may_have_any_name(other: str) -> None:
    text = f'{HEAD}[model]\nbody = [{{ op = "relu", op = {other} }}, {{ op = "tanh", from = "relu" }}]\n'
    assert [each.code for each in check_text(text).diagnostics] == ["GB006"]


def test_of_blocks_that_may_be_behind_the_end_one_thing_is_told() -> None:
    body = '{ use = "stem" }, { use = "middle" }, { use = "stem" }, { use = "exit" }'
    (found,) = check_text(f"{HEAD}[model]\nbody = [{body}]\n").diagnostics
    assert (found.code, found.message) == ("GB304", "there are no blocks `stem`, `middle` and `exit`")
    assert [label.span.text for label in found.related] == ['"middle"', '"exit"']


@pytest.mark.parametrize("half", ["[init]\nbatchn", "[init]\nbatchn =", "[defaults]\nco", "[defaults]\nco = "])
def test_half_the_name_of_an_op_may_be_any(half: str) -> None:
    head, _, _ = HEAD.partition("[defaults]")
    text = f'{head}[model]\nbody = [{{ op = "conv", out = 3, padding = "half" }}]\n{half}'
    told = [each.code for each in check_text(text).diagnostics]
    assert told == (["GB005"] if "defaults" in half else ["GB306", "GB005"])


@pytest.mark.parametrize("given", ["=3", "=from_channels", "=4 * from_channels"])
def test_what_a_block_takes_whose_arguments_break_off_is_not_known(given: str) -> None:
    """`hidden` is no misspelt `when`."""
    use = f'[model]\nbody = [{{ use = "u", hidden = "{given}", axis = 0 }}]\n'
    block = '[blocks.u]\nargs = { hidden = "int", axis = int" }\nbody = [{ op = "linear", out = "=hidden" }]\n'
    assert [each.code for each in check_text(f"{HEAD}{use}{block}").diagnostics] == ["GB005"]
