"""``[steps]``: which step a path names, and what an override does to it."""

from pathlib import Path
from typing import Any

import pytest

from graphbuilder import spec
from graphbuilder.compiler import check
from graphbuilder.diagnostics import CompileError, Diagnostic
from graphbuilder.spec.expressions import parse
from graphbuilder.spec.model import Spec
from graphbuilder.spec.overrides import OverrideError, Paths

BASE = """\
format = 1
name = "base"
inputs.image = [3, 8, 8]
[model]
body = [
  { id = "stem", op = "conv", out = 8, kernel = 3 },
  { id = "middle", use = "down", out = 4, repeat = 2 },
  { id = "again", use = "down", out = 8 },
  { id = "both", use = ["down", "fork"] },
  { op = "relu" },
]
[blocks.down]
args = { out = "int" }
body = [{ id = "first", use = "unit" }, { op = "relu" }]
shortcut = [{ id = "project", op = "conv", out = "=out" }]
after = [{ id = "last", op = "relu" }]
[blocks.unit]
body = [{ id = "conv", op = "conv", out = 4, from = "in" }]
[blocks.fork]
branches.left = [{ id = "one", op = "relu" }]
branches.right = [{ op = "relu" }]
[blocks.plain]
body = [{ op = "relu" }]
"""
CHILD = 'format = 1\nname = "child"\nextends = "base.toml"\n[steps]\n'


def write(folder: Path, overrides: str, base: str = BASE) -> Path:
    (folder / "base.toml").write_text(base)
    (folder / "child.toml").write_text(CHILD + overrides)
    return folder / "child.toml"


def load(folder: Path, overrides: str) -> Spec:
    return spec.load(write(folder, overrides))


