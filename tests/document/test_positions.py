"""Every key and value of any TOML text stands where ``Document`` says that it does."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from graphbuilder.diagnostics import Span
from graphbuilder.document import Place, parse
from graphbuilder.document.scanner import Key, Scanner
from tests.document.toml_writer import DATA, Writer


def text_at(span: Span) -> str:
    """What stands at ``span``, by its lines and columns alone."""
    lines = span.source.text.split("\n")[span.line - 1 : span.end_line]
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.column - 1 :]
    return "\n".join(lines)


def paths(value: Any, keys: tuple[Key, ...] = ()) -> Iterator[tuple[tuple[Key, ...], Any]]:
    """Every key path below ``value``, and what is there."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*keys, key), item
        yield from paths(item, (*keys, key))


@given(DATA, st.randoms(use_true_random=False))
def test_every_path_is_found_and_reads_back(data: dict[str, Any], random: Random) -> None:
    text = Writer(random).document(data)
    assert tomli.loads(text) == data, "the writer of this test is at fault"
    document = parse(text, "spec.toml")
    scanner = Scanner(document.source.text)
    scanner.scan()
    assert set(scanner.extents) == {keys for keys, _ in paths(data)}
    for keys, value in paths(data):
        written = text_at(document.span(keys))
        if isinstance(value, dict) and not written.startswith("{"):
            assert tomli.loads(written if written.startswith("[") else f"{written} = 0"), "a header, or a dotted key"
        elif written.startswith("[[") and isinstance(value[0], dict):
            assert tomli.loads(written), "the header of its first item"
        else:
            assert tomli.loads(f"value = {written}")["value"] == value
        if isinstance(keys[-1], str):
            assert tomli.loads(f"{text_at(document.key_span(keys))} = 0") == {keys[-1]: 0}
        else:
            assert document.key_span(keys) == document.span(keys)


SPEC = """\
# a spec
format = 1
[blocks.unit]  # a header
args = { out = "int", relu = true }
branches.pool = [{ op = "maxpool" }]
[[blocks.down.body]]
op = 'conv'
kernel = [
  3, # three
  5,
]
[[blocks.down.body]]
  op = "add"
[blocks.down.body.init]
kind = "zeros"
[model]
body = [
  { id = "été", op = "conv",
    out = 3 },
  [1, [2, 3]],
]
text = \"\"\"
one
two\"\"\" # end
"""


@pytest.mark.parametrize(
    ("keys", "value", "key"),
    [
        (("format",), ("2:10", "1"), ("2:1", "format")),
        (("blocks",), ("3:1", "[blocks.unit]"), ("3:2", "blocks")),
        (("blocks", "unit"), ("3:1", "[blocks.unit]"), ("3:9", "unit")),
        (("blocks", "unit", "args"), ("4:8", '{ out = "int", relu = true }'), ("4:1", "args")),
        (("blocks", "unit", "args", "relu"), ("4:30", "true"), ("4:23", "relu")),
        (("blocks", "unit", "branches"), ("5:1", "branches.pool"), ("5:1", "branches")),
        (("blocks", "unit", "branches", "pool"), ("5:17", '[{ op = "maxpool" }]'), ("5:10", "pool")),
        (("blocks", "unit", "branches", "pool", 0), ("5:18", '{ op = "maxpool" }'), ("5:18", '{ op = "maxpool" }')),
        (("blocks", "down", "body"), ("6:1", "[[blocks.down.body]]"), ("6:15", "body")),
        (("blocks", "down", "body", 0), ("6:1", "[[blocks.down.body]]"), ("6:1", "[[blocks.down.body]]")),
        (("blocks", "down", "body", 0, "kernel"), ("8:10", "[\n  3, # three\n  5,\n]"), ("8:1", "kernel")),
        (("blocks", "down", "body", 0, "kernel", 1), ("10:3", "5"), ("10:3", "5")),
        (("blocks", "down", "body", 1), ("12:1", "[[blocks.down.body]]"), ("12:1", "[[blocks.down.body]]")),
        (("blocks", "down", "body", 1, "op"), ("13:8", '"add"'), ("13:3", "op")),
        (("blocks", "down", "body", 1, "init"), ("14:1", "[blocks.down.body.init]"), ("14:19", "init")),
        (("model", "body", 0, "id"), ("18:10", '"été"'), ("18:5", "id")),
        (("model", "body", 0, "op"), ("18:22", '"conv"'), ("18:17", "op")),
        (("model", "body", 0), ("18:3", '{ id = "été", op = "conv",\n    out = 3 }'), None),
        (("model", "body", 1, 1, 0), ("20:8", "2"), ("20:8", "2")),
        (("model", "text"), ("22:8", '"""\none\ntwo"""'), ("22:1", "text")),
        # What is not there stands where its nearest ancestor stands.
        (("model", "body", 0, "kernel"), ("18:3", '{ id = "été", op = "conv",\n    out = 3 }'), None),
        (("blocks", "unit", "body", 3, "op"), ("3:1", "[blocks.unit]"), ("3:9", "unit")),
        (("nothing",), ("1:1", ""), ("1:1", "")),
        ((), ("1:1", ""), ("1:1", "")),
    ],
)
def test_where_things_stand(keys: tuple[Key, ...], value: tuple[str, str], key: tuple[str, str] | None) -> None:
    document = parse(SPEC, "s.toml")
    for span, (place, text) in ((document.span(keys), value), (document.key_span(keys), key or value)):
        assert (str(span), text_at(span)) == (f"s.toml:{place}", text)


def test_a_place_asks_its_document() -> None:
    place = Place(parse(SPEC, "s.toml")) / "model" / "body" / 0 / "op"
    assert (str(place.span), str(place.key_span)) == ("s.toml:18:22", "s.toml:18:17")


def test_windows_lines_and_a_byte_order_mark_move_nothing() -> None:
    document = parse("\ufeff" + SPEC.replace("\n", "\r\n"), "s.toml")
    assert str(document.span(("model", "text"))) == "s.toml:22:8"
    assert document.data == parse(SPEC, "s.toml").data


def test_several_carriage_returns_end_a_line_as_one_does() -> None:
    document = parse("a = 1\r\r\nb = 2\r\r\r\n[c]\n", "s.toml")
    assert str(document.span(("c",))) == "s.toml:3:1"


def test_a_table_named_before_it_is_opened_stands_where_it_is_opened() -> None:
    document = parse("[a.b]\nc = 1\n[a]\nd = 2", "s.toml")
    assert str(document.span(("a",))) == "s.toml:3:1"


@pytest.mark.parametrize("quotes", ['"""a"""""', "'''a''''"])
def test_quotes_before_the_closing_quotes_belong_to_the_string(quotes: str) -> None:
    document = parse(f"a = [{quotes}, 2]", "s.toml")
    assert text_at(document.span(("a", 0))) == quotes


def test_a_quoted_key_is_its_value() -> None:
    document = parse('"middle.last" = { "w\\u00e9" = 1 }', "s.toml")
    assert str(document.span(("middle.last", "wé"))) == "s.toml:1:31"
