"""The flowchart: every box in its block, every link between boxes, and nothing that a spec could smuggle in."""

import re

import pytest

from graphbuilder.backends.graphviz import Options
from graphbuilder.backends.graphviz.figure import drawing, scene
from graphbuilder.backends.mermaid import write
from graphbuilder.backends.mermaid.escape import escaped
from graphbuilder.backends.mermaid.writer import MOST_CHARACTERS, MOST_LINKS
from tests.backends.graphviz.networks import FILES, network
from tests.backends.graphviz.passing import PASSING
from tests.backends.graphviz.wiring import drawn

NODE = re.compile(r"^ +(n\d+)[\[(]", re.MULTILINE)
LINK = re.compile(r'^  (n\d+) (?:-->|-\.->)(?:\|"[^"]*"\|)? (n\d+)$', re.MULTILINE)


NAMES = ("xception", "unet", "inception", "paths", "siamese", "mesh", "dense", *PASSING)


@pytest.mark.parametrize("name", NAMES)
def test_every_box_is_a_node_and_every_link_joins_two(name: str) -> None:
    written = write(network(name))
    nodes, links = NODE.findall(written), LINK.findall(written)
    assert len(nodes) == scene(network(name), Options()).root.boxes()
    assert {end for link in links for end in link} == set(nodes)
    assert len(links) == drawn(drawing(network(name), Options())).total()
    assert written.count("subgraph ") == len(re.findall(r"^ +end$", written, re.MULTILINE))
    assert all(nodes.index(one) < nodes.index(other) for one, other in links)


def test_it_reads_like_the_network() -> None:
    lines = [line.strip() for line in write(network("xception")).splitlines()]
    title = "Xception (Chollet 2017, figure 5) · 22.86 M parameters · 8.36 G MACs at 299×299"
    assert lines[:4] == ["---", f'title: "{title}"', "---", "flowchart TB"]
    assert 'said["every Conv and SepConv is followed by BatchNorm"]' in lines
    assert 'subgraph b32["middle 0 – 7 ×8 (8 × 1.61 M)"]' in lines
    assert [line for line in lines if line.startswith("n30 ")] == ['n30 -->|"19×19×728"| n33', "n30 --> n39"]
    assert 'n34("SepConv 728, 3×3")' in lines
    assert "flowchart LR" in write(network("xception"), Options(direction="LR"))


def test_what_a_spec_says_is_text_and_nothing_else() -> None:
    written = write(network("hostile"))
    assert "<" not in written.replace("classDef", "")
    assert "%%{" not in written
    assert escaped('"] --> n1; `x` #quot; %%{') == ("#34;#93; #45;#45;#62; n1#59; #96;x#96; #35;quot#59; #37;#37;#123;")
    assert escaped("1. a 2.5 x.y") == "1#46; a 2.5 x#46;y"


@pytest.mark.parametrize("name", sorted(FILES))
def test_mermaid_draws_every_network_as_it_comes(name: str) -> None:
    written = write(network(name))
    assert len(LINK.findall(written)) <= MOST_LINKS
    assert len(written) <= MOST_CHARACTERS


def test_colours_follow_the_options() -> None:
    choices = (Options(), Options(theme="dark"), Options(style="paper"))
    auto, dark, paper = (write(network("xception"), options) for options in choices)
    assert "classDef card fill:none" in auto
    assert "classDef card fill:#1A222C" in dark
    assert all(c[1:3] == c[3:5] == c[5:] for c in re.findall(r"#[0-9A-F]{6}", paper))
