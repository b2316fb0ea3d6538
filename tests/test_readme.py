"""What the README shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import graphbuilder as gb
from graphbuilder.diagnostics.draw import draw
from graphbuilder.ops import catalogue

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SPECS = ROOT / "specs"


def fenced(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def lines_of_code(path: Path) -> int:
    """Lines that are neither blank nor comment."""
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    return sum(1 for line in lines if line and not line.startswith("#"))


def test_the_language_by_example() -> None:
    (example,) = (text for text in fenced("toml") if text.startswith("format"))
    checked = gb.check_text(example)
    assert checked.diagnostics == ()
    assert checked.network is not None
    assert list(checked.network.outputs) == ["logits", "features"]


def test_the_source_that_is_shown_is_written() -> None:
    (shown,) = (text for text in fenced("python") if text.startswith("class Down"))
    assert shown.strip() in gb.source(gb.load(SPECS / "xception.toml"))


def test_the_error_that_is_shown_is_drawn() -> None:
    (shown,) = fenced("text")
    spec = (SPECS / "xception.toml").read_text(encoding="utf-8")
    broken = spec.replace('{ kernel = 3, stride = 2, padding = "same" }', "{ kernel = 3, stride = 2 }")
    drawn = draw(gb.check_text(broken, "specs/xception.toml").diagnostics)
    assert drawn.startswith(shown.strip())


@pytest.mark.parametrize(("name", "most"), [("xception", 75), ("resnext50_32x4d", 12), ("resnext101_32x8d", 12)])
def test_specs_are_short(name: str, most: int) -> None:
    assert lines_of_code(SPECS / f"{name}.toml") <= most


def test_what_is_counted_is_so() -> None:
    networks, modules = (len([*folder.glob("*.toml")]) for folder in (SPECS, SPECS / "modules"))
    ops = len(catalogue())
    stated = f"`specs` holds {networks} networks and `specs/modules` {modules} modules, written in {ops} ops."
    lengths = [lines_of_code(SPECS / f"{name}.toml") for name in ("xception", "resnext50_32x4d")]
    stated += (
        " Of lines that are neither blank nor comment, `specs/xception.toml` has {}, ablations included; "
        "`specs/resnext50_32x4d.toml` has {}, over `specs/resnet50.toml`."
    ).format(*lengths)
    assert stated in " ".join(README.split())


def test_every_command_is_in_the_table() -> None:
    from graphbuilder.cli.root import COMMANDS

    table = README.split("## What it does")[1].split("##")[0]
    assert tuple(re.findall(r"^\| `([a-z]+)[ `]", table, re.MULTILINE)) == COMMANDS


def test_the_figure_is_of_the_spec() -> None:
    """Its words: paths differ a little between one Graphviz and another."""

    def words(svg: str) -> list[str]:
        return sorted(re.findall(r"<text[^>]*>([^<]*)</text>", svg))

    drawn = gb.render(SPECS / "xception.toml").decode()
    assert words((SPECS / "xception.svg").read_text(encoding="utf-8")) == words(drawn)
    assert "Entry flow" in words(drawn)
