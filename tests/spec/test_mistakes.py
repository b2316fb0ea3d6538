"""One mistake in the grammar: one error, at its place, with its remedy."""

import pytest

from tests.spec.reading import HEAD, STEP, faults, underlined

# A file, its code, what is underlined, a part of the message, a part of the help.
FAULTS = [
    (HEAD + STEP + 'dialekt = "keras"', "GB101", "dialekt", "a spec has no key `dialekt`", "did you mean `dialect`?"),
    (HEAD + STEP + "zzz = 1", "GB101", "zzz", "no key `zzz`", "blocks"),
    (HEAD + STEP + "modle = {}", "GB101", "modle", "no key `modle`", "`model`"),
    (HEAD + STEP + "extend = 3", "GB101", "extend", "no key `extend`", "`extends`"),
    (HEAD + STEP + "model.boddy = []", "GB101", "boddy", "`model` has no key `boddy`", "`body`"),
    (HEAD + STEP + "model.shortcut = []", "GB101", "shortcut", "`model` has no key `shortcut`", "body"),
    (HEAD + STEP + "[blocks.b]\nbody = []\nshort = 1", "GB101", "short", "`blocks.b` has no key", "`shortcut`"),
    (HEAD + STEP + "[inputs.b]\nshape = [1]\nlayot = 1", "GB101", "layot", "`inputs.b` has no key", "`layout`"),
    (HEAD.replace('name = "tiny"\n', "") + STEP, "GB102", "", "the file has no `name`", "add `name"),
    (HEAD.replace("format = 1\n", "") + STEP, "GB102", "", "the file has no `format`", "format = 1"),
    ('format = 1\nname = "x"\n' + STEP, "GB102", "", "the file has no `inputs`", "[inputs]"),
    (HEAD, "GB102", "", "the file has no `model`", "[model]"),
    (HEAD + "[model]\n", "GB102", "[model]", "`model` has no `body`", "body = ["),
    (HEAD + STEP + "[inputs.b]\n", "GB102", "[inputs.b]", "`inputs.b` has no `shape`", "shape = ["),
    (HEAD + "model = 3", "GB103", "3", "`model` must be a table, not an integer", None),
    (HEAD + "model.body = {}", "GB103", "{}", "`body` must be a list, not a table", None),
    (HEAD + "model.body = [3]", "GB103", "3", "item 1 of `body` must be a table, not an integer", None),
    (HEAD + "model.body = [{ op = 3 }]", "GB103", "3", "`op` must be a string, not an integer", "name an op"),
    (HEAD + 'model.body = [{ op = "=x" }]', "GB103", '"=x"', "`op` must be a string, not an expression", "cannot"),
    (
        HEAD + 'model.body = [{ use = "=x" }]',
        "GB103",
        '"=x"',
        "`use` must be a string or a list, not an expression",
        None,
    ),
    (HEAD + 'model.body = [{ op = "x", id = "=x" }]', "GB103", '"=x"', "`id` must be a string", None),
    (HEAD + 'model.body = [{ op = "x", from = "=x" }]', "GB103", '"=x"', "a string, a list or a table", None),
    (HEAD + 'model.body = [{ op = "x", from = ["a", 3] }]', "GB103", "3", "item 2 of `from` must be a string", None),
    (HEAD + 'model.body = [{ op = "x", from = { a = 3 } }]', "GB103", "3", "`a` must be a string", None),
    (HEAD + 'model.body = [{ op = "x", when = 1 }]', "GB103", "1", "a boolean or an expression, not an integer", None),
    (HEAD + 'model.body = [{ op = "x", when = "true" }]', "GB103", '"true"', "not a string", "true without quotes"),
    (HEAD + 'model.body = [{ op = "x", when = "on" }]', "GB103", '"on"', "not a string", "starts with `=`"),
    (HEAD + 'model.body = [{ op = "x", repeat = true }]', "GB103", "true", "an integer, a list or an expression", None),
    (HEAD + 'model.body = [{ op = "x", repeat = "3" }]', "GB103", '"3"', "not a string", "3 without quotes"),
    (HEAD + 'model.body = [{ op = "x", repeat = 1.5 }]', "GB103", "1.5", "not a float", None),
    (HEAD + 'model.body = [{ op = "x", repeat = 2024-01-01 }]', "GB103", "2024-01-01", "not a date or time", None),
    (HEAD + 'model.body = [{ op = "x", share = 1 }]', "GB103", "1", "a boolean or a string", None),
    (HEAD + STEP + "title = 3", "GB103", "3", "`title` must be a string", None),
    (HEAD.replace('"tiny"', '""') + STEP, "GB103", '""', "`name` must not be empty", None),
    (HEAD.replace("format = 1", "format = true") + STEP, "GB103", "true", "must be an integer, not a boolean", None),
    (HEAD.replace("format = 1", "format = 1.0") + STEP, "GB103", "1.0", "must be an integer, not a float", None),
    (HEAD.replace("format = 1", 'format = "1"') + STEP, "GB103", '"1"', "must be an integer", "without quotes"),
    (HEAD + STEP + 'inputs.b = "x"', "GB103", '"x"', "`b` must be a list of sizes or a table", None),
    (HEAD + STEP + "inputs.b = [1, 2.5]", "GB103", "2.5", "item 2 of `b` must be an integer or an expression", None),
    (HEAD + STEP + "inputs.b = []", "GB103", "[]", "`b` must not be empty", None),
    ('format = 1\nname = "x"\ninputs = {}\n' + STEP, "GB103", "{}", "`inputs` must not be empty", None),
    (HEAD + STEP + "params.p = {}", "GB103", "{}", "`p`", None),
    (HEAD + STEP + "params.p = [1, { a = 1 }]", "GB103", "{ a = 1 }", "`p` must hold plain values, not a table", None),
    (HEAD + STEP + "params.p = 10:00:00", "GB103", "10:00:00", "`p`", None),
    (
        HEAD + STEP + "[[blocks.b]]\nbody = []",
        "GB103",
        "[[blocks.b]]",
        "`b` must be a table, not a list",
        "write [blocks.b]",
    ),
    (HEAD + STEP + "params = 3", "GB103", "3", "`params` must be a table", None),
    (HEAD + STEP + "defaults.conv = 3", "GB103", "3", "`conv` must be a table", None),
    (HEAD + STEP + "outputs = {}", "GB103", "{}", "`outputs` must not be empty", None),
    (HEAD + STEP + "outputs.a = 3", "GB103", "3", "`a` must be a path or a table, not an integer", None),
    (HEAD + STEP + "outputs.a = {}", "GB102", "{}", "`outputs.a` has no `from`", 'add `from = "..."`'),
    (HEAD + STEP + 'outputs.a = { from = "relu", train = true }', "GB101", "train", "", "did you mean `training`?"),
    (HEAD + STEP + 'outputs.a = { from = "relu", training = 1 }', "GB103", "1", "must be a boolean", None),
    (HEAD + STEP + 'outputs.a = { from = ["relu"] }', "GB103", '["relu"]', "`from` must be a string", None),
    (HEAD + STEP + "[blocks.b]\nbody = []\nargs.a = [{ k = 1 }]", "GB103", "{ k = 1 }", "`a` must hold plain", None),
    (
        HEAD + STEP + "[blocks.b]\nbody = []\nargs.a = 'int | lst'",
        *("GB104", "'int | lst'", "`lst` is no type", "did you mean `list`?"),
    ),
    (HEAD + STEP + "[blocks.b]\nbranches = {}", "GB103", "{}", "`branches` must not be empty", None),
    (HEAD + STEP + "[blocks.b]\nbody = []\nshortcut = 3", "GB103", "3", '"identity", "project" or a list', None),
    (HEAD + STEP + "[blocks.b]\nbody = []\nshortcut = 'x'", "GB103", "'x'", '"identity", "project" or a list', None),
    (HEAD + STEP + "[blocks.b]\nbody = []\nshortcut = [{ op = 3 }]", "GB103", "3", "`op` must be a string", None),
    (HEAD + STEP + 'dialect = "kears"', "GB104", '"kears"', 'must be "torch" or "keras", not "kears"', '"keras"'),
    (HEAD + STEP + '[inputs.b]\nshape = [1]\nlayout = "tokens"', "GB104", '"tokens"', "channels_last", None),
    (HEAD.replace("format = 1", "format = 2") + STEP, "GB105", "2", "format 2 is not known", None),
    (HEAD + 'model.body = [{ id = "a" }]', "GB106", '{ id = "a" }', "neither `op` nor `use`", "add `op"),
    (HEAD + 'model.body = [{ op = "a", use = "b" }]', "GB106", "use", "both `op` and `use`", None),
    (HEAD + STEP + "[blocks.b]\nbody = []\nshortcut = [{}]", "GB106", "{}", "neither", None),
    (HEAD + "model.body = [{ share = true }]", "GB106", "{ share = true }", "neither", None),
    (HEAD + 'model.body = [{ share = "a", out = 3 }]', "GB107", "out", "weights of `a` cannot have `out`", "`out`"),
    (HEAD + 'model.body = [{ share = "a", op = "relu" }]', "GB107", "op", "cannot have `op`", None),
    (HEAD + 'model.body = [{ share = "a", repeat = 2 }]', "GB107", "repeat", "cannot have `repeat`", None),
    (HEAD + STEP + "[blocks.b]\nbody = []\nbranches.a = []", "GB108", "branches", "both", None),
    (HEAD + STEP + "[blocks.b]\ntitle = 'B'", "GB108", "b", "neither `body` nor `branches`", "add `body"),
    (HEAD + STEP + "[blocks.b]\nbranches.a = []\nshortcut = 'identity'", "GB108", "shortcut", "not branches", "branch"),
    (HEAD + 'model.body = [{ op = "x", merge = "add" }]', "GB109", "merge", "copies of a `repeat`", "add `repeat`"),
    (HEAD + 'model.body = [{ use = ["a"], repeat = 2 }]', "GB109", "repeat", "lists the block of each", None),
    (HEAD + "model.body = [{ use = [] }]", "GB103", "[]", "`use` must not be empty", None),
    (HEAD + STEP + "[blocks.b]\nbody = []\nmerge = 'add'", "GB109", "merge", "joins branches", "shortcut"),
    (HEAD + STEP + "[blocks.b]\nbody = []\nafter = []", "GB109", "after", "there is none", "into `body`"),
    (HEAD + STEP + "[blocks.b]\nbody = []\nbefore = []", "GB109", "before", "ahead of a fork", "into `body`"),
    (HEAD + STEP + "[blocks.b]\nbody = []\nshortcut = 'identity'\nbefore = 3", "GB103", "3", "`before` must", None),
    (HEAD + STEP + "[blocks.b]\nbody = []\nshortcut_when = true", "GB109", "shortcut_when", "no `shortcut`", None),
    (HEAD + STEP + 'params."two words" = 1', "GB110", '"two words"', "the name of a param", "`two_words`"),
    (HEAD + STEP + "params.for = 1", "GB111", "for", "`for` is a word of Python", "`for_1`"),
    (HEAD + STEP + "params.item = 1", "GB111", "item", "meaning of its own in expressions", None),
    (HEAD + STEP + "inputs.torch = [1]", "GB111", "torch", "used in the Python that is written", None),
    (HEAD + STEP + "outputs.torch = 'relu'", "GB111", "torch", "in the Python that is written", None),
    (HEAD + STEP + "[blocks.nn]\nbody = []", "GB111", "nn", "in the Python that is written", None),
    (HEAD + STEP + "[blocks.b]\nbody = []\nargs.when = 1", "GB111", "when", "any step may carry", None),
    (HEAD + STEP + "[blocks.b]\nbody = []\nlet.max = 1", "GB111", "max", "in expressions", None),
    (HEAD + STEP + "[blocks.b]\nbranches.1x1 = []", "GB110", "1x1", "the name of a branch", None),
    (HEAD + STEP + "[blocks.b]\nbody = []\ninputs = ['a', 'b-c']", "GB110", "'b-c'", "the name of an input", "`b_c`"),
    (HEAD + STEP + "[blocks.b]\nbody = []\noutputs = ['a.b']", "GB110", "'a.b'", "the name of an output", None),
    (HEAD + STEP + "[blocks.b]\nbody = []\noutputs.def = 'a'", "GB111", "def", "word of Python", None),
    (HEAD + 'model.body = [{ op = "x", id = "_a" }]', "GB110", '"_a"', "the name of a step", "`a`"),
    (HEAD + 'model.body = [{ op = "x", id = "é" }]', "GB110", '"é"', "the name of a step", "letters"),
    (HEAD + 'model.body = [{ op = "x", id = "' + "a" * 65 + '" }]', "GB110", '"' + "a" * 65 + '"', "a step", None),
    (HEAD + 'model.body = [{ op = "x", id = "train" }]', "GB111", '"train"', "torch module", None),
    (HEAD + 'model.body = [{ op = "x", id = "a" }, { op = "x", id = "a" }]', "GB112", '"a"', "something else", None),
    (HEAD + 'model.body = [{ op = "x", id = "image" }]', "GB112", '"image"', "something else", None),
    (HEAD + STEP + "[blocks.b]\nbody = []\nargs.a = 1\nlet.a = 2", "GB112", "a", "something else", None),
    (HEAD + STEP + "[blocks.b]\nbody = []\ninputs = ['a', 'a']", "GB112", "'a'", "something else", None),
    (HEAD + STEP + "[blocks.b]\nbody = []\noutputs = ['a', 'a']", "GB112", "'a'", "something else", None),
    (HEAD + STEP + "[blocks.b]\ninputs = ['a']\nbranches.a = []", "GB112", "a", "something else", None),
    (
        HEAD + STEP + "[blocks.b]\ninputs = ['a']\nbranches.c = [{op='x', id='a'}]",
        "GB112",
        "'a'",
        "something else",
        None,
    ),
    (HEAD + STEP + "[blocks.b]\nbranches.a = []\nafter = [{op='x', id='a'}]", "GB112", "'a'", "something else", None),
    (
        HEAD + STEP + "[blocks.b]\nbranches.a = []\nmerge = 'add'\nafter = [{op='x', id='merge'}]",
        "GB112",
        "'merge'",
        "something",
        None,
    ),
    (
        HEAD + STEP + "[blocks.b]\nbody = [{op='x', id='shortcut'}]\nshortcut = 'project'",
        *("GB112", "'shortcut'", "something else", None),
    ),
    (
        HEAD + STEP + "[blocks.b]\nbefore = [{op='x', id='a'}]\nbranches.c = []\nafter = [{op='x', id='a'}]",
        *("GB112", "'a'", "something else", None),
    ),
    (
        HEAD + STEP + "[blocks.b]\nbefore = [{op='x'}]\nbranches.c = [{op='x', id='before'}]",
        *("GB112", "'before'", "something else", None),
    ),
    (HEAD + STEP + "[blocks.b]\nbody = []\ninputs = ['low']\nargs.low_shape = 1", "GB111", "low_shape", "known", None),
    (HEAD + STEP + 'params.p = "=1"', "GB113", '"=1"', "cannot be an expression", "let"),
    (HEAD + STEP + 'params.p = [1, ["=1 +"]]', "GB113", '"=1 +"', "cannot be an expression", None),
    (HEAD + STEP + "extends = 3", "GB103", "3", "`extends` must be a string", None),
    (HEAD + STEP + "extends = 'x.toml'", "GB114", "'x.toml'", "no file", None),
    (HEAD + STEP + "steps.relu = { when = false }", "GB118", "steps", "extends none", None),
    (HEAD + STEP + 'inputs.b = [1, "=1 +"]', "GB151", "+", "breaks off", None),
    (HEAD + 'model.body = [{ op = "x", out = [{ k = "=a ** 2" }] }]', "GB152", "a ** 2", "`**`", None),
    (HEAD + 'model.body = [{ op = "x", when = "=a.b" }]', "GB152", "a.b", "attributes", None),
    (HEAD + STEP + 'defaults.conv.out = "=x("', "GB151", "(", "never closed", None),
    (HEAD + STEP + 'init.conv.std = "=[x for x in y]"', "GB152", "[x for x in y]", "comprehensions", None),
    (HEAD + STEP + '[blocks.b]\nbody = []\nlet.a = "=max"', "GB154", "max", "function", None),
]


