"""What an editor is told of a mistake, and of the places that it has to do with."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types as lsp

from graphbuilder.lsp.file import SpecFile, read
from graphbuilder.lsp.reports import reports, uri_of

NESTED = """\
format = 1
name = "nested"
[inputs]
x = [8, 16, 16]
[model]
body = [
  { id = "entry", use = "outer", repeat = 2 },
]
[blocks.outer]
body = [
  { id = "deep", use = "res" },
]
[blocks.res]
body = [{ op = "conv", out = 8, kernel = 1, stride = 2 }]
shortcut = "identity"
"""
# Opens one of those blocks anew, in a model of its own.
CHILD = """\
format = 1
name = "child"
extends = "nested.toml"
[model]
body = [
  { id = "mine", use = "outer" },
]
"""


def told(path: Path, text: str, related: bool = True) -> lsp.Diagnostic:
    """The one mistake of a file at ``path``."""
    file = SpecFile(path.as_uri(), path)
    file.change(text, 1)
    file.learn(read(text, file.name, file.folder))
    (found,) = reports(file, file.mistakes, related)
    return found


def places(found: lsp.Diagnostic) -> list[tuple[str, str, int]]:
    """What is said of other places: the words, the file and the line, from 1."""
    related = found.related_information or ()
    return [(each.message, each.location.uri, each.location.range.start.line + 1) for each in related]


def test_the_way_in_through_blocks_is_told_by_its_places(tmp_path: Path) -> None:
    path = tmp_path / "nested.toml"
    found = told(path, NESTED)
    uri = uri_of(str(path))
    assert places(found) == [
        ("the body gives 8x8x8", uri, 14),
        ("in entry.0.deep", uri, 11),
        ("in entry.0", uri, 7),
    ]
    assert "used at" not in found.message


def test_the_way_in_is_words_where_an_editor_shows_no_places(tmp_path: Path) -> None:
    found = told(tmp_path / "nested.toml", NESTED, related=False)
    assert found.related_information is None
    assert f"in entry.0.deep, a `res` used at {tmp_path}/nested.toml:11:3" in found.message.split("\n")


def test_a_mistake_elsewhere_is_underlined_at_what_leads_to_it(tmp_path: Path) -> None:
    base = tmp_path / "nested.toml"
    base.write_text(NESTED, encoding="utf-8")
    found = told(tmp_path / "child.toml", CHILD)
    assert found.range.start.line + 1 == 6
    uri = uri_of(str(base))
    assert places(found) == [
        ("the shortcut gives 8x16x16", uri, 15),
        ("the body gives 8x8x8", uri, 14),
        ("in mine.deep", uri, 11),
        ("in mine", uri_of(str(tmp_path / "child.toml")), 6),
    ]


def test_a_file_that_cannot_be_read_is_told_where_it_is_extended(tmp_path: Path) -> None:
    (tmp_path / "nested.toml").write_text("name = ", encoding="utf-8")
    found = told(tmp_path / "child.toml", CHILD)
    assert found.range.start.line + 1 == 3
    assert places(found)[-1] == ("extended here", uri_of(str(tmp_path / "child.toml")), 3)
