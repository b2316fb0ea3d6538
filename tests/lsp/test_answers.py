"""What is said of a cursor, which `§` stands for, in a spec that was right before the text was changed."""

from __future__ import annotations

import re

import pytest

from graphbuilder.lsp.actions import actions
from graphbuilder.lsp.completion import complete
from graphbuilder.lsp.file import read
from graphbuilder.lsp.hover import hover
from graphbuilder.lsp.places import definition, references
from graphbuilder.lsp.reports import reports
from graphbuilder.lsp.symbols import symbols
from tests.lsp.editing import POOL, SPEC, edited, opened

# What stands in the spec, the same with the cursor, and words of the hover.
HOVERS = [
    ('op = "globalavgpool"', 'op = "global§avgpool"', ["| pool | 16x32x32 | 16 | 0 |", "globalavgpool: pooling"]),
    ('"stem", op', '"st§em", op', ["| stem | 3x32x32 | 16x32x32 | 432 | 442 k |"]),
    ('{ id = "pool"', '{§ id = "pool"', ["| pool | 16x32x32 | 16 |"]),
    ('use = "residual"', 'use = "resi§dual"', ["| middle | 16x32x32 |", 'block residual(wide = "int", relu = true)']),
    ("[blocks.residual]", "[blocks.resi§dual]", ["16x32x32 → 16x32x32"]),
    ("padding = ", "pad§ding = ", ["What is added around the input"]),
    ('"=wide * 2"', '"=wide *§ 2"', ["`out` is `16` here"]),
    ('"=wide * 2"', '"=wi§de * 2"', ["`wide`: `8`", "`out` is `16` here"]),
    ('"=classes"', '"=cla§sses"', ["a param, `10` unless set", "`out` is `10` here"]),
    ('"=depth"', '"=de§pth"', ["a param, `3` unless set", "`repeat` is `3` here"]),
    ("wide = 8", "wi§de = 8", ["an argument of `residual`", "`wide` is `8` here"]),
    ("repeat = ", "rep§eat = ", ["How often, or the list to go over"]),
    ('logits = "logits"', 'logits = "lo§gits"', ["| logits | 16 | 10 | 170 | 160 |"]),
    ("image = ", "im§age = ", ["3x32x32"]),
    ("classes = 10", "clas§ses = 10", ["a param, `10` unless set"]),
    ("depth = 3", "de§pth = { default = 3, min = 1 }", ["a param, `3` unless set; `1 or more`"]),
    ("depth = 3", "depth = { default = 3, m§in = 1 }", ["`min`: The least that it may be."]),
    ("[model]", "[mo§del]", ["The network."]),
    ('op = "relu"', 'op = "re§lu"', ["| middle.0.relu ×3 | 16x32x32 |"]),
]


@pytest.mark.parametrize(("old", "new", "words"), HOVERS)
def test_hover(old: str, new: str, words: list[str]) -> None:
    found = hover(*edited(old, new))
    assert found
    assert [word for word in words if word not in found.text] == []


def test_a_hover_says_when_it_is_of_an_earlier_text() -> None:
    found = hover(*edited('{ id = "pool", op = "globalavgpool" }', '{ id = "pool", op = "global§avgpool" '))
    assert found
    assert "As of the last text without mistakes." in found.text


# What stands in a spec that was never right, a mistake in its place, the place of a hover and words of it.
AMISS = [
    (POOL, '{ op = "globalavgpol" },', '"st§em", op', ["| stem | 3x32x32 | 16x32x32 | 432 | 442 k |"]),
    (POOL, '{ op = "globalavgpol" },', 'op = "li§near"', ["linear: "]),
    (POOL, '{ op = "globalavgpol" },', 'use = "resi§dual"', ["| middle | 16x32x32 |", "16x32x32 → 16x32x32"]),
    (POOL, '{ op = "globalavgpol" },', '"=wi§de * 2"', ["`wide`: `8`", "`out` is `16` here"]),
    (POOL, '{ op = "globalavgpol" },', "im§age = ", ["3x32x32"]),
    ('"=wide * 2"', '"=wida * 2"', '"st§em", op', ["| stem | 3x32x32 | 16x32x32 | 432 | 442 k |"]),
    ('"=wide * 2"', '"=wida * 2"', 'op = "re§lu"', ["relu: "]),
    ('logits = "logits"', 'logits = "logit"', 'op = "global§avgpool"', ["| pool | 16x32x32 | 16 | 0 |"]),
    ("[outputs]", "[output]", 'op = "global§avgpool"', ["| pool | 16x32x32 | 16 | 0 |"]),
]


