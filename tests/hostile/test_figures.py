"""Labels that are markup are drawn as the letters they are: no figure of a stranger's spec has anything active in it.

Every figure is parsed and searched for scripts, links, event attributes and what loads something from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from graphbuilder import render
from graphbuilder.compiler import Network, check_text

LABELS = {
    "script": "<script>alert(1)</script>",
    "table": '<<TABLE><TR><TD HREF="javascript:alert(1)">x</TD></TR></TABLE>>',
    "html_label": "<<b>bold</b>>",
    "image": '<<TABLE><TR><TD><IMG SRC="/etc/passwd"/></TD></TR></TABLE>>',
    "closing": '</text></g></svg><script xlink:href="https://example.org/x.js"/>',
    "anchor": '"><a href="javascript:alert(1)">x</a>',
    "event": '" onload="alert(1)" x="',
    "quoted_event": "' onclick='alert(1)' x='",
    "dot_attributes": '", URL="javascript:alert(1)", tooltip="x',
    "dot_statement": '"]; evil [URL="javascript:alert(1)"]; x [label="',
    "dot_html_statement": '>]; evil [label=<<TABLE HREF="javascript:alert(1)"><TR><TD>x</TD></TR></TABLE>>]; x [a=<',
    "dot_escapes": "\\N\\G\\E\\T\\H\\L \\",
    "trailing_backslash": 'x\\" URL=\\"javascript:alert(1)\\',
    "comment": "--><script>alert(1)</script><!--",
    "data": "]]><script>alert(1)</script><![CDATA[",
    "entity": "&lt;script&gt;alert(1)&lt;/script&gt; &#60;script&#62; &evil;",
    "doctype": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>&e;',
    "style": "</style><style>@import url(https://example.org/x.css);</style>",
    "drawing": '<foreignObject><iframe src="https://example.org"/></foreignObject>',
}
TAGS = {"script", "a", "image", "use", "foreignObject", "iframe", "set", "animate", "handler", "listener"}
LOADS = re.compile(r"url\(\s*[^#\s]|@import|javascript:", re.IGNORECASE)


def network(label: str) -> Network:
    """The label wherever a spec may have one: on the model, a step, a block, a repeat and a use of a block."""
    quoted = '"' + label.replace("\\", "\\\\").replace('"', '\\"') + '"'
    steps = [
        f'{{ op = "conv", out = 4, kernel = 1, title = {quoted} }}',
        f'{{ use = "unit", title = {quoted} }}',
        f'{{ use = "unit", repeat = 3, title = {quoted} }}',
        f'{{ op = "relu", repeat = 3, title = {quoted} }}',
    ]
    block = f'[blocks.unit]\ntitle = {quoted}\nbody = [{{ op = "relu", title = {quoted} }}]\nshortcut = "identity"\n'
    head = f"format = 1\nname = {quoted}\ntitle = {quoted}\n[inputs]\nx = [3, 8, 8]\n"
    checked = check_text(f"{head}[model]\nbody = [{', '.join(steps)}]\n{block}", "case.toml")
    assert checked.network is not None, checked.diagnostics
    return checked.network


def active(root: ElementTree.Element) -> Iterator[str]:
    """Whatever a browser would run, follow or load."""
    for element in root.iter():
        tag = element.tag.rpartition("}")[2]
        if tag in TAGS or (tag == "style" and LOADS.search(element.text or "")):
            yield tag
        for name, value in element.attrib.items():
            local = name.rpartition("}")[2].lower()
            if local in ("href", "src") or local.startswith("on") or (local != "aria-label" and LOADS.search(value)):
                yield f"{tag} {name}={value}"


@pytest.mark.parametrize("level", [None, 0, 3])
@pytest.mark.parametrize("label", LABELS.values(), ids=LABELS)
def test_a_label_is_letters(label: str, level: int | None) -> None:
    drawn = render(network(label), format="svg", level=level, names=True)
    root = ElementTree.fromstring(drawn)
    assert list(active(root)) == []
    assert b"root:" not in drawn and b"<!ENTITY" not in drawn
    words = "".join("".join(root.itertext()).split())
    assert "".join(label.split())[:12] in words


@pytest.mark.parametrize("label", LABELS.values(), ids=LABELS)
def test_a_title_given_by_the_caller_is_letters(label: str, tmp_path: Path) -> None:
    render(network("plain"), tmp_path / "figure.svg", title=label)
    assert list(active(ElementTree.parse(tmp_path / "figure.svg").getroot())) == []


@pytest.mark.parametrize("markup", ["<script/>", '<a href="x"/>', '<g onload="x"/>', '<g style="fill: url(x)"/>'])
def test_what_is_active_is_found(markup: str) -> None:
    assert list(active(ElementTree.fromstring(f"<svg>{markup}</svg>")))