@pytest.mark.parametrize(("text", "code", "blamed", "message", "help_"), FAULTS, ids=range(len(FAULTS)))
def test_one_mistake_is_one_error_at_its_place(
    text: str, code: str, blamed: str, message: str, help_: str | None
) -> None:
    found = faults(text)
    assert [diagnostic.code for diagnostic in found] == [code], [str(diagnostic) for diagnostic in found]
    assert message in found[0].message
    assert underlined(text, found[0]) == blamed
    if help_ is not None:
        assert found[0].help is not None
        assert help_ in found[0].help


def test_a_wrong_output_hides_no_other_mistake() -> None:
    text = HEAD + 'model.body = [{ op = "relu", when = "yes" }, { op = "a", use = "b" }]\noutputs.p = 3\nzork = 1\n'
    assert [each.code for each in faults(text)] == ["GB103", "GB106", "GB103", "GB101"]


@pytest.mark.parametrize(
    ("text", "blamed"),
    [
        (HEAD + STEP + "[blocks.b]\nkernel = [{ op = 'tanh' }]", "kernel"),
        (HEAD + "[model]\nlayer = [{ op = 'tanh' }, { use = 'b' }]", "layer"),
        (HEAD + "[net]\nbody = [{ op = 'tanh' }]", "net"),
        (HEAD + STEP + "inputs.b = { pixels = [3, 8] }", "pixels"),
    ],
)
def test_an_unknown_key_with_the_value_of_what_is_missing_is_one_mistake(text: str, blamed: str) -> None:
    (found,) = faults(text)
    assert (found.code, underlined(text, found)) == ("GB101", blamed)