@pytest.mark.parametrize(("old", "mistake", "place", "words"), AMISS)
def test_a_hover_where_something_else_was_always_wrong(old: str, mistake: str, place: str, words: list[str]) -> None:
    broken = SPEC.replace(old, mistake)
    assert broken != SPEC
    file, offset = opened(broken.replace(place.replace("§", ""), place), before=broken)
    assert file.mistakes
    found = hover(file, offset)
    assert found
    assert [word for word in words if word not in found.text] == []
    assert "As of" not in found.text


BROKEN_BLOCK = SPEC.replace('"=wide * 2"', '"=wida * 2"')


@pytest.mark.parametrize("place", ['use = "resi§dual"', '"=wi§da * 2"', '"poo§l"', 'logits = "log§its"'])
def test_of_what_is_not_sound_no_shapes_are_told(place: str) -> None:
    file, offset = opened(BROKEN_BLOCK.replace(place.replace("§", ""), place), before=BROKEN_BLOCK)
    found = hover(file, offset)
    assert "|" not in (found.text if found else "")


# A text that is being changed, after one that was right, and the place of a hover over a step that is what it was.
MOVED = [
    (POOL, '{ op = \n  { id = "pool", op = "globalav§gpool" },'),
    (POOL, '{ op = "relu" },\n  { op = "tanh", \n  { id = "pool", op = "globalav§gpool" },'),
    ('  { id = "stem", op = "conv", out = 16 },\n', ""),
]


@pytest.mark.parametrize(("old", "new"), MOVED)
def test_a_step_is_known_where_others_come_and_go(old: str, new: str) -> None:
    text = SPEC.replace(old, new)
    file, offset = opened(text if "§" in text else text.replace("globalav", "globalav§"))
    found = hover(file, offset)
    assert found
    assert "| pool | 16x32x32 | 16 |" in found.text
    assert "As of the last text without mistakes." in found.text


def test_a_later_text_that_is_faulty_is_known_better_than_the_last_that_was_right() -> None:
    later = SPEC.replace("out = 16 }", "out = 32 }").replace("globalavgpool", "globalavgpol")
    file, _ = opened(later)
    file.learn(read(later, file.name, file.folder))
    told = [hover(file, file.text.source.index(word)) for word in ('stem", op', 'relu", when')]
    assert told[0] and "| stem | 3x32x32 | 32x32x32 |" in told[0].text
    file.change(later.replace("[params]", "[params"), 3)
    stale = hover(file, file.text.source.index('stem", op'))
    assert stale and "32x32x32" in stale.text and "As of an earlier text." in stale.text


def test_a_step_that_was_changed_has_no_shapes_of_before() -> None:
    found = hover(*edited("out = 16 }", 'out§ = 32, kernl = "x" }'))
    assert found
    assert "is `16` here" not in found.text


STRANGE = [
    "![](http://x/y.png)",
    "`` `![](http://x/y.png)` ``",
    "[a](command:x)",
    "<img src=x>",
    "a\\n\\n# b",
    "\\u202e",
]


@pytest.mark.parametrize("text", STRANGE)
def test_what_a_stranger_writes_is_shown_as_code(text: str) -> None:
    file, offset = opened(SPEC.replace("depth = 3", f'depth = 3\nsay§ing = "{text}"'))
    found = hover(file, offset)
    assert found
    ticks = max(re.findall("`+", found.text), key=len)
    shown = re.fullmatch(rf"`saying`: a param, {ticks} ?(.*?) ?{ticks} unless set", found.text)
    assert shown
    assert ticks not in shown.group(1)
    assert shown.group(1).isprintable()


