"""Any text and any name through whatever writes them: read back by the format's own rules, it is what it was."""

from __future__ import annotations

import ast
import json
import re
import unicodedata
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any, get_args
from xml.etree import ElementTree

import pytest
import tomli
from hypothesis import example, given, settings
from hypothesis import strategies as st

import graphbuilder as gb
from graphbuilder.backends.graphviz.text import clean
from graphbuilder.backends.mermaid.escape import escaped as in_mermaid
from graphbuilder.backends.tikz.escape import escaped as in_tex
from graphbuilder.backends.toml import expand
from graphbuilder.backends.toml.writer import document
from graphbuilder.compiler import Network, check_text, source
from graphbuilder.document.writing import value
from graphbuilder.spec.names import Kind, fault_of
from tests.hostile.active import SEARCHES
from tests.hostile.letters import TEXTS, WORDS

HOSTILE = [text for texts in TEXTS.values() for text in texts.values()]
PIECES = [
    *"<>&\"'\\{}[]()#%$^_~`|;:-=/*!?@,. \n\r\t\0",
    "]]>",
    "-->",
    "%%{",
    "\\input",
    "^^M",
    "&lt;",
    "#35;",
    "\u2028",
]
TEXT = (
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
    | st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
    | st.sampled_from(HOSTILE)
)
TITLE = TEXT.filter(lambda text: not text.startswith("="))  # that would be an expression


def network(text: str) -> Network:
    """One whose every title is ``text``."""
    body: list[Mapping[str, Any]] = [{"op": "relu", "title": text}, {"use": "unit", "repeat": 2, "title": text}]
    unit = {"title": text, "body": [{"op": "linear", "out": 4, "title": text}], "shortcut": "identity"}
    head = {"format": 1, "name": text or "x", "title": text}
    checked = check_text(document({"": head, "inputs": {"x": [4, 5]}, "model": {"body": body}, "blocks.unit": unit}))
    assert checked.network is not None, "\n".join(map(str, checked.diagnostics))
    return checked.network


@given(TEXT | st.dictionaries(TEXT, TEXT, max_size=3))
@example("=1")
def test_what_the_writer_writes_is_read_back(item: Any) -> None:
    text = document({"": {"key": item}})
    assert tomli.loads(text) == {"key": item}
    assert value(item).isprintable()


@given(TITLE)
def test_any_title_stays_through_expansion(text: str) -> None:
    first = network(text)
    assert first.title == text or not text
    expanded = expand(first.typed)
    again = check_text(expanded).network
    assert again is not None
    assert (again.title, expand(again.typed)) == (first.title, expanded)
    titles = [[node.title or None for node in each.typed.graph.nodes] for each in (first, again)]
    assert titles[0] == titles[1]


@given(TITLE)
def test_any_title_is_a_docstring_and_no_code(text: str) -> None:
    def code(title: str) -> str:
        tree = ast.parse(source(network(title)))
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
                node.body = node.body[1:] or [ast.Pass()]
            if isinstance(node, ast.ClassDef) and node.name not in ("Unit",):
                node.name = "Root"
        return ast.unparse(tree)

    assert code(text) == code("plain")


SPECS: Mapping[Kind, str] = {
    "step": 'body = [{ id = "NAME", op = "relu" }, { op = "tanh", from = "NAME" }]',
    "block": 'body = [{ use = "NAME" }]\n[blocks.NAME]\nbody = [{ op = "conv", out = 4, kernel = 1 }]',
    "input": 'body = [{ op = "relu", from = "NAME" }]',
    "branch": 'body = [{ use = "u" }]\n[blocks.u]\nmerge = "add"\nbranches."NAME" = [{ op = "relu" }]\n'
    'branches.other_one = [{ op = "tanh" }]',
    "output": 'body = [{ op = "relu" }]\n[outputs]\n"NAME" = "relu"',
    "param": 'body = [{ op = "conv", out = "=NAME", kernel = 1 }]\n[params]\n"NAME" = 4',
    "argument": 'body = [{ use = "u", "NAME" = 3 }]\n[blocks.u]\nargs = { "NAME" = "int" }\n'
    'body = [{ op = "conv", out = "=NAME", kernel = 1 }]',
    "let": 'body = [{ use = "u" }]\n[blocks.u]\nlet = { "NAME" = 4 }\n'
    'body = [{ op = "conv", out = "=NAME", kernel = 1 }]',
}
NAMES = st.sampled_from(WORDS) | st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,63}", fullmatch=True) | TEXT


def test_every_kind_of_name_has_a_spec() -> None:
    assert set(SPECS) == set(get_args(Kind))


