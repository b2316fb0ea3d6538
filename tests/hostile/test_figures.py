"""Labels that are markup are drawn as the letters they are: no figure of a stranger's spec has anything active in it.

Every figure is parsed and searched for scripts, links, event attributes and what loads something from elsewhere.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from graphbuilder import render
from graphbuilder.compiler import Network, check_text
from tests.hostile.active import in_svg
from tests.hostile.letters import DOT, HTML, quoted

LABELS = {**HTML, **{f"dot_{name}": text for name, text in DOT.items()}}


def network(label: str) -> Network:
    """The label wherever a spec may have one: on the model, a step, a block, a repeat and a use of a block."""
    text = quoted(label)
    steps = [
        f'{{ op = "conv", out = 4, kernel = 1, title = {text} }}',
        f'{{ use = "unit", title = {text} }}',
        f'{{ use = "unit", repeat = 3, title = {text} }}',
        f'{{ op = "relu", repeat = 3, title = {text} }}',
    ]
    block = f'[blocks.unit]\ntitle = {text}\nbody = [{{ op = "relu", title = {text} }}]\nshortcut = "identity"\n'
    head = f"format = 1\nname = {text}\ntitle = {text}\n[inputs]\nx = [3, 8, 8]\n"
    checked = check_text(f"{head}[model]\nbody = [{', '.join(steps)}]\n{block}", "case.toml")
    assert checked.network is not None, checked.diagnostics
    return checked.network


@pytest.mark.parametrize("level", [None, 3])
@pytest.mark.parametrize("label", LABELS.values(), ids=LABELS)
def test_a_label_is_letters(label: str, level: int | None) -> None:
    drawn = render(network(label), format="svg", level=level, names=True)
    root = ElementTree.fromstring(drawn)
    assert list(in_svg(drawn)) == []
    assert b"root:" not in drawn and b"<!ENTITY" not in drawn
    words = "".join("".join(root.itertext()).split())
    assert "".join(label.split())[:12] in words


@pytest.mark.parametrize("label", LABELS.values(), ids=LABELS)
def test_a_title_given_by_the_caller_is_letters(label: str, tmp_path: Path) -> None:
    render(network("plain"), tmp_path / "figure.svg", title=label)
    assert list(in_svg((tmp_path / "figure.svg").read_bytes())) == []


@pytest.mark.parametrize("markup", ["<script/>", '<a href="x"/>', '<g onload="x"/>', '<g style="fill: url(x)"/>'])
def test_what_is_active_is_found(markup: str) -> None:
    assert list(in_svg(f"<svg>{markup}</svg>".encode()))
