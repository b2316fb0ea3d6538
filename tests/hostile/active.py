"""What is active in an output: whatever a reader's program would run, follow or load, by the rules of its format.

Each search gives what it finds, in words, and nothing for an output in which a spec's texts are letters.
"""

from __future__ import annotations

import ast
import json
import re
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from html.parser import HTMLParser
from xml.etree import ElementTree

import tomli


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TAGS = {"script", "a", "image", "use", "foreignObject", "iframe", "set", "animate", "handler", "listener"}
LOADS = re.compile(r"url\(\s*[^#\s]|@import|javascript:", re.IGNORECASE)
# What TikZ draws with, and what letters are written with.
TEX = _words(
    """
    begin end path node gbwords gbsign textbf hspace ensuremath textbackslash textasciicircum textasciitilde textless
    textgreater textbar textquotedbl textquotesingle textasciigrave texttimes textperiodcentered textendash textemdash
    textellipsis textdegree textpm textmu textquoteleft textquoteright textquotedblleft textquotedblright rightarrow
    leftarrow leq geq infty ss ae AE oe OE o O l L i j u r H v c k alpha beta gamma
    """
)
WORDS = r'"[\w ,×·–→+/=()#;.]*"'
MERMAID = re.compile(
    rf"""
      \ *n\d+(\(|\[|\(\[|\(\(|\[\[){WORDS}(\)|\]|\]\)|\)\)|\]\])
    | \ *subgraph\ b\d+\[{WORDS}\]
    | \ *said\[{WORDS}\]
    | \ *style\ said\ fill:none,stroke:none
    | \ *end
    | \ *n\d+\ (-->|-\.->)(\|{WORDS}\|)?\ n\d+
    | \ *classDef\ \w+\ [\w:#,\ .-]+
    | \ *class\ [\w,]+\ \w+
    | \ *%%\ [\w\ ,×·–→+/=()#;.]*
    | flowchart\ (TB|LR)
    """,
    re.VERBOSE,
)
DOT = re.compile(r'"(?:[^"\\]|\\.)*"|<(?=<)|->|[A-Za-z0-9_.\-]+|[\[\]{}=,;]|\s+', re.DOTALL)
DOT_NAME = re.compile(r"n\d+|w\d+|c[01]|cluster_\d+")
DOT_WORDS = {"digraph", "subgraph", "node", "edge", "graph"}
DOT_ATTRIBUTES = _words(
    """
    arrowsize bb bgcolor class color dpi fillcolor fixedsize fontcolor fontname fontsize height label layout margin
    outputorder pad penwidth pos shape style width
    """
)
DOT_TAGS = {"table", "tr", "td", "font", "b"}
DOT_MARKS = _words("border cellborder cellspacing cellpadding fixedsize width height align point-size")
PDF = re.compile(
    rb"/(JS|JavaScript|URI|Launch|OpenAction(?! \[3 0 R /\w+ [null ]*\])|AA|EmbeddedFile\w*|SubmitForm|GoTo[RE]|Movie"
    rb"|XFA|Annots)\b"  # to open at the page is no action
)
PDF_STREAM = re.compile(rb"(<<(?:(?!endobj).)*?>>)\s*stream\r?\n(.*?)\r?\nendstream", re.DOTALL)


def in_svg(data: bytes) -> Iterator[str]:
    if b"<!ENTITY" in data or b"<!DOCTYPE svg [" in data:
        yield "an entity"
    yield from in_elements(ElementTree.fromstring(data))


def in_elements(root: ElementTree.Element) -> Iterator[str]:
    for element in root.iter():
        tag = element.tag.rpartition("}")[2]
        if tag in TAGS or (tag == "style" and LOADS.search(element.text or "")):
            yield tag
        for name, value in element.attrib.items():
            local = name.rpartition("}")[2].lower()
            if local in ("href", "src") or local.startswith("on") or (local != "aria-label" and LOADS.search(value)):
                yield f"{tag} {name}={value}"


