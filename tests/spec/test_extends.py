"""``extends``: how files merge, where each value then stands, and which files may be read at all."""

import os
from pathlib import Path

import pytest

from graphbuilder import document, spec
from graphbuilder.diagnostics import CompileError, Diagnostic
from graphbuilder.document import Place
from graphbuilder.spec.model import Spec

BASE = """\
format = 1
name = "base"
title = "Base"
dialect = "keras"
params = { width = 8, classes = 10 }
inputs.image = [3, 8, 8]
inputs.mask = [1, 8, 8]
[defaults]
conv = { kernel = 3, bias = false }
linear = { bias = false }
[init]
conv = { kind = "normal", std = 0.1 }
linear = "zeros"
[model]
body = [
  { id = "stem", op = "conv", out = "=width" },
  { id = "body", use = "unit", repeat = 2 },
]
[blocks.unit]
body = [{ id = "first", op = "relu" }, { id = "last", op = "tanh" }]
[blocks.other]
body = [{ op = "relu" }]
[outputs]
y = "body"
"""
CHILD = """\
format = 1
name = "child"
extends = "base.toml"
params.width = 16
params.depth = 2
inputs.image = [3, 16, 16]
defaults.conv.kernel = 5
defaults.pool = { kernel = 2 }
init.conv = "zeros"
[blocks.unit]
args = { out = 4 }
body = [{ op = "elu" }]
[blocks.new]
body = []
"""


