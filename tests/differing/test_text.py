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
3 differences: 1 added, 1 removed, 1 changed; 29 steps follow

                                     MACs
  entry                            +113 M
    stem                          +16.7 M
~     conv, conv_2                +16.7 M
          padding valid → same
·   block2, block3, block4  down  +96.7 M
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


ABLATION = """\
                                  parameters     MACs
  entry                               +230 k   +157 M
    block2, block3, block4  down      +230 k   +157 M
+     shortcut                        +230 k   +157 M
+     merge  add
  middle ×8
+   merge  add
  exit                                +748 k  +74.5 M
    block13  down                     +748 k  +74.5 M
+     shortcut                        +748 k  +74.5 M
+     merge  add
"""


def test_a_line_costs_what_all_do_that_it_stands_for() -> None:
    assert ABLATION in differences(xception("residual=false"), xception()).text()
    ours, theirs = (Side(gb.load(SPECS / f"{name}.toml"), name) for name in ("resnet50", "resnext50_32x4d"))
    text = differences(ours, theirs).text()
    copies = text[text.index("1-2 ×2  bottleneck") : text.index("1  stage")]
    assert [line.split()[-4:] for line in copies.splitlines() if "M" in line and "reads" not in line] == [
        ["+1.54", "k", "+3.21", "M"],
        ["+32.8", "k", "+103", "M"],
        ["−64.5", "k", "−202", "M"],
    ]


def test_a_block_that_only_follows_is_told_where_it_costs_notably_more(tmp_path: Path) -> None:
    spec = (SPECS / "xception.toml").read_text(encoding="utf-8").replace("stride = 2", "stride = 1")
    (tmp_path / "finer.toml").write_text(spec, encoding="utf-8")
    found = differences(xception(), Side(gb.load(tmp_path / "finer.toml"), "finer.toml"))
    lines = [line.split() for line in found.text().splitlines()]
    assert ["·", "middle", "reads", "728x19x19", "→", "728x295x295", "+1.12", "T"] in lines
    assert all(each.what != "middle" for each in found.found), "it is not counted"


WIDENED = """\
1 difference: 1 changed; 2 steps follow

                                    parameters     MACs
~ conv                                    +448  +15.6 k
      out 16 → 32
· batchnorm  reads 16x6x6 → 32x6x6         +32
· conv_2  out 32 → 64                  +1.54 k  +55.3 k
"""


def test_an_argument_that_only_follows_is_told_and_not_counted() -> None:
    head = (
        'format = 1\nname = "k"\n[inputs]\nimage = [3, 8, 8]\n[model]\nbody = [\n{ op = "conv", out = 16, kernel = 3 },'
    )
    tail = '{ op = "batchnorm" }, { op = "conv", out = "=2 * from_channels", kernel = 1, bias = false }]\n'
    sides = (gb.check_text(head.replace("16", str(out)) + tail).network for out in (16, 32))
    ours, theirs = (Side(network, "k") for network in sides if network)
    assert differences(ours, theirs).text().startswith("k → k\n" + WIDENED)


def test_copies_that_grow_cost_each_what_it_does() -> None:
    ours, theirs = (gb.load(SPECS / "densenet121.toml", params={"growth": growth}) for growth in (32, 24))
    lines = differences(Side(ours, "a"), Side(theirs, "b")).text().splitlines()
    start = next(number for number, line in enumerate(lines) if "layer ×6" in line)
    assert [line.split("  ")[-2].strip() for line in lines[start : start + 7] if " M" in line] == [
        "−137 k",
        "−39.2 k",
        "−96.8 k",
    ]
    assert lines[start + 1].split() == ["·", "batchnorm", "−240"], "the first reads what it did, and no other"


def test_unlike_networks_are_told_by_their_totals() -> None:
    ours, theirs = (Side(gb.load(SPECS / f"{name}.toml"), name) for name in ("resnet18", "unet"))
    found = differences(ours, theirs)
    lines = found.text().splitlines()
    assert lines[1] == "too unlike to tell step by step: of 68 and 67 steps, 1 in both"
    assert {"steps        68 → 67  (−1, −1.5 %)", "output       mask none → 2x512x512"} <= set(lines)
    assert "batchnorm 20 → 18, conv 20 → 19, relu 17 → 18, add 8 → 0" in found.text()
    assert not any(line.startswith(("+", "-", "~")) for line in lines)
    assert found.data()["alike"] is False and len(found.data()["differences"]) == 19


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


def test_it_says_on_how_many_lines_what_is_counted_once() -> None:
    lines = differences(xception(), xception("residual=false")).text().splitlines()
    assert lines[1] == "3 differences on 5 lines: 3 removed"
    assert sum(line.startswith(("+", "-", "~")) for line in lines) == 5


def test_what_a_file_brings_is_made_safe() -> None:
    ours = xception()
    found = differences(Side(ours.network, "a\033[2Jb"), xception("classes=2"))
    assert "\033" not in found.text() and "\\x1b" in found.text()