class _Page(HTMLParser):
    """Every tag with its attributes, and what stands in scripts and styles."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.held: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.held.append("")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem:  # a script or a style
            self.held[-1] += data

    def handle_comment(self, data: str) -> None:
        self.tags.append(("comment", {}))
        self.held.append(data)


def in_html(data: bytes) -> Iterator[str]:
    page = _Page()
    page.feed(data.decode())
    page.close()
    policy = next(marks["content"] or "" for tag, marks in page.tags if "http-equiv" in marks)
    if not policy.startswith("default-src 'none'") or "unsafe" in policy or "http" in policy:
        yield f"a policy that permits: {policy}"
    for (tag, marks), held in zip(page.tags, page.held, strict=True):
        if tag == "script" and marks.get("type") == "application/json":
            json.loads(held)
        elif tag in ("script", "style"):
            if f"'sha256-{b64encode(sha256(held.encode()).digest()).decode()}'" not in policy:
                yield f"a {tag} that is not the page's own"
        elif tag in {*TAGS, "object", "embed", "base", "link", "form", "frame", "img", "video", "audio", "comment"}:
            yield tag
        for name, value in marks.items():
            if name in ("href", "src", "action", "style", "srcdoc") or name.startswith("on"):
                yield f"{tag} {name}={value}"
    if [tag for tag, _ in page.tags].count("script") != 2:
        yield "another number of scripts"


def in_tex(data: bytes) -> Iterator[str]:
    """Of what stands ahead of the document nothing is a spec's."""
    _, begin, body = data.decode("ascii").partition("\\begin{document}%\n")
    yield from set(re.findall(r"\\([A-Za-z@]+)", body.replace(r"\\", ""))) - TEX
    plain = re.sub(r"\\[^A-Za-z]", "", body)
    if not begin or plain.count("{") != plain.count("}"):
        yield "braces that do not match"
    yield from re.findall(r"[$&#^]|%(?!\n)", plain)


def in_mermaid(data: bytes) -> Iterator[str]:
    first, title, last, *lines = data.decode().splitlines()
    if (first, last, title[:7]) != ("---", "---", "title: ") or re.search("[<>&%{}]", title):
        yield f"a title that is more: {title}"
    json.loads(title[7:])  # of what JSON has for a string, YAML reads the same
    yield from (line for line in lines if not MERMAID.fullmatch(line))


def in_dot(data: bytes) -> Iterator[str]:
    """The statements by Graphviz's lexical rules: names are ours, attributes those of a drawing."""
    tokens = [""]
    for token in _dot_tokens(data.decode()):
        if token.startswith("<"):
            yield from _in_label(token[1:-1])
        tokens.append(token)
    for before, token, after in zip(tokens[:-1], tokens[1:], [*tokens[2:], ""], strict=True):
        if after == "=" and token not in DOT_ATTRIBUTES:
            yield f"an attribute: {token}"
        named = re.match(r'[\w"]', token) and "=" not in (before, after) and token not in DOT_WORDS
        if named and not DOT_NAME.fullmatch(token):
            yield f"a name: {token}"


def _dot_tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        found = DOT.match(text, at)
        assert found is not None, f"no DOT: {text[at : at + 20]}"
        at = _end_of_html(text, at) if found[0] == "<" else found.end()
        if not found[0].isspace():
            yield text[found.start() : at]


def _end_of_html(text: str, start: int) -> int:
    """Behind the bracket that closes the one at ``start``: Graphviz counts them."""
    depth = 0
    for found in re.compile("[<>]").finditer(text, start):
        depth += 1 if found[0] == "<" else -1
        if not depth:
            return found.end()
    raise AssertionError("a label without end")


def _in_label(label: str) -> Iterator[str]:
    for element in ElementTree.fromstring(label.replace("&nbsp;", " ")).iter():
        if element.tag not in DOT_TAGS:
            yield f"a tag: {element.tag}"
        yield from (f"a mark: {name}" for name in element.attrib if name not in DOT_MARKS)


def in_pdf(data: bytes) -> Iterator[str]:
    assert data.startswith(b"%PDF-")
    for found in PDF_STREAM.finditer(data):
        if b"/ObjStm" in found[1]:
            yield from _in_objects(zlib.decompress(found[2]))
    yield from _in_objects(PDF_STREAM.sub(rb"\1", data))


def _in_objects(data: bytes) -> Iterator[str]:
    yield from (found[1].decode() for found in PDF.finditer(data))


def in_png(data: bytes) -> Iterator[str]:
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or not data.endswith(b"IEND\xaeB`\x82"):
        yield "no image"


def in_python(data: bytes) -> Iterator[str]:
    """Imports of anything but what a network needs, and names that none has."""
    for node in ast.walk(ast.parse(data)):
        match node:
            case ast.Import(names=names):
                yield from (each.name for each in names if each.name not in ("math", "torch", "torch.nn.functional"))
            case ast.ImportFrom(module=module):
                if module not in ("__future__", "collections", "torch", "torch.nn"):
                    yield f"from {module}"
            case ast.Attribute(attr=name) | ast.Name(id=name):
                if name.startswith("__") and name != "__init__":
                    yield name
            case _:
                pass


def in_toml(data: bytes) -> Iterator[str]:
    tomli.loads(data.decode())
    yield from ()


SEARCHES: Mapping[str, Callable[[bytes], Iterator[str]]] = {
    ".svg": in_svg,
    ".html": in_html,
    ".tex": in_tex,
    ".mmd": in_mermaid,
    ".dot": in_dot,
    ".pdf": in_pdf,
    ".png": in_png,
    ".py": in_python,
    ".toml": in_toml,
}
