"""Text with several faults: all of them in one run, what is sound checked on, and nothing that only follows."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from graphbuilder.compiler import check_text
from graphbuilder.diagnostics import CompileError, Sink
from graphbuilder.document import Unread, parse
from graphbuilder.document import load as load_document
from tests.clock import seconds
from tests.document.test_positions import text_at

SPECS = Path(__file__).parents[2] / "specs"
HEAD = 'format = 1\nname = "x"\n[inputs]\nx = [3, 32, 32]\n[model]\nbody = ['
# The steps of a body from line 7 on, then tables; `¶` ends a line. What is told, by lines.
FAULTY = r"""
{ op = "conv", out = =2*8, kernel = 1 }¶{ op = "bathnorm" }    -> 7 GB005, 8 GB005, 8 GB303
{ op = "conv", out = 8, kernel = (3, 3) },¶{ op = "bathnorm" } -> 7 GB005, 8 GB303
{ op = @, out = 8 },¶{ op = "conv", kernel = 1, out = },¶1     -> 7 GB005, 8 GB005, 9 GB103
{ id = "a", op = f(3) },¶{ op = "add", from = ["a", "x"] }     -> 7 GB005
{ op = "relu" out = 3 }¶{ op = "zork" }                        -> 7 GB005, 7 GB305, 8 GB005, 8 GB303
{ op = "linear", out = 8, out = "x" },¶{ op = "zork" }         -> 7 GB006, 8 GB303
{ op = "linear", out = "=w" }]¶[params]¶w = 06¶v = @           -> 9 GB005, 10 GB005
{ op = "linear", out = "=sum(w)" }]¶[params]¶w = [1, @, 2]     -> 9 GB005
{ use = "b" }]¶[blocks.b]¶args = { n = @ }¶body = [@, @]       -> 9 GB005, 10 GB005, 10 GB005
{ op = "zork" }]¶[params]¶my width = 3¶b = @¶c = 1,            -> 9 GB005, 10 GB005, 11 GB005
{ op = "zork" }]¶[params]¶a = @¶[params]¶b = @¶b = @           -> 9 GB005, 10 GB006, 11 GB005, 12 GB005
{ op = "zork" }]¶word word¶¶¶[params]¶b = @                    -> 7 GB303, 8 GB005, 12 GB005
{ op = "conv", out = ¶{ op = "relu" },¶{ op = "zork" }         -> 7 GB005
{ use = "b" }]¶[blocks.b]¶mer¶body = [{ op = "relu" }]          -> 9 GB005
{ use = "b" }]¶[blocks.b]¶bod¶[params]¶v = @                    -> 9 GB005, 11 GB005
{ op = "zork" }]¶tit¶[blocks.b]¶body = [{ op = "zork" }]        -> 7 GB303, 8 GB005, 10 GB303
{ op = "zork" }]¶[params]¶wid                                   -> 7 GB303, 9 GB005
{ op = "zork" }]¶[bl                                            -> 7 GB303, 8 GB005
{ use = "b" }]¶[blocks.b                                        -> 8 GB005
{ use = "c" }]¶[blocks c]¶body = [{ op = "relu" }]              -> 8 GB005
{ use = "b" }]¶[blocks.c]¶body = [{ op = "relu" }]¶blocks.b:¶body = [{ op = "relu" }] -> 10 GB005
"""
OTHERS = r"""
format = one¶name = @¶zork = 3                                 -> 1 GB005, 2 GB005
extends = other.toml¶name = @¶zork = 3                         -> 1 GB005, 2 GB005
format = 1¶nam¶[inputs]¶x = [3]¶[model]¶body = [{ op = "relu" }] -> 2 GB005
model:¶  body:¶    - op: conv¶    - op: relu                   -> 1 GB005
{¶"a": 1,¶"b": [¶  2¶]¶}                                       -> 1 GB005
"""


def _rows(table: str, head: str = "") -> Iterator[tuple[str, str]]:
    for row in table.strip().splitlines():
        text, _, wanted = row.replace("¶", "\n").partition("->")
        text = f"{head}\n{text.rstrip(' ')}" if head else text
        yield text if "}]\n" in text or not head else f"{text}\n]", wanted.strip()


@pytest.mark.parametrize(("text", "wanted"), [*_rows(FAULTY, HEAD), *_rows(OTHERS)])
def test_all_faults_are_told_and_nothing_that_follows(text: str, wanted: str) -> None:
    found = [(each.span.line if each.span else 0, each.code) for each in check_text(text).diagnostics]
    assert ", ".join(f"{line} {code}" for line, code in found) == wanted


BROKEN = (
    "@",
    "= {}",
    "",
    "{} {}",
    '"{}',
    "(1, 2)",
    "None",
    "{}]",
    "[{}",
    "{}}}",
    '{}"',
    "f({})",
    "{};",
    "{} // x",
    "{},,",
)


def test_one_fault_of_a_sound_spec_is_told_alone() -> None:
    """Also where values elsewhere are computed from the one that cannot be read."""
    draw, several = random.Random(3), list[str]()
    files = [path for path in sorted(SPECS.glob("*.toml")) if path.stat().st_size < 6_000]
    for _ in range(20):
        path = draw.choice(files)
        document = load_document(path)
        text, leaves = document.source.text, [keys for keys, value in _leaves(document.data) if keys != ("format",)]
        start, end = document.span(draw.choice(leaves)).offsets
        broken = draw.choice(BROKEN).replace("{}", text[start:end])
        faulty = f"{text[:start]}{broken}{text[end:]}"
        if broken != text[start:end]:
            found = check_text(faulty, str(path), folder=SPECS).diagnostics
            several += [f"{path.name}: {broken}: {list(map(str, found))}"] * (len(found) > 1)
    assert not several, "\n".join(several)


def _leaves(value: object, keys: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], object]]:
    if not isinstance(value, dict | list):
        return [(keys, value)]
    rows = value.items() if isinstance(value, dict) else enumerate(value)
    return [leaf for key, item in rows for leaf in _leaves(item, (*keys, key))]


def test_places_are_those_of_the_text_as_it_was_written() -> None:
    sink = Sink()
    document = parse("a = 064\nb = [1,, 2]\nc = { d = =x, e = 'here' } \n[t]\nf = 5\n", "s", sink=sink)
    assert [str(each.span) for each in sink.diagnostics] == ["s:1:5", "s:2:8", "s:3:11"]
    marked = {
        keys: text_at(document.span(keys)) for keys in [("a",), ("b",), ("c", "d"), ("c", "e"), ("t",), ("t", "f")]
    }
    assert list(marked.values()) == ["064", "[1,, 2]", "=x", "'here'", "[t]", "5"]
    assert document.data == {"a": "=?", "b": "=?", "c": {"d": "=?", "e": "here"}, "t": {"f": 5}}
    assert isinstance(document.data["a"], Unread) and document.unread == {("a",), ("b",), ("c", "d")}


def test_without_a_sink_all_of_them_are_raised() -> None:
    with pytest.raises(CompileError) as raised:
        parse("a = 064\nb = @\n", "s")
    assert [each.code for each in raised.value.diagnostics] == ["GB005", "GB005"]


@pytest.mark.parametrize(
    "line", ["a{} = @", "a = {}", "]", '{{ op = "x', "[[a]", "a{} = 1 2", "a{} = 064", "'''", "a{} = [1, {{ b = @ }}]"]
)
def test_many_faults_cost_little(line: str) -> None:
    text = "\n".join(line.format(number) for number in range(200_000 // len(line)))

    def refuse() -> None:
        with pytest.raises(CompileError) as raised:
            parse(text, "s")
        assert len(raised.value.diagnostics) <= 20

    assert seconds(refuse, 2) < 2


@pytest.mark.parametrize("name", ["xception", "resnet50", "unet"])
def test_of_a_file_that_breaks_off_one_thing_is_told(name: str) -> None:
    text = (SPECS / f"{name}.toml").read_text(encoding="utf-8")
    draw = random.Random(name)
    for end in draw.sample(range(len(text)), 80):
        found = [each.code for each in check_text(text[:end], folder=SPECS).diagnostics if each.severity == "error"]
        assert len(found) <= 1, f"{text[end - 40 : end]!r}: {found}"


def test_behind_what_breaks_off_the_rest_is_checked() -> None:
    rest = '}]\n[blocks.b]\nbody = [{ op = "relu" }]\n[blocks.c]\nargs = { n = '
    found = check_text(f'{HEAD}{{ op = "zork" }}, {{ use = "nowhere" {rest}').diagnostics
    assert [each.code for each in found] == ["GB303", "GB005"]
