"""Both networks in one figure: every difference is drawn, told by its sign and its border, and nothing lies on it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import graphbuilder as gb
from graphbuilder.analysis.costs import costs
from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.figure import drawing
from graphbuilder.backends.graphviz.lay.drawing import Drawing, Shape
from graphbuilder.backends.graphviz.options import Options
from graphbuilder.differing import Differences, Side, differences
from graphbuilder.differing.merging import merged
from tests.backends.graphviz.geometry import faults

SPECS = Path(__file__).parents[2] / "specs"


def between(before: str, after: str, **params: Any) -> Differences:
    one, other = gb.load(SPECS / f"{before}.toml"), gb.load(SPECS / f"{after}.toml", params=params)
    settings = tuple(f"{name}={value}" for name, value in params.items())
    return differences(Side(one, before), Side(other, after, settings))


def drawn(found: Differences) -> Drawing:
    marks = merged(found)
    return drawing(marks.root, Options(title=found.title, marks=marks))


def words(shape: Shape) -> str:
    return " ".join(run.text for line in shape.lines for run in line)


def marked(figure: Drawing, kind: str) -> list[tuple[str, str]]:
    shapes = [shape for shape in figure.shapes if shape.style == kind and not shape.key.startswith("legend")]
    return [(shape.key, words(shape)) for shape in shapes]


def test_the_three_differences_of_the_tutorial_are_drawn() -> None:
    figure = drawn(between("xception", "xception_tutorial"))
    assert marked(figure, "added") == [("middle.0.relu", "+ ReLU")]
    assert marked(figure, "removed") == [("exit.block14.relu (removed)", "− ReLU")]
    changed = [
        ("entry.stem.conv", "~ Conv 32, 3×3 /2 padding valid → same"),
        ("entry.stem.conv_2", "~ Conv 64, 3×3 padding valid → same"),
    ]
    assert marked(figure, "changed") == changed
    families = {"separable", "convolution", "pooling", "activation", "normalisation", "head"}
    assert not families & {shape.style for shape in figure.shapes}, "a hue of a family could be taken for a mark"


def test_what_is_gone_stands_where_it_stood_and_is_dashed() -> None:
    figure = drawn(between("xception", "xception", residual=False))
    gone = marked(figure, "removed")
    assert [text for _, text in gone].count("+") == 5 and sum(text.startswith("− Conv") for _, text in gone) == 4
    assert all(shape.dashed for shape in figure.shapes if shape.style == "removed")
    into = {line.tail for line in figure.lines if line.head == "entry.block2.merge (removed)"}
    assert into == {"entry.block2.maxpool", "entry.block2.shortcut (removed).conv"}
    assert figure.title == "Xception (Chollet 2017, figure 5): xception → residual=False"
    assert any("22.86 M → 21.88 M parameters (−4.3 %)" in each.text for each in figure.words)


def test_a_repeat_tells_how_often_it_was() -> None:
    figure = drawn(between("xception", "xception", middle=16))
    assert {"repeated 16 times", "was 8 times", "~ middle 0 – 15"} <= {each.text for each in figure.words}
    assert "changed" in {frame.style for frame in figure.frames}


def test_an_added_block_is_added_with_all_in_it() -> None:
    figure = drawn(between("resnet18", "resnet50"))
    inside = [shape for shape in figure.shapes if shape.key.startswith("stages.0.block.0.")]
    assert {shape.style for shape in inside} == {"added"} and len(inside) >= 7
    assert "+ bottleneck 0" in {each.text for each in figure.words}


PAIRS = [
    ("xception", "xception_tutorial"),
    ("resnet50", "resnext50_32x4d"),
    ("vgg16", "alexnet"),
    ("inception_v3", "inception_v3_torchvision"),
    ("unet", "lenet5"),
    ("simple_inception", "extreme_inception"),
    ("densenet121", "vit_b_16"),
    ("googlenet", "hrnet_w18_small"),
]


@pytest.mark.parametrize(("before", "after"), [pair for pair in PAIRS if (SPECS / f"{pair[0]}.toml").exists()])
def test_nothing_lies_where_it_should_not(before: str, after: str) -> None:
    assert list(faults(drawn(between(before, after)))) == []


@pytest.mark.parametrize("before", sorted(path.stem for path in SPECS.glob("*.toml"))[::6])
def test_any_two_networks_are_drawn(before: str) -> None:
    """What has nothing in common has wires that no spec has."""
    assert drawn(between(before, "swin_t" if before.startswith("u") else "unet")).shapes


def test_files_are_written_whole(tmp_path: Path) -> None:
    found = between("xception", "xception_tutorial")
    starts = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF", "dot": b"digraph"}
    for suffix, start in starts.items():
        found.draw(tmp_path / f"diff.{suffix}", theme="dark" if suffix == "png" else "auto")
        assert (tmp_path / f"diff.{suffix}").read_bytes().startswith(start)
    svg = (tmp_path / "diff.svg").read_text(encoding="utf-8")
    classes = re.findall(r'class="node (\w+)', svg)
    assert (classes.count("added"), classes.count("removed"), classes.count("changed")) == (2, 2, 3), "and the legend"
    assert ".removed>path" in svg, "dark has its own"
    with pytest.raises(gb.CompileError, match="GB508"):
        found.draw(tmp_path / "diff.gif")


def test_a_figure_of_one_network_knows_no_marks() -> None:
    svg = gb.render(SPECS / "xception.toml").decode()
    assert ".removed>path" not in svg and ".convolution>path" in svg


def test_copies_that_grow_are_one_stack_with_all_their_parameters() -> None:
    found = between("densenet121", "densenet121", growth=24)
    figure = drawn(found)
    layers = [
        costs(side.typed.bodies["stages"].bodies["0"].bodies["layer"]).trainable for side in (found.before, found.after)
    ]
    said = {each.text for each in figure.words}
    assert "dense 0 – 5" in said and f"{text.count(layers[0])} → {text.count(layers[1])} in all" in said
    assert [words(shape) for shape in figure.shapes if shape.style == "badge"] == ["× 6", "× 12", "× 24", "× 16"]


def test_fewer_copies_are_told_too() -> None:
    more = between("xception", "xception", middle=16)
    said = {each.text for each in drawn(differences(more.after, more.before)).words}
    assert {"repeated 8 times", "was 16 times", "25.8 M → 12.9 M in all"} <= said


def test_an_added_shortcut_is_as_all_that_is_added_and_no_line_has_another_colour() -> None:
    one, other = gb.load(SPECS / "xception.toml", params={"residual": False}), gb.load(SPECS / "xception.toml")
    for sides, kind, end in (((one, other), "added", "merge"), ((other, one), "removed", "merge (removed)")):
        lines = drawn(differences(*(Side(each, each.name) for each in sides))).lines
        into = {line.kind for line in lines if line.head == f"middle.0.{end}"}
        assert into == {kind}
        assert {line.kind for line in lines} == {kind, "flow", "passage"}


def test_shapes_at_boundaries_are_those_before_and_after() -> None:
    figure = drawn(between("xception", "xception", size=150))
    said = {each.text for each in figure.words} | {words(shape) for shape in figure.shapes}
    assert {"147×147×64 → 72×72×64", "image 299×299×3 → 150×150×3", "19×19×728 → 9×9×728"} <= said
    assert "150 → 9 px, was 299 → 19 px" in said and "1000 logits" in said
    assert list(faults(figure)) == []


def test_a_join_reads_past_what_is_gone_from_before_it() -> None:
    figure = drawn(between("xception_tutorial", "xception"))
    into = {line.tail: line.kind for line in figure.lines if line.head == "middle.0.merge"}
    assert into["middle.0.relu (removed)"] == "removed"
    assert [kind for tail, kind in into.items() if tail.endswith("sepconv")] == ["flow"] and len(into) == 3
    assert "removed, now passed by" in {each.text for each in figure.words}
    assert list(faults(figure)) == []


WIDER = """
format = 1
name = "k"
dialect = "torch"
[inputs]
image = [3, SIZE, SIZE]
[model]
body = [
  { id = "a", op = "conv", out = OUT, kernel = 3, padding = 1 }, EXTRA
  { id = "enc", use = "layer", repeat = 4 },
  { id = "c", op = "conv", out = "=from_channels", kernel = 3, padding = 1 },
]
[blocks.layer]
body = [ { op = "conv", out = "=in_channels", kernel = 3, padding = 1 }, { op = "relu" } ]
shortcut = "identity"
"""


def wider(size: int, out: int, extra: str = "") -> gb.Network:
    found = gb.check_text(WIDER.replace("SIZE", str(size)).replace("OUT", str(out)).replace("EXTRA", extra)).network
    assert found is not None
    return found


def said(figure: Drawing) -> set[str]:
    return {each.text for each in figure.words} | {words(shape) for shape in figure.shapes}


def test_the_past_of_a_shape_is_that_of_its_place() -> None:
    sides = wider(32, 16, '{ op = "dropout", rate = 0.1 },'), wider(48, 32)
    found = said(drawn(differences(*(Side(each, each.name) for each in sides))))
    assert "48×48×32 throughout, was 32×32×16 throughout" in found
    assert "32×32×16 → 48×48×32" in found and "48×48×32" not in found


def test_what_only_follows_has_no_sign_and_tells_what_it_was() -> None:
    figure = drawn(differences(*(Side(each, each.name) for each in (wider(32, 16), wider(32, 32)))))
    assert [key for key, _ in marked(figure, "changed")] == ["a"]
    assert [words(shape) for shape in figure.shapes if shape.style == "same" and "out" in words(shape)] == [
        "Conv 32, 3×3 out 16 → 32"
    ] * 2
    assert {"9.28 k → 37.0 k in all", "→ without a sign = only follows"} <= said(figure)
    assert list(faults(figure)) == []


def test_what_is_new_has_no_past_and_what_is_gone_no_present() -> None:
    found = said(drawn(between("vit_b_16", "deit_tiny_distilled")))
    assert "198×192 throughout, was 197×768 throughout" in found and "197×768 → 198×192" in found and "198×192" in found


def test_unlike_networks_stand_side_by_side_and_no_line_leads_from_one_to_the_other() -> None:
    figure = drawn(between("resnet18", "unet"))
    styles = {shape.key: shape.style for shape in figure.shapes}
    between_ = {(styles[line.tail], styles[line.head]) for line in figure.lines}
    assert not between_ & {("added", "removed"), ("removed", "added")}
    assert {"512×512×2", "mask 512×512×2", "1000 logits (removed)"} & said(figure) == {
        "mask 512×512×2",
        "1000 logits (removed)",
    }
    assert "image 224×224×3 → 512×512×3" in said(figure)
    assert list(faults(figure)) == []


def test_a_new_name_stands_behind_the_old_one_on_all_that_is_drawn() -> None:
    def network(**names: str) -> gb.Network:
        text = WIDER.replace("SIZE", "32").replace("OUT", "16").replace("EXTRA", '{ id = "one", use = "single" },')
        for old, new in names.items():
            text = text.replace(f'"{old}"', f'"{new}"')
        found = gb.check_text(f'{text}\n[blocks.single]\nbody = [{{ op = "relu" }}]').network
        assert found is not None
        return found

    figure = drawn(differences(Side(network(), "k"), Side(network(a="first", enc="encoder", one="single_one"), "k")))
    assert {"~ enc → encoder", "~ one → single_one", "~ Conv 16, 3×3 a → first"} <= said(figure)
    assert list(faults(figure)) == []


def test_what_a_section_was_is_told_below_a_long_title() -> None:
    spec = (SPECS / "xception.toml").read_text(encoding="utf-8").replace("Middle flow", "The middle flow of Xception")
    one, other = (gb.check_text(spec, params={"size": size}).network for size in (299, 331))
    assert one is not None and other is not None
    figure = drawn(differences(Side(one, "one"), Side(other, "other")))
    said = [each.text for each in figure.words]
    assert "21×21×728 throughout, was 19×19×728 throughout" in said and list(faults(figure)) == []


@pytest.mark.parametrize(
    ("one", "other", "params", "said"),
    [
        ("xception", "xception", {"residual": False}, "3 differences in 9 places: 3 removed"),
        ("xception", "xception", {"middle": 4}, "1 difference: 1 changed"),
    ],
)
def test_it_says_in_how_many_places_what_is_counted_once(
    one: str, other: str, params: dict[str, Any], said: str
) -> None:
    figure = drawn(between(one, other, **params))
    assert said in {word.text.split(";")[0].split(" · ")[0].strip() for word in figure.words}


def test_what_follows_convolutions_is_said_with_what_is_drawn_all_the_same() -> None:
    said = " ".join(word.text for word in drawn(between("resnet18", "resnet50")).words)
    assert "every Conv is followed by BatchNorm, drawn only where it differs" in said
    said = " ".join(word.text for word in drawn(between("xception", "xception_tutorial")).words)
    assert "followed by BatchNorm" in said and "drawn only" not in said