# What stands in the spec, the same with the cursor, and what is found to be declared.
DEFINITIONS = [
    ('use = "residual"', 'use = "resi§dual"', "residual]\nargs"),
    ('"=wide * 2"', '"=wi§de * 2"', 'wide = "int"'),
    ('"=classes"', '"=cl§asses"', "classes = 10"),
    ('logits = "logits"', 'logits = "lo§gits"', '{ id = "logits"'),
    (POOL, '{ id = "pool", op = "globalavgpool", from = "middle§.1.first" },', '{ id = "middle"'),
    (POOL, '{ id = "pool", op = "globalavgpool", from = "middle.1.fi§rst" },', '{ id = "first"'),
    (POOL, '{ id = "pool", op = "globalavgpool", from = "im§age" },', "image = [3"),
    (POOL, '{ id = "pool", share = "st§em" },', '{ id = "stem"'),
]


@pytest.mark.parametrize(("old", "new", "declared"), DEFINITIONS)
def test_definition(old: str, new: str, declared: str) -> None:
    file, offset = edited(old, new)
    found = definition(file, offset)
    assert found
    assert file.text.source[file.text.offset(found.range.start) :].startswith(declared)


def test_paths_lead_to_steps_that_run() -> None:
    """Neither to what is being typed nor to what there is no such op or block for."""
    faulty = '{ use = "" }, { op = "relv" }, { use = "nothing" }, { }, { id = "2", op = "relu" }, { op = "tanh" },'
    file, offset = edited(POOL, f'{faulty} {{ op = "relu", from = "§" }},')
    assert [each.label for each in complete(file, offset)] == ["image", "stem", "middle", "tanh", "logits"]


def test_half_a_character_breaks_nothing() -> None:
    file, offset = edited(POOL, '{ op = "relu", from = "\ud800§" },')
    told = read(file.text.source, file.name, None).checked.diagnostics
    assert [each.code for each in told] == ["GB004"]
    assert complete(file, offset)
    assert reports(file, told)
    assert symbols(file)


# A place, and where what it names or declares is named, that place included.
REFERENCES = [
    ("[blocks.resi§dual]", ["residual]", '"residual", repeat']),
    ("cla§sses = 10", ["classes = 10", 'classes" }']),
    ('wi§de = "int"', ['wide = "int"', "wide = 8", "wide * 2"]),
    ("wi§de = 8", ['wide = "int"', "wide = 8", "wide * 2"]),
    ('"=wi§de * 2"', ['wide = "int"', "wide = 8", "wide * 2"]),
    ("rel§u = true", ["relu = true", 'relu" }']),
    ('op = "conv", ou§t = "=wide', []),
    ("rep§eat", []),
]


@pytest.mark.parametrize(("place", "named"), REFERENCES)
def test_references(place: str, named: list[str]) -> None:
    file, offset = edited(place.replace("§", ""), place)
    starts = [file.text.offset(each.range.start) for each in references(file, offset, declaration=True)]
    assert [file.text.source.startswith(word, start) for word, start in zip(named, starts, strict=True)] == [
        True for _ in named
    ]


# The same block, whose arguments are written in another form, and how a step sets one of them.
DECLARED = [
    'args = { wide = "int", relu = true }',
    'args = {\n  wide = "int",\n  relu = true,\n}',
    'args.wide = "int"\nargs.relu = true',
    '[blocks.residual.args]\n"wide" = "int"\nrelu = true\n[blocks.residual]',
]
SET = [
    '{ id = "middle", use = "residual", repeat = "=depth", wi§de = 8 },',
    '{ wi§de = 8, use = ["residual", "residual"] },',
    "{ use = \"residual\", 'wi§de' = 8 },",
    '{ use = "residual", wi§de = \n',
]


@pytest.mark.parametrize("form", DECLARED)
@pytest.mark.parametrize("use", SET)
def test_an_argument_that_a_step_sets_leads_to_its_declaration(form: str, use: str) -> None:
    text = SPEC.replace(DECLARED[0], form).replace(SET[0].replace("§", ""), use)
    file, offset = opened(text)
    found = definition(file, offset)
    assert found
    assert file.text.source.startswith(("wide = ", '"wide" = '), file.text.offset(found.range.start))
    assert references(file, offset, declaration=True)[0] == found


def test_a_step_in_a_table_of_its_own_sets_an_argument() -> None:
    file, offset = opened(SPEC.replace("[outputs]", '[[blocks.other.body]]\nuse = "residual"\nwi§de = 8\n\n[outputs]'))
    found = definition(file, offset)
    assert found
    assert file.text.source.startswith('wide = "int"', file.text.offset(found.range.start))