def faults(folder: Path, overrides: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(CompileError) as caught:
        load(folder, overrides)
    return caught.value.diagnostics


DATA: dict[str, Any] = {
    "model": {"body": [{"id": "a", "use": "x"}, {"id": "x", "op": "relu"}, {"id": "gone", "use": "nowhere"}, 3]},
    "blocks": {"x": {"body": [{"id": "y", "op": "relu"}], "after": 3, "branches": []}, "broken": 3},
}

PATHS = [
    ("stem", ("model", "body", 0)),
    ("middle", ("model", "body", 1)),
    ("middle.first", ("blocks", "down", "body", 0)),
    ("again.first", ("blocks", "down", "body", 0)),
    ("middle.first.conv", ("blocks", "unit", "body", 0)),
    ("middle.last", ("blocks", "down", "after", 0)),
    ("middle.shortcut.project", ("blocks", "down", "shortcut", 0)),
    ("down.first", ("blocks", "down", "body", 0)),
    ("down.first.conv", ("blocks", "unit", "body", 0)),
    ("unit.conv", ("blocks", "unit", "body", 0)),
    ("fork.left.one", ("blocks", "fork", "branches", "left", 0)),
]


@pytest.mark.parametrize(("path", "keys"), PATHS)
def test_paths(path: str, keys: tuple[str | int, ...], tmp_path: Path) -> None:
    from graphbuilder import document

    write(tmp_path, "")
    assert Paths(document.load(tmp_path / "base.toml").data).resolve(path) == keys


@pytest.mark.parametrize("path", ["b", "a.z", "gone.y", "x.y.z", "broken.y", "a.branches", "", ".", "a.", "x.0"])
def test_paths_through_what_is_no_spec(path: str) -> None:
    with pytest.raises(OverrideError):
        Paths(DATA).resolve(path)


def test_words_and_arguments_change(tmp_path: Path) -> None:
    child = load(
        tmp_path,
        'stem = { out = "=2 * 8", stride = 2, title = "Stem" }\n'
        '"middle.last" = { when = false }\n'
        '"middle.first.conv" = { from = { x = "in" }, init = { weight = "zeros" } }\n'
        "[steps.again]\nrepeat = 3\n",
    )
    stem, middle, again, *_ = child.model.body
    assert stem.args == {"out": parse("=2 * 8"), "kernel": 3, "stride": 2}
    assert (stem.title, stem.op, middle.repeat, again.repeat) == ("Stem", "conv", 2, 3)
    assert child.blocks["down"].after[0].when is False
    (conv,) = child.blocks["unit"].body or []
    assert (conv.from_, conv.init, conv.args) == ({"x": "in"}, {"weight": "zeros"}, {"out": 4})


def test_what_a_step_runs_may_change(tmp_path: Path) -> None:
    child = load(tmp_path, 'stem = { use = "unit" }\n"middle.first" = { op = "conv", out = 3 }\n')
    (first, _) = child.blocks["down"].body or []
    assert (child.model.body[0].op, child.model.body[0].use) == (None, "unit")
    assert (first.op, first.use, first.args) == ("conv", None, {"out": 3})


def test_what_was_overridden_stands_in_the_override(tmp_path: Path) -> None:
    child = load(tmp_path, '"middle.last" = { when = false, slope = [1, 2] }\n')
    (last,) = child.blocks["down"].after
    places = [last.place_of("when"), last.place_of("slope") / 1, last.place_of("op"), last.place]
    assert [str(place.span).rpartition("/")[2] for place in places] == [
        "child.toml:5:26",
        "child.toml:5:45",
        "base.toml:16:30",
        "base.toml:16:10",
    ]


def test_the_inherited_text_stays_as_it_is(tmp_path: Path) -> None:
    from graphbuilder import document
    from graphbuilder.diagnostics import Sink
    from graphbuilder.spec.extends import merge
    from graphbuilder.spec.overrides import apply_overrides

    path = write(tmp_path, "stem = { out = 5 }\n")
    base = document.load(tmp_path / "base.toml")
    merged = apply_overrides(merge(base, document.load(path)), Sink())
    assert (merged.data["model"]["body"][0]["out"], base.data["model"]["body"][0]["out"]) == (5, 8)
    assert merged.data["blocks"]["unit"] is base.data["blocks"]["unit"]


FAULTS = [
    ('"stm.9" = {}', "GB117", "`[model]` has no step with the id `stm`", "there are `stem`"),
    ("stm = {}", "GB117", "`[model]` has no step with the id `stm`", "did you mean `stem`?"),
    ("zzzzz = {}", "GB117", "`[model]` has no step", "there are `stem`, `middle`"),
    ("relu = {}", "GB117", "no step with the id `relu`", None),
    ('"middle.frist" = {}', "GB117", "the block `down` has no step", "did you mean `middle.first`?"),
    ('"middle.zzzzz" = {}', "GB117", "the block `down` has no step", "`middle.first`, `middle.last`"),
    ('"middle.relu" = {}', "GB117", "the block `down` has no step", None),
    ('"middle.first.cnv" = {}', "GB117", "the block `unit` has no step", "`middle.first.conv`"),
    ('"stem.conv" = {}', "GB117", "nothing inside `stem`", None),
    ('"both.first" = {}', "GB117", "`both` uses several blocks", "`down`, `fork`"),
    (
        '"plain.relu" = {}',
        "GB117",
        "the block `plain` has no step",
        'only counted: give the step an id where it is written: id = "relu"',
    ),
    ('"plain.zzzzz" = {}', "GB117", "the block `plain` has no step", "none of its steps has an `id`"),
    ('stem = { befor = [{ op = "relu" }] }', "GB118", "an override has no `befor`", "did you mean `before`?"),
    ('"fork.right.relu" = {}', "GB117", "`right` of the block `fork` has no step", None),
    ("down = {}", "GB117", "`down` is no step", "`down.first`"),
    ('"fork.left" = {}', "GB117", "`fork.left` is no step", "`fork.left.one`"),
    ('"" = {}', "GB117", "no step with the id", None),
    ("stem = 3", "GB103", "an override must be a table, not an integer", None),
    ('stem = { id = "trunk" }', "GB118", "cannot change an `id`", None),
    ("middle.first = { when = false }", "GB118", "stands in quotes", '`"middle.first" = { ... }`'),
    ("down.first = { when = false }", "GB118", "stands in quotes", '`"down.first" = { ... }`'),
    ('"middle.last" = {}\n"again.last" = {}', "GB118", "`again.last` and `middle.last` are one step", "one of the two"),
    ('stem = { when = "x" }', "GB103", "`when` must be a boolean", None),
    ('stem = { out = "=1 +" }', "GB151", "breaks off", None),
    ('stem = { before = { op = "relu" } }', "GB103", "`before` must be a list of steps, not a table", "write before ="),
    ("stem = { after = [3] }", "GB103", "item 2 of `body` must be a table", None),
    ('stem = { after = [{ op = "relu", when = 3 }] }', "GB103", "`when` must be a boolean", None),
    ('stem = { after = [{ id = "stem", op = "relu" }] }', "GB112", "something else in this body", None),
    ('"middle.last" = { merge = "add" }', "GB109", "`merge` joins", None),
]


@pytest.mark.parametrize(("overrides", "code", "message", "help_"), FAULTS, ids=[row[0] for row in FAULTS])
def test_faults(tmp_path: Path, overrides: str, code: str, message: str, help_: str | None) -> None:
    (found,) = faults(tmp_path, overrides)
    assert found.code == code
    assert message in found.message
    assert found.span is not None and Path(found.span.path).name == "child.toml"
    if help_ is not None:
        assert found.help is not None and help_ in found.help


def test_all_faulty_overrides_at_once(tmp_path: Path) -> None:
    rows = [
        (found.code, found.span.line if found.span else 0) for found in faults(tmp_path, "a = {}\nb = {}\nstem = 3\n")
    ]
    assert rows == [("GB117", 5), ("GB117", 6), ("GB103", 7)]


def test_steps_must_be_a_table(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    path.write_text(CHILD.replace("[steps]", "steps = 3"))
    with pytest.raises(CompileError, match="`steps` must be a table, not an integer"):
        spec.load(path)


def test_blocks_that_use_each_other_do_not_loop(tmp_path: Path) -> None:
    base = BASE + '[blocks.x]\nbody = [{ id = "y", use = "x" }]\n'
    child = spec.load(write(tmp_path, '"x.y.y.y.y" = { when = false }\n', base))
    assert (child.blocks["x"].body or [])[0].when is False


def test_only_the_first_are_told_what_is_near(tmp_path: Path) -> None:
    """Each remedy looks through every name, and a hostile file has many of both."""
    found = faults(tmp_path, "".join(f"stem{number} = {{}}\n" for number in range(25)))
    assert [each.help is not None for each in found] == [True] * 20 + [False] * 5


INSERTED = """\
stem = { after = [{ op = "relu" }, { id = "more", op = "tanh", slope = 3 }], out = 5 }
again = { before = [{ op = "down" }] }
"middle.last" = { before = [{ op = "first" }], after = [{ op = "second" }] }
"down.shortcut.project" = { after = [{ op = "third" }] }
"fork.left.one" = { before = [{ op = "fourth" }] }
"""


def test_steps_are_inserted_beside_others(tmp_path: Path) -> None:
    child = load(tmp_path, INSERTED)
    body, down, fork = child.model.body, child.blocks["down"], child.blocks["fork"]
    assert [step.id or step.op for step in body] == ["stem", "relu", "more", "middle", "down", "again", "both", "relu"]
    assert [step.op for step in down.after] == ["first", "relu", "second"]
    assert isinstance(down.shortcut, list)
    assert [step.op for step in down.shortcut] == ["conv", "third"]
    assert [step.op for step in (fork.branches or {})["left"]] == ["fourth", "relu"]
    assert body[0].args["out"] == 5


def test_everything_stands_where_it_was_written_behind_an_insertion(tmp_path: Path) -> None:
    child = load(tmp_path, INSERTED + "both = { title = 'Both' }\n")
    stem, relu, more, middle, _, _, both, _ = child.model.body
    places = [stem.place_of("out"), relu.place, more.place_of("slope"), middle.place, both.place_of("title")]
    assert [str(place.span).rpartition("/")[2] for place in places] == [
        "child.toml:5:84",
        "child.toml:5:19",
        "child.toml:5:72",
        "base.toml:7:3",
        "child.toml:10:18",
    ]
    assert [step.generation for step in (stem, relu, more, middle)] == [0, 2, 2, 0]


def test_an_insertion_renames_no_step(tmp_path: Path) -> None:
    from graphbuilder.elaborate.names import name_steps

    write(tmp_path, 'stem = { after = [{ op = "relu" }, { use = "down" }] }\n')
    third = 'format = 1\nname = "t"\nextends = "child.toml"\n[steps]\nstem = { before = [{ op = "relu" }] }\n'
    (tmp_path / "third.toml").write_text(third)
    (named,) = name_steps(spec.load(tmp_path / "third.toml").model.body)
    assert [each.name for each in named] == ["relu_3", "stem", "relu_2", "down", "middle", "again", "both", "relu"]


def test_no_op_has_an_argument_that_inserts() -> None:
    from graphbuilder.ops import catalogue

    assert not [name for name, op in catalogue().items() if {"before", "after"} & op.model_fields.keys()]


def test_a_path_near_to_one_is_read_as_that(tmp_path: Path) -> None:
    """So that what it was to insert is not missed besides."""
    rest = 'again = { after = [{ op = "add", from = ["more", "stem"] }] }\n'
    (found,) = check(write(tmp_path, 'stm = { after = [{ id = "more", op = "tanh" }] }\n' + rest, CHAIN)).diagnostics
    assert (found.code, found.help) == ("GB117", "did you mean `stem`?")


@pytest.mark.parametrize("override", ["{ out = 9 }", '{ op = "flatten" }', '{ after = [{ op = "flatten" }] }'])
def test_nothing_is_told_of_what_depends_on_a_step_that_was_perhaps_meant(tmp_path: Path, override: str) -> None:
    both = CHAIN.replace('again", op = "relu"', 'again", op = "add", from = ["stem", "image"]')
    assert "add" in both
    (found,) = check(write(tmp_path, f"stm = {override}\n", both)).diagnostics
    assert (found.code, found.help) == ("GB117", "did you mean `stem`?")


CHAIN = """\
format = 1
name = "base"
inputs.image = [3, 8, 8]
[model]
body = [{ id = "stem", op = "relu" }, { id = "again", op = "relu" }]
"""