@pytest.mark.parametrize("kind", SPECS)
@settings(max_examples=60)
@given(name=NAMES)
@example(name="relu")
@example(name="x")
@example(name="forward")
def test_any_name_works_or_is_refused_where_it_stands(kind: Kind, name: str) -> None:
    quoted = value(name)
    body = SPECS[kind].replace('"NAME"', quoted).replace(".NAME", f".{quoted}")
    inputs = f"{quoted} = [4, 8, 8]" if kind == "input" else "x = [4, 8, 8]"
    checked = check_text(f'format = 1\nname = "case"\n[inputs]\n{inputs}\n[model]\n{body.replace("NAME", name)}\n')
    if fault_of(name, kind):
        assert checked.network is None
        assert {each.code for each in checked.diagnostics} & {"GB110", "GB111", "GB005"}
        assert all(each.span for each in checked.diagnostics)
        return
    if checked.network is None:  # it is something else's here
        assert {each.code for each in checked.diagnostics} <= {"GB112", "GB324", "GB113", "GB305"}, checked.diagnostics
        return
    ast.parse(source(checked.network))
    text = expand(checked.network.typed)
    again = check_text(text).network
    assert again is not None and expand(again.typed) == text
    assert (again.inputs, again.outputs) == (checked.network.inputs, checked.network.outputs)
    if kind in ("step", "input", "output"):
        assert f"{name}" in text


FORMATS = ("html", "tex", "mmd", "dot")


@pytest.mark.parametrize("format", FORMATS)
@settings(max_examples=40)
@given(text=TITLE)
def test_any_title_is_letters_in_a_figure(format: Any, text: str) -> None:
    drawn = gb.render(network(text), format=format)
    assert list(SEARCHES[f".{format}"](drawn)) == []


@settings(max_examples=15)
@given(TITLE)
def test_any_title_is_read_in_an_svg(text: str) -> None:
    drawn = gb.render(network(text), format="svg")
    assert list(SEARCHES[".svg"](drawn)) == []
    shown = "".join("".join(ElementTree.fromstring(drawn).itertext()).split())
    assert "".join(clean(text).split())[:12] in shown


@given(TEXT)
def test_any_text_is_read_back_by_mermaid_s_rules(text: str) -> None:
    """Numbers between a hash and a semicolon are characters; nothing else in quotes means anything."""
    written = in_mermaid(text)
    assert re.sub(r"#(\d+);", lambda found: chr(int(found[1])), written) == text
    assert not set(re.sub(r"#\d+;", "", written)) & set("\"'`<>[]{}#;&%:@*_~$\\|^!?\n\r") - {"_"}


MARKS = "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c\u0327\u0328"
ACCENTS = dict(zip("`'^~=u.\"rHvck", MARKS, strict=True))
SIGN = re.compile(
    r"""
      \\([`'^~=."uvHrck])\{(\\?[A-Za-z])\}
    | \\gbsign\{([0-9A-F]+)\}
    | \\ensuremath\{(?:\\?([A-Za-z]+)|(-))\}
    | \\([A-Za-z]+)\{\}
    | \\([{}$&\#%_])
    | (\\/)
    | \{(\?)\}
    | (.)
    """,
    re.VERBOSE,
)
TEX_SIGNS = {"textbackslash": "\\", "textasciicircum": "^", "textasciitilde": "~", "textless": "<", "textgreater": ">"}
TEX_SIGNS |= {"textbar": "|", "textquotedbl": '"', "textquotesingle": "'", "textasciigrave": "`"}


def tex_letters(written: str) -> str:
    """What TeX shows: of what is no ASCII, a question mark where it is not an accented letter."""
    shown = ""
    for found in SIGN.finditer(written):
        accent, letter, number, word, minus, sign, special, nothing, unknown, plain = found.groups()
        if accent:
            shown += unicodedata.normalize("NFC", letter[-1] + ACCENTS[accent])
        elif number:
            shown += chr(int(number, 16))
        elif word or minus or unknown:
            shown += "?"
        elif sign:
            shown += TEX_SIGNS.get(sign, "?")
        elif not nothing:
            shown += special or (" " if plain == "~" else plain)
    return shown


@given(TEXT)
def test_any_text_is_read_back_by_tex_s_rules(text: str) -> None:
    shown = tex_letters(in_tex(text))
    assert len(shown) == len(text)
    for read, written in zip(shown, text, strict=True):
        if written.isascii() and written.isprintable():
            assert read == written
        else:
            assert read in ("?", " ", unicodedata.normalize("NFC", written))


class Titles(HTMLParser):
    """The texts of the elements of a page, and its data."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = [""]
        self.texts: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.stack.append("data" if ("id", "data") in attrs else tag)

    def handle_data(self, data: str) -> None:
        self.texts[self.stack[-1]] = self.texts.get(self.stack[-1], "") + data


@settings(max_examples=40)
@given(TITLE)
def test_any_title_is_read_back_from_a_page(text: str) -> None:
    page = Titles()
    page.feed(gb.render(network(text), format="html").decode())
    page.close()
    data = json.loads(page.texts["data"])
    assert page.texts.get("title", "").split() == data["title"].split() == clean(text or "x").split()
