"""The tree of what changed: readable, as wide as it may be, and safe."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphbuilder as gb
from graphbuilder.diagnostics.screen import columns
from graphbuilder.differing import Side, differences

SPECS = Path(__file__).parents[2] / "specs"


def xception(*settings: str) -> Side:
    return Side(gb.load(SPECS / "xception.toml", settings=settings), "xception.toml", settings)


TUTORIAL = """\
xception.toml → xception_tutorial.toml
3 differences: 1 added, 1 removed, 1 changed

                       MACs
  entry              +113 M
    stem            +16.7 M
~     conv, conv_2  +16.7 M
          padding valid → same
  middle ×8
+   relu
  exit
    block14  tail
-     relu

parameters   22,855,952, unchanged
MACs         8.36 G → 8.47 G  (+113 M, +1.4 %)
activations  77.4 M → 81.0 M  (+3.62 M, +4.7 %)
"""


def test_the_tutorial_form_of_xception_reads_like_this() -> None:
    tutorial = Side(gb.load(SPECS / "xception_tutorial.toml"), "xception_tutorial.toml")
    assert differences(xception(), tutorial).text() == TUTORIAL
    assert str(differences(xception(), tutorial)) == TUTORIAL


def test_a_repeat_is_one_line() -> None:
    lines = differences(xception(), xception("middle=16", "classes=10")).text().splitlines()
    assert "~ middle ×16         +12.9 M  +4.65 G" in lines
    assert "      repeat 8 → 16" in lines
    assert lines[-1] == "output       logits 1000 → 10"


def test_nothing_is_said_of_nothing() -> None:
    text = differences(xception(), xception()).text()
    assert text.splitlines()[1] == "no difference" and "unchanged" in text and "+" not in text


@pytest.mark.parametrize("width", [40, 60, 100])
def test_no_line_is_wider_than_it_may_be(width: int) -> None:
    found = differences(xception(), xception("width=0.5", "residual=false", "intermediate=relu"))
    text = found.text(width)
    assert max(map(columns, text.splitlines())) <= width
    assert "between none → relu" in text


def test_colours_are_told_by_signs_too() -> None:
    found = differences(xception(), xception("residual=false"))
    assert "\033" not in found.text()
    painted = [line for line in found.text(colour=True).splitlines() if "\033[31m" in line]
    assert painted and all(line.removeprefix("\033[31m").startswith("-") for line in painted)


def test_what_a_file_brings_is_made_safe() -> None:
    ours = xception()
    found = differences(Side(ours.network, "a\033[2Jb"), xception("classes=2"))
    assert "\033" not in found.text() and "\\x1b" in found.text()