def test_a_let_is_declared_and_named() -> None:
    file, offset = edited('relu" },', 'relu" }, { op = "conv", out = "=twi§ce", kernel = 1 },')
    file.change(file.text.source.replace("shortcut =", 'let = { twice = "=wide * 2" }\nshortcut ='), 3)
    found = definition(file, offset)
    assert found
    assert file.text.source.startswith("twice = ", file.text.offset(found.range.start))
    assert len(references(file, offset, declaration=True)) == 2


def test_what_a_text_in_an_expression_says_is_no_name() -> None:
    file, offset = edited('when = "=relu"', "when = \"=relu and 'relu' == 'rel§u'\"")
    assert definition(file, offset) is None
    declared = file.text.source.index("relu = true")
    assert len(references(file, declared, declaration=False)) == 1


def test_a_block_without_a_header_of_its_own() -> None:
    text = SPEC.replace(
        "[blocks.residual]\nargs = {", '[[blocks.other.body]]\nop = "relu"\n\n[blocks.residual]\nargs = {'
    )
    file, offset = opened(text.replace(POOL, '{ id = "pool", use = "oth§er" },'))
    found = definition(file, offset)
    assert found
    assert found.range.start.line == file.text.source[: file.text.source.index("[[blocks.other")].count("\n")


def test_symbols() -> None:
    file, _ = opened()
    found = [(each.name, [child.name for child in each.children or ()]) for each in symbols(file)]
    assert found == [
        ("params", ["classes", "depth"]),
        ("inputs", ["image"]),
        ("model", ["stem", "middle", "pool", "logits"]),
        ("residual", ["first", "relu"]),
        ("outputs", ["logits"]),
    ]


# What stands in the spec, a mistake in its place, the title of the fix and the line that it gives.
FIXES = [
    (POOL, '{ op = "globalavgpol" },', 'Write "globalavgpool"', '{ op = "globalavgpool" },'),
    (POOL, '{ op = "dropout", rat = 0.5 },', "Write rate", '{ op = "dropout", rate = 0.5 },'),
    (POOL, '{ op = "relu", from = "stam" },', 'Write "stem"', '{ op = "relu", from = "stem" },'),
    ('"=wide * 2"', '"=wida * 2"', "Write wide", '{ id = "first", op = "conv", out = "=wide * 2" },'),
    ('"=wide * 2"', '"=wide * 2.0"', 'Write "=int(wide * 2.0)"', 'out = "=int(wide * 2.0)" },'),
    ('"identity"', '"identiti"', 'Write "identity"', 'shortcut = "identity"'),
    ("[params]", 'dialect = "tourch"\n[params]', 'Write "torch"', 'dialect = "torch"'),
    (POOL, '{ op = "groupnorm", groups = 3 },', "Write groups = 2", '{ op = "groupnorm", groups = 2 },'),
    ('"=wide * 2"', "10", 'Write shortcut = "project"', 'shortcut = "project"'),
    ("[params]", "[parms]", "Write params", "[params]"),
]


@pytest.mark.parametrize(("old", "new", "title", "line"), FIXES)
def test_quick_fixes(old: str, new: str, title: str, line: str) -> None:
    broken = SPEC.replace(old, new)
    file, _ = opened(broken, before=broken)
    found = [each for mistake in reports(file, file.mistakes) for each in actions(file, mistake.range)]
    assert {each.title for each in found} == {title}
    assert found[0].edit and found[0].edit.changes
    (edit,) = found[0].edit.changes[file.uri]
    start, end = file.text.offset(edit.range.start), file.text.offset(edit.range.end)
    repaired = file.text.source[:start] + edit.new_text + file.text.source[end:]
    assert line in repaired
    assert read(repaired, file.name, None).checked.network is not None


def test_a_fix_that_repairs_nothing_is_not_offered() -> None:
    broken = SPEC.replace(POOL, '{ id = "pool", op = "dropout", rate = 0.5, rat = 0.1 },')
    file, _ = opened(broken, before=broken)
    assert [each.help for each in file.mistakes] == ["did you mean `rate`?"]
    assert [each for mistake in reports(file, file.mistakes) for each in actions(file, mistake.range)] == []
