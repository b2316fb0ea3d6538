"""Answers in a spec that extends another: of what is inherited, and of what is overridden."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from graphbuilder.document.reading import read_text
from graphbuilder.lsp.completion import complete
from graphbuilder.lsp.file import SpecFile, read
from graphbuilder.lsp.hover import hover
from graphbuilder.lsp.places import definition, references
from tests.lsp.editing import SPEC, opened, taken

CHILD = 'format = 1\nname = "other"\nextends = "base.toml"\n\n[steps]\nlogits = { out = 5 }\n'


@pytest.fixture
def child(tmp_path: Path) -> Path:
    (tmp_path / "base.toml").write_text(SPEC, encoding="utf-8")
    return tmp_path


def test_what_is_inherited(child: Path) -> None:
    file, _ = opened(CHILD, child, CHILD)
    paths = [definition(file, file.text.source.index(word) + 1) for word in ("base.toml", "logits")]
    assert [(found.uri, found.range.start.line) for found in paths if found] == [
        ((child / "base.toml").as_uri(), 0),
        ((child / "base.toml").as_uri(), SPEC[: SPEC.index('{ id = "logits"')].count("\n")),
    ]
    told = hover(file, file.text.source.index("logits") + 1)
    assert told
    assert "| logits | 16 | 5 |" in told.text


def test_what_is_inherited_is_known_in_a_text_that_was_never_right(child: Path) -> None:
    broken = CHILD + '[blocks.x]\nbody = [{ use = "§'
    file, offset = opened(broken, child, broken.replace("§", ""))
    assert [each.label for each in complete(file, offset)] == ["residual", "x"]
    file, offset = opened(CHILD + "mid§", child, CHILD + "mid")
    assert "middle" in [each.label for each in complete(file, offset)]


# What is added to a spec that extends another, and what that other one declares.
OVERRIDDEN = [
    ("[params]\ncla§sses = 5", "classes = 10"),
    ("[params]\nclasses = 5§", None),
    ("[params.depth]\nm§in = 1", "depth = 3"),
    ("[params]\nwid§e = 1", None),
    ("[defaults]\nconv = { ker§nel = 1 }", "kernel = 3"),
    ("[blocks.residual]\nargs = { wi§de = 4 }", 'wide = "int"'),
    ("[blocks.resi§dual]\nargs = { wide = 4 }", "residual]"),
    ("[steps]\nmiddle = { rep§eat = 2 }", "repeat = "),
    ("[steps]\nmiddle = { wh§en = true }", '{ id = "middle"'),
    ("[steps]\nmiddle = { wi§de = 4 }", "wide = 8"),
    ("[steps]\nmiddle = { re§lu = false }", "relu = true"),
    ('[steps]\nmiddle = { after = [{ use = "residual", wi§de = 4 }] }', 'wide = "int"'),
    ('[steps]\n"residual.first" = { out = "=wi§de" }', 'wide = "int"'),
    ('[steps]\nlogits = { from = "st§em" }', '{ id = "stem"'),
    ('[blocks.more]\nbody = [{ use = "residual", wi§de = 4 }]', 'wide = "int"'),
    ("[steps]\nmid§dle = { repeat = 2 }", '{ id = "middle"'),
    ('[steps]\nstem = { after = [{ op = "relu" }] }\nlog§its = { out = 5 }', '{ id = "logits"'),
    ('[model]\nbo§dy = [{ op = "globalavgpool" }]', None),
    ('[model]\nbody = [{ o§p = "globalavgpool" }]', None),
]


@pytest.mark.parametrize(("added", "declared"), OVERRIDDEN)
def test_what_is_overridden_leads_to_where_it_is_declared(child: Path, added: str, declared: str | None) -> None:
    text = f'format = 1\nname = "other"\nextends = "base.toml"\n\n{added}\n'
    file, offset = opened(text, child, text.replace("§", ""))
    found = definition(file, offset)
    assert (found is None) == (declared is None)
    if found and declared:
        assert found.uri == (child / "base.toml").as_uri()
        assert SPEC.split("\n")[found.range.start.line][found.range.start.character :].startswith(declared)


BY_OTHERS = {
    "other.toml": CHILD + "[params]\nclasses = 7\n",
    "third.toml": 'format = 1\nname = "t"\nextends = "other.toml"\n[steps]\nmiddle = { wide = "=classes" }\n',
    "fourth.toml": 'extends = "base.toml"\n[steps]\npool = { after = [{ use = "residual", wide = 3 }] }\n[steps.x',
    "alien.toml": SPEC,
}
# A place in one of the files, and how often each file names what is meant, declarations counted.
NAMED = [
    ("base.toml", "cla§sses = 10", {"base": 2, "other": 1, "third": 1}),
    ("third.toml", "=cla§sses", {"base": 2, "other": 1, "third": 1}),
    ("base.toml", "blocks.resi§dual", {"base": 2, "fourth": 1}),
    ("base.toml", 'wi§de = "int"', {"base": 3, "third": 1, "fourth": 1}),
    ("fourth.toml", "wi§de = 3", {"base": 3, "third": 1, "fourth": 1}),
    ("alien.toml", "cla§sses = 10", {"alien": 2}),
    ("base.toml", "dep§th = 3", {"base": 2}),
]


@pytest.mark.parametrize(("name", "place", "named"), NAMED)
def test_what_names_it_in_other_files(child: Path, name: str, place: str, named: dict[str, int]) -> None:
    texts = {"base.toml": SPEC, **BY_OTHERS}
    for each, text in BY_OTHERS.items():
        (child / each).write_text(text, encoding="utf-8")
    (child / "pipe.toml").symlink_to("/dev/zero")
    file = SpecFile((child / name).as_uri(), child / name)
    file.change(texts[name], 1)
    file.learn(read(texts[name], file.name, child))
    offset = file.text.source.index(place.replace("§", "")) + place.index("§")
    found = references(file, offset, declaration=True)
    assert Counter(Path(each.uri).stem for each in found) == named
    for each in found:
        lines = texts[Path(each.uri).name].split("\n")
        text = lines[each.range.start.line][each.range.start.character : each.range.end.character]
        assert text.strip('"') == place.replace("§", "").split(" ")[0].removeprefix("=").removeprefix("blocks.")


def test_what_names_it_in_a_text_that_is_not_saved(child: Path) -> None:
    (child / "other.toml").write_text(CHILD, encoding="utf-8")
    other = SpecFile("file:///as%20the/editor/calls/it", child / "other.toml")
    other.change(CHILD.replace("out = 5", 'out = "=classes"'), 2)
    file, offset = SpecFile((child / "base.toml").as_uri(), child / "base.toml"), SPEC.index("classes = 10")
    file.change(SPEC, 1)
    assert [each.uri for each in references(file, offset, True, [file, other])] == [file.uri, file.uri, other.uri]
    assert len(references(file, offset, declaration=True)) == 2


def test_no_file_of_another_folder_is_read_for_what_names_it(child: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    below = child / "below"
    below.mkdir()
    for path in (child / "away.toml", below / "base.toml"):
        path.write_text(SPEC, encoding="utf-8")
    (below / "link.toml").symlink_to(child / "away.toml")
    (below / "up.toml").write_text('extends = "../away.toml"', encoding="utf-8")
    read: list[str] = []

    def noted(path: Path, name: str, max_bytes: int) -> str:
        read.append(path.name)
        return read_text(path, name, max_bytes)

    monkeypatch.setattr("graphbuilder.lsp.family.read_text", noted)
    file = SpecFile((below / "base.toml").as_uri(), below / "base.toml")
    file.change(SPEC, 1)
    assert len(references(file, SPEC.index("classes = 10"), declaration=True)) == 2
    assert read == ["up.toml"]


def test_what_stands_around_an_override(child: Path) -> None:
    """Its expressions and paths have the names of the place where the step that it changes stands."""
    text = CHILD + '"residual.first" = { out = "=§" }\nmiddle = { from = "" }\n'
    file, offset = opened(text, child, text.replace("§", ""))
    assert [each.label for each in complete(file, offset)][:2] == ["wide", "relu"]
    steps = complete(file, file.text.source.index('from = ""') + 8)
    assert [each.label for each in steps] == ["image", "stem", "pool", "logits"]


# What is being typed in a variant, an item, and the line that it gives.
TYPED = [
    ("[steps]\n§", "residual.first", '"residual.first" ='),
    ("[steps]\nmid§", "middle", '"middle" ='),
    ('[steps]\n"resi§', "residual.first", '"residual.first" ='),
    ('[steps]\n"residual.§', "residual.first", '"residual.first" ='),
    ("[steps]\n'residual.fi§' = { }", "residual.first", '"residual.first" = { }'),
    ("[steps.§", "middle", '[steps."middle"'),
    ("[steps.§]", "residual.first", '[steps."residual.first"]'),
    ('[steps."resi§', "residual.first", '[steps."residual.first"'),
    ('[steps."residual.first"]\nker§', "kernel", "kernel ="),
    ("[steps]\nmiddle = { wi§ }", "wide", "middle = { wide =  }"),
    ("[params]\ncla§", "classes", "classes ="),
    ("[params.§]", "depth", "[params.depth]"),
    ("[inputs]\n§", "image", "image ="),
    ("[blocks.§]", "residual", "[blocks.residual]"),
    ("[blocks.residual]\nargs = { § }", "wide", "args = { wide =  }"),
    ("[init]\nconv = 1\n[defaults.co§]", "conv", "[defaults.conv]"),
]


@pytest.mark.parametrize(("added", "label", "line"), TYPED)
def test_what_a_variant_may_change_is_offered(child: Path, added: str, label: str, line: str) -> None:
    file, offset = opened(f'format = 1\nname = "other"\nextends = "base.toml"\n\n{added}\n', child, CHILD)
    (item,) = [each for each in complete(file, offset) if each.label == label]
    assert taken(file, item) == line


def test_what_a_variant_has_changed_is_not_offered_again(child: Path) -> None:
    file, offset = opened(f"{CHILD}[steps.§]\n", child, CHILD)
    assert [each.label for each in complete(file, offset)] == ["stem", "middle", "pool", "residual.first"]


def test_what_an_override_changes_is_told_in_a_text_that_was_never_right(child: Path) -> None:
    broken = 'format = 1\nname = "o"\nextends = "base.toml"\n[steps]\n"residual.fi§rst" = { out = }\n'
    file, offset = opened(broken, child, broken.replace("§", ""))
    told = hover(file, offset)
    assert told and told.text == "`residual.first`: `conv`"


def test_what_is_overridden_twice_leads_to_the_nearest_that_declares_it(child: Path) -> None:
    nearer = 'format = 1\nname = "nearer"\nextends = "base.toml"\n[params]\nclasses = 7\n'
    (child / "nearer.toml").write_text(nearer, encoding="utf-8")
    text = 'format = 1\nname = "o"\nextends = "nearer.toml"\n[params]\ncla§sses = 5\ndepth = 1\n'
    file, offset = opened(text, child, text.replace("§", ""))
    found, other = definition(file, offset), definition(file, file.text.source.index("depth"))
    assert found and other
    assert (found.uri, found.range.start.line) == ((child / "nearer.toml").as_uri(), 4)
    assert other.uri == (child / "base.toml").as_uri()