def write(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.toml").write_text(text)
    return folder / f"{next(reversed(texts))}.toml"


def load(folder: Path, **texts: str) -> Spec:
    """The last of the files written."""
    return spec.load(write(folder, **texts))


def fault(path: Path) -> Diagnostic:
    with pytest.raises(CompileError) as caught:
        spec.load(path)
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


def test_what_merges_and_what_is_replaced(tmp_path: Path) -> None:
    child = load(tmp_path, base=BASE, child=CHILD)
    assert (child.name, child.title, child.dialect) == ("child", None, "keras")
    assert child.params == {"width": 16, "classes": 10, "depth": 2}
    assert {name: type_.shape for name, type_ in child.inputs.items()} == {"image": [3, 16, 16], "mask": [1, 8, 8]}
    assert child.defaults == {
        "conv": {"kernel": 5, "bias": False},
        "linear": {"bias": False},
        "pool": {"kernel": 2},
    }
    assert child.init == {"conv": "zeros", "linear": "zeros"}
    assert list(child.blocks) == ["unit", "other", "new"]
    assert child.blocks["unit"].args == {"out": 4}
    assert [step.op for step in child.blocks["unit"].body or ()] == ["elu"]
    assert [step.id for step in child.model.body] == ["stem", "body"]
    assert {name: output.from_ for name, output in (child.outputs or {}).items()} == {"y": "body"}


def test_model_and_outputs_are_replaced_whole(tmp_path: Path) -> None:
    text = (
        'format = 1\nname = "c"\nextends = "base.toml"\noutputs.z = "a"\n[model]\nbody = [{ id = "a", op = "relu" }]\n'
    )
    child = load(tmp_path, base=BASE, child=text)
    assert ([*(child.outputs or {})], [step.id for step in child.model.body]) == (["z"], ["a"])


def test_a_block_without_steps_changes_the_inherited_one(tmp_path: Path) -> None:
    child = CHILD.partition("[blocks.unit]")[0]
    words = '[blocks.unit]\nargs = { out = 4, slope = 2 }\nlet = { half = "=out // 2" }\nshortcut = "identity"\n'
    base = BASE.replace("[blocks.unit]\n", '[blocks.unit]\nargs = { out = "int", wide = true }\nlet = { more = 3 }\n')
    loaded = spec.load(write(tmp_path, base=base, child=child + words))
    unit = loaded.blocks["unit"]
    assert unit.args == {"out": 4, "wide": True, "slope": 2}
    assert list(unit.let) == ["more", "half"]
    assert unit.shortcut == "identity"
    assert [step.id for step in unit.body or []] == ["first", "last"]
    places = [unit.place_of("args") / "out", unit.place_of("args") / "wide", unit.place_of("shortcut")]
    assert [Path(place.span.source.path).name for place in places] == ["child.toml", "base.toml", "child.toml"]


def test_a_new_block_without_steps_is_none(tmp_path: Path) -> None:
    with pytest.raises(CompileError) as caught:
        spec.load(write(tmp_path, base=BASE, child=CHILD.replace("body = []", "args = {}")))
    (diagnostic,) = caught.value.diagnostics
    assert "the block `new` has neither `body` nor `branches`" in diagnostic.message


def test_a_title_goes_with_its_name(tmp_path: Path) -> None:
    unnamed = 'format = 1\nextends = "base.toml"\n'
    rows = [unnamed, unnamed + 'name = "c"', unnamed + 'name = "c"\ntitle = "C"', unnamed + 'title = "C"']
    found = [(child.name, child.title) for child in (load(tmp_path, base=BASE, child=text) for text in rows)]
    assert found == [("base", "Base"), ("c", None), ("c", "C"), ("base", "C")]


def _at(place: Place) -> tuple[str, str]:
    """The file and the text of a place."""
    span = place.span
    line = span.source.text.split("\n")[span.line - 1]
    return Path(span.path).stem, line[span.column - 1 : span.end_column - 1]


def test_each_value_stands_where_it_was_written(tmp_path: Path) -> None:
    child = load(tmp_path, base=BASE, child=CHILD)
    unit = child.blocks["unit"]
    rows = [
        (child.place_of("params") / "width", "child", "16"),
        (child.place_of("params") / "classes", "base", "10"),
        (child.place_of("defaults") / "conv" / "kernel", "child", "5"),
        (child.place_of("defaults") / "conv" / "bias", "base", "false"),
        (child.inputs["image"].shape_place(1), "child", "16"),
        (child.inputs["mask"].shape_place(1), "base", "8"),
        (child.model.body[0].place_of("out"), "base", '"=width"'),
        (child.model.place, "base", "[model]"),
        (unit.place, "child", "[blocks.unit]"),
        (child.blocks["other"].place, "base", "[blocks.other]"),
        (child.place_of("init") / "conv", "child", '"zeros"'),
        (child.place_of("outputs") / "y", "base", '"body"'),
    ]
    assert [_at(place) for place, _, _ in rows] == [(file, text) for _, file, text in rows]


def test_three_files_on_one_another(tmp_path: Path) -> None:
    grandchild = 'format = 1\nname = "g"\nextends = "child.toml"\nparams.classes = 3\n[steps]\nstem = { out = 5 }\n'
    found = load(tmp_path, base=BASE, child=CHILD, grandchild=grandchild)
    assert found.params == {"width": 16, "classes": 3, "depth": 2}
    params = found.place_of("params")
    places = [params / "width", params / "classes", params / "depth", found.model.body[0].place_of("out")]
    assert [_at(place) for place in places] == [
        ("child", "16"),
        ("grandchild", "3"),
        ("child", "2"),
        ("grandchild", "5"),
    ]
    assert _at(found.model.body[0].place_of("op")) == ("base", '"conv"')


def test_a_folder_below(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    write(tmp_path / "parts", base=BASE, middle='format = 1\nname = "m"\nextends = "base.toml"\n')
    child = load(tmp_path, child='format = 1\nname = "c"\nextends = "parts/../parts/middle.toml"\n')
    assert child.params["width"] == 8


def test_mistakes_stand_in_the_file_that_made_them(tmp_path: Path) -> None:
    base = BASE.replace('op = "relu"', "op = 3").replace("bias = false }\nl", 'bias = "=(" }\nl')
    path = write(tmp_path, base=base, child='format = 1\nname = "c"\nextends = "base.toml"\nzzz = 1\n')
    with pytest.raises(CompileError) as caught:
        spec.load(path)
    rows = [(str(each.span).rpartition("/")[2], each.code) for each in caught.value.diagnostics]
    assert rows == [
        ("base.toml:9:31", "GB151"),
        ("base.toml:20:30", "GB103"),
        ("base.toml:22:16", "GB103"),
        ("child.toml:4:1", "GB101"),
    ]


def test_a_parent_of_another_format(tmp_path: Path) -> None:
    child = 'format = 1\nname = "c"\nextends = "base.toml"\n'
    found = fault(write(tmp_path, base=BASE.replace("format = 1", "format = 2"), child=child))
    assert (found.code, Path(found.span.path).name if found.span else "") == ("GB105", "base.toml")


def test_a_parent_that_is_not_toml(tmp_path: Path) -> None:
    found = fault(write(tmp_path, base="name = ", child='format = 1\nname = "c"\nextends = "base.toml"\n'))
    assert found.code == "GB005"
    assert found.remarks == (f"extended at {tmp_path}/child.toml:3:11",)


def test_a_parent_is_read_up_to_the_limit(tmp_path: Path) -> None:
    child = 'format = 1\nname = "c"\nextends = "base.toml"\n'
    path = write(tmp_path, base=BASE + "# " + "x" * 1000, child=child)
    with pytest.raises(CompileError, match="GB601"):
        spec.load(path, max_bytes=1000)


def test_very_many_words_leave_less_to_what_is_extended(tmp_path: Path) -> None:
    child = 'format = 1\nname = "c"\nextends = "base.toml"\n[params]\nlisted = [' + "0," * 400 + "]\n"
    path = write(tmp_path, base=BASE + "# " + "x" * 600, child=child)
    assert spec.load(path, max_bytes=4000)
    with pytest.raises(CompileError, match="GB601"):
        spec.load(path, max_bytes=2600)


REFUSED = [
    ("missing.toml", "there is no such file", None),
    ("bas.toml", "there is no such file", "did you mean base.toml?"),
    ("base.toml/x.toml", "there is no such file", None),
    ("../outside.toml", "does not lie in the folder", "copy it there"),
    ("sub/../../outside.toml", "does not lie in the folder", None),
    ("link.toml", "does not lie in the folder", None),
    ("linked/outside.toml", "does not lie in the folder", None),
    ("loop.toml", "its links go round in a circle", None),
    ("sub", "no plain file", None),
    (".", "no plain file", None),
    ("", "no plain file", None),
    ("pipe.toml", "no plain file", None),
    ("/etc/hostname", "must be a relative one", None),
    ("C:/base.toml", "must be a relative one", None),
    ("sub\\\\base.toml", "must be a relative one", None),
    ("base.toml\\u0000", "must be a relative one", None),
    ("base\\n.toml", "must be a relative one", None),
    ("x" * 300 + ".toml", "name too long", None),
]


@pytest.mark.parametrize(("written", "message", "help_"), REFUSED, ids=[row[0][:20] for row in REFUSED])
def test_files_that_may_not_be_read(tmp_path: Path, written: str, message: str, help_: str | None) -> None:
    (tmp_path / "outside.toml").write_text(BASE)
    folder = tmp_path / "specs"
    (folder / "sub").mkdir(parents=True)
    os.symlink("../outside.toml", folder / "link.toml")
    os.symlink("..", folder / "linked")
    os.symlink("loop.toml", folder / "loop.toml")
    os.mkfifo(folder / "pipe.toml")
    found = fault(write(folder, base=BASE, child=f'format = 1\nname = "c"\nextends = "{written}"\n'))
    assert found.code == "GB114"
    assert message in found.message
    assert found.span is not None and (found.span.line, found.span.column) == (3, 11)
    if help_ is not None:
        assert found.help is not None and help_ in found.help


def test_a_link_that_stays_in_the_folder(tmp_path: Path) -> None:
    os.symlink("base.toml", tmp_path / "link.toml")
    child = load(tmp_path, base=BASE, child='format = 1\nname = "c"\nextends = "link.toml"\n')
    assert child.params["width"] == 8


def test_a_circle_is_shown_as_a_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = {
        name: f'format = 1\nname = "x"\nextends = "{to}.toml"\n' for name, to in {"b": "c", "c": "b", "a": "b"}.items()
    }
    found = fault(write(Path(), **files))
    assert (found.code, found.message) == ("GB115", "specs extend each other: a.toml -> b.toml -> c.toml -> b.toml")


def test_a_file_that_extends_itself_by_a_link(tmp_path: Path) -> None:
    os.symlink("a.toml", tmp_path / "b.toml")
    assert fault(write(tmp_path, a='format = 1\nname = "x"\nextends = "b.toml"\n')).code == "GB115"


@pytest.mark.parametrize(("count", "code"), [(8, None), (9, "GB116")])
def test_at_most_eight_deep(tmp_path: Path, count: int, code: str | None) -> None:
    chain = {
        f"s{number}": f'format = 1\nname = "x"\nextends = "s{number - 1}.toml"\n' for number in range(1, count + 1)
    }
    path = write(tmp_path, s0=BASE, **chain)
    if code is None:
        assert spec.load(path).params["width"] == 8
    else:
        assert fault(path).code == code


def test_a_text_without_a_folder_extends_nothing() -> None:
    text = 'format = 1\nname = "c"\nextends = "base.toml"\n'
    with pytest.raises(CompileError, match="GB114"):
        spec.parse(document.parse(text, "x.toml"))


def test_a_text_with_a_folder_may(tmp_path: Path) -> None:
    write(tmp_path, base=BASE)
    text = 'format = 1\nname = "c"\nextends = "base.toml"\n'
    assert spec.parse(document.parse(text, "<text>"), folder=tmp_path).name == "c"
