"""The reading of text that may not be TOML: equal to tomli where it is, and of use where it is not."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import tomli

from graphbuilder.document import parse
from graphbuilder.lsp.outline import outline

SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.toml"))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_of_toml_it_reads_what_tomli_reads(path: Path) -> None:
    document = parse(path.read_text(encoding="utf-8"), path.name)
    found = outline(document.source.text)
    assert found.data == tomli.loads(document.source.text)
    for item in found.items:
        if item.header or item.key is None:
            continue
        span = document.key_span(item.keys)
        line = document.source.text.splitlines()[span.line - 1]
        assert line[span.column - 1 : span.end_column - 1] == document.source.text[slice(*item.key)]


# A text that is broken, and what is still read of it.
BROKEN = [
    ('x = [{ a = "b", \n  { c = 1 },\n]\n[t]\nd = 2', {"x": [{"a": "b"}, {"c": 1}], "t": {"d": 2}}),
    ("x = [{ a = 1, b\n[t]\nd = 2", {"x": [{"a": 1}], "t": {"d": 2}}),
    ("x = [1, 2\ny = 3", {"x": [1, 2], "y": 3}),
    ('x = { a = "b\ny = 3', {"x": {"a": "b", "y": 3}}),
    ('x = [{ a = "b }]\ny = 3', {"x": [{"a": "b }]", "y": 3}]}),
    ("a =\nb = 1", {"b": 1}),
    ("a = [1, , 2]", {"a": [1, 2]}),
    ("= 3\nb = 1", {"": 3, "b": 1}),
    ("[a.\n[[b]]\nc = 1\n[[b]]\nc = 2", {"a": {"": {}}, "b": [{"c": 1}, {"c": 2}]}),
    ("]]} a = 1", {"a": 1}),
    ("[", {}),
    ('"', {}),
]


@pytest.mark.parametrize(("text", "data"), BROKEN)
def test_of_what_is_broken_it_reads_the_rest(text: str, data: dict[str, object]) -> None:
    assert outline(text).data == data


def test_it_never_fails() -> None:
    chance = random.Random(0)
    texts = [path.read_text(encoding="utf-8") for path in SPECS]
    for _ in range(300):
        text = chance.choice(texts)
        for _ in range(4):
            at = chance.randrange(len(text))
            text = (
                text[:at] + chance.choice("[]{}\"',=.\n#a1\\") * chance.randint(1, 3) + text[at + chance.randrange(9) :]
            )
        items = outline(text).items
        assert all(0 <= start <= end <= len(text) for start, end in (item.value for item in items))


@pytest.mark.parametrize("text", ["[" * 50_000, "a={" * 20_000, "a." * 50_000, "[[a]]\n" * 20_000, "x = [[[[" * 9_000])
def test_it_goes_no_deeper_than_it_can(text: str) -> None:
    assert outline(text).text == text
