"""What counts as a difference between two networks, and what only follows from one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import graphbuilder as gb
from graphbuilder.compiler import expand
from graphbuilder.differing import Differences, Side, differences

SPECS = Path(__file__).parents[2] / "specs"
HEAD = """
format = 1
name = "tiny"

[inputs]
image = [8, 16, 16]

"""
STEM = '{ op = "conv", out = 16, kernel = 3 }, { op = "batchnorm" }, { op = "relu" }'
TAIL = '{ op = "conv", out = 16, kernel = 1 }, { op = "relu" }'


def network(text: str) -> gb.Network:
    found = gb.check_text(HEAD + text)
    assert found.network is not None, [str(each) for each in found.diagnostics]
    return found.network


def between(before: str, after: str) -> Differences:
    return differences(Side(network(before), "before"), Side(network(after), "after"))


def steps(*written: str) -> str:
    return f"[model]\nbody = [{', '.join(written)}]\n"


def told(found: Differences) -> list[tuple[str, str, list[str], list[str]]]:
    return [(each.kind, each.what, each.before, each.after) for each in found.found]


def shipped(before: str, after: str, **params: Any) -> Differences:
    loaded = gb.load(SPECS / f"{before}.toml"), gb.load(SPECS / f"{after}.toml", params=params)
    return differences(Side(loaded[0], before), Side(loaded[1], after))


def test_the_tutorial_form_of_xception_has_its_three_differences() -> None:
    found = shipped("xception", "xception_tutorial")
    stem = ["entry.stem.conv", "entry.stem.conv_2"]
    assert told(found) == [
        ("changed", "conv", stem, stem),
        ("added", "relu", [], ["middle.0-7.relu"]),
        ("removed", "relu", ["exit.block14.relu"], []),
    ]
    assert found.found[0].data()["changes"] == {"padding": ["valid", "same"]}
    assert found.data()["delta"] == {"parameters": 0, "total": 0, "macs": 113_349_160, "activations": 3_624_848}


CASES = {
    "nothing": (steps(STEM), steps(STEM), []),
    "an argument": (
        steps(STEM, TAIL),
        steps(STEM, TAIL.replace("kernel = 1", "kernel = 3")),
        [("changed", "conv", ["conv_2"], ["conv_2"])],
    ),
    "a step at the front, which renames all that follow": (
        steps(STEM, TAIL),
        steps('{ op = "conv", out = 8, kernel = 1 }, { op = "relu" }', STEM, TAIL),
        [("added", "conv", [], ["conv"]), ("added", "relu", [], ["relu"])],
    ),
    "a step that is gone": (
        steps(STEM, TAIL),
        steps(STEM),
        [("removed", "conv", ["conv_2"], []), ("removed", "relu", ["relu_2"], [])],
    ),
    "another op in its place": (
        steps(STEM, TAIL),
        steps(STEM.replace("relu", "gelu"), TAIL),
        [("changed", "gelu", ["relu"], ["gelu"])],
    ),
    "one edit of neighbours": (
        steps('{ op = "conv", out = 8, kernel = 1 }', '{ op = "relu" }', '{ op = "conv", out = 8, kernel = 1 }'),
        steps('{ op = "conv", out = 8, kernel = 3 }', '{ op = "relu" }', '{ op = "conv", out = 8, kernel = 3 }'),
        [("changed", "conv", ["conv", "conv_2"], ["conv", "conv_2"])],
    ),
    "one edit before and behind another": (
        steps('{ op = "conv", out = 8, kernel = 1 }', '{ op = "relu" }', '{ op = "conv", out = 8, kernel = 1 }'),
        steps('{ op = "conv", out = 8, kernel = 3 }', '{ op = "gelu" }', '{ op = "conv", out = 8, kernel = 3 }'),
        [
            ("changed", "conv", ["conv"], ["conv"]),
            ("changed", "gelu", ["relu"], ["gelu"]),
            ("changed", "conv", ["conv_2"], ["conv_2"]),
        ],
    ),
    "a new name": (
        steps(STEM, '{ id = "head", op = "linear", out = 4 }'.replace("linear", "conv").replace("4", "4, kernel = 1")),
        steps(STEM, '{ id = "last", op = "conv", out = 4, kernel = 1 }'),
        [("renamed", "conv", ["head"], ["last"])],
    ),
    "a norm behind what it stood before": (
        steps('{ op = "batchnorm" }', '{ op = "conv", out = 8, kernel = 3, padding = 1 }'),
        steps('{ op = "conv", out = 8, kernel = 5, padding = 2 }', '{ op = "batchnorm" }'),
        [
            ("removed", "batchnorm", ["batchnorm"], []),
            ("changed", "conv", ["conv"], ["conv"]),
            ("added", "batchnorm", [], ["batchnorm"]),
        ],
    ),
    "what is read": (
        steps('{ id = "a", op = "relu" }', '{ id = "b", op = "gelu" }', '{ op = "add", from = ["a", "b"] }'),
        steps('{ id = "a", op = "relu" }', '{ id = "b", op = "gelu" }', '{ op = "add", from = ["b", "b"] }'),
        [("changed", "add", ["add"], ["add"])],
    ),
    "one more value to a join": (
        steps('{ id = "a", op = "relu" }', '{ id = "b", op = "gelu" }', '{ op = "add", from = ["a", "b"] }'),
        steps(
            '{ id = "a", op = "relu" }',
            '{ id = "b", op = "gelu" }',
            '{ id = "c", op = "elu", from = "image" }',
            '{ op = "add", from = ["a", "b", "c"] }',
        ),
        [("added", "elu", [], ["c"])],
    ),
    "how often": (
        steps('{ op = "conv", out = 8, kernel = 1, repeat = 3 }'),
        steps('{ op = "conv", out = 8, kernel = 1, repeat = 5 }'),
        [("changed", "conv", ["conv.0-2"], ["conv.0-4"])],
    ),
    "once, and then often": (
        steps('{ use = "unit" }') + f"[blocks.unit]\nbody = [{STEM}]\n",
        steps('{ use = "unit", repeat = 1 }') + f"[blocks.unit]\nbody = [{STEM}]\n",
        [("changed", "unit", ["unit"], ["unit"])],
    ),
    "one copy of many": (
        steps('{ use = "unit", repeat = 4 }') + f"[blocks.unit]\nbody = [{STEM.replace('16', '8')}]\n",
        steps('{ use = "unit", repeat = 4, out = "=[8, 8, 8, 4][i]" }')
        + f"[blocks.unit]\nargs = {{ out = 'int' }}\nbody = [{STEM.replace('16', chr(34) + '=out' + chr(34))}]\n",
        [("changed", "conv", ["unit.3.conv"], ["unit.3.conv"])],
    ),
    "a block of another name": (
        steps('{ use = "unit" }', '{ use = "unit" }') + f"[blocks.unit]\nbody = [{STEM}]\n",
        steps('{ use = "cell" }', '{ use = "cell" }') + f"[blocks.cell]\nbody = [{STEM}]\n",
        [("renamed", "cell", ["unit", "unit_2"], ["cell", "cell_2"])],
    ),
    "a block of another name that no step goes by": (
        steps('{ id = "a", use = "unit" }') + f"[blocks.unit]\nbody = [{STEM}]\n",
        steps('{ id = "a", use = "cell" }') + f"[blocks.cell]\nbody = [{STEM}]\n",
        [],
    ),
    "an output of training": (
        steps(STEM),
        steps(STEM) + '[outputs]\nrelu = "relu"\naux = { from = "conv", training = true }\n',
        [("changed", "", [], [])],
    ),
    "a block that is used twice": (
        steps('{ use = "unit" }', '{ id = "other", use = "unit" }') + f"[blocks.unit]\nbody = [{STEM}]\n",
        steps('{ use = "unit" }', '{ id = "other", use = "unit" }')
        + f"[blocks.unit]\nbody = [{STEM}, {{ op = 'relu' }}]\n",
        [("added", "relu", [], ["unit.relu_2", "other.relu_2"])],
    ),
    "weights that are shared": (
        steps('{ id = "a", op = "conv", out = 8, kernel = 1 }', '{ id = "b", op = "conv", out = 8, kernel = 1 }'),
        steps('{ id = "a", op = "conv", out = 8, kernel = 1 }', '{ id = "b", share = "a" }'),
        [("changed", "conv", ["b"], ["b"])],
    ),
    "how weights are drawn": (
        steps(STEM),
        steps(STEM.replace("kernel = 3", "kernel = 3, init = 'zeros'")),
        [("changed", "conv", ["conv"], ["conv"])],
    ),
    "an output": (
        steps(STEM) + '[outputs]\na = "relu"\n',
        steps(STEM) + '[outputs]\na = "relu"\nb = "conv"\n',
        [("changed", "", [], [])],
    ),
}


@pytest.mark.parametrize(("before", "after", "expected"), CASES.values(), ids=CASES.keys())
def test_an_edit_is_one_difference(
    before: str, after: str, expected: list[tuple[str, str, list[str], list[str]]]
) -> None:
    found = between(before, after)
    assert told(found) == expected
    assert bool(found) == bool(expected)


def test_the_other_way_round_what_was_added_is_removed() -> None:
    for before, after, _ in CASES.values():
        turned = {"added": "removed", "removed": "added"}
        there = sorted((turned.get(kind, kind), b, a) for kind, _, a, b in told(between(before, after)))
        assert there == sorted((kind, a, b) for kind, _, a, b in told(between(after, before)))


@pytest.mark.parametrize("path", sorted(SPECS.glob("*.toml")), ids=lambda path: path.stem)
def test_a_network_does_not_differ_from_itself(path: Path) -> None:
    one, other = (Side(gb.load(path), path.name) for _ in range(2))
    assert not differences(one, other)


@pytest.mark.parametrize("name", ["xception", "densenet121", "vit_b_16"])
def test_a_network_does_not_differ_from_itself_written_out(name: str) -> None:
    one = gb.load(SPECS / f"{name}.toml")
    other = gb.check_text(expand(one)).network
    assert other is not None and not gb.diff(one, other)


def test_a_block_of_another_name_is_one_difference_wherever_it_is_used() -> None:
    text = (SPECS / "xception.toml").read_text(encoding="utf-8")
    other = gb.check_text(
        text.replace("[blocks.unit]", "[blocks.cell]").replace('use = "unit"', 'use = "cell"')
    ).network
    assert other is not None
    (only,) = gb.diff(SPECS / "xception.toml", other).found
    assert (only.kind, only.data()["changes"]) == ("renamed", {"use": ["unit", "cell"]})
    assert len(only.after) == 11 and "middle.0-7.cell" in only.after


def test_outputs_are_told_one_by_one() -> None:
    before = steps(STEM) + '[outputs]\nrelu = "relu"\nold = "batchnorm"\n'
    after = steps(STEM) + '[outputs]\nrelu = "relu"\naux = { from = "conv", training = true }\n'
    told_ = [change for each in between(before, after).found for change in each.changes]
    assert told_ == [("outputs.old", "batchnorm", None), ("outputs.aux", None, "conv in training")]


def test_networks_and_paths_are_compared_from_python() -> None:
    path = SPECS / "xception.toml"
    assert not gb.diff(path, str(path))
    found = gb.diff(gb.load(path), gb.load(path, params={"classes": 10}))
    assert found and "out 1000 → 10" in str(found)


def test_sizes_are_consequences() -> None:
    found = shipped("xception", "xception", size=224)
    assert told(found) == [("changed", "", [], [])]
    assert found.data()["differences"][0]["changes"] == {"inputs.image": ["3x299x299", "3x224x224"]}
    assert found.data()["after"]["inputs"] == {"image": [3, 224, 224]}


def test_deltas_count_every_copy() -> None:
    found = shipped("xception", "xception", middle=16)
    ours, theirs = found.before.costs, found.after.costs
    (only,) = found.found
    assert only.parameters == theirs.trainable - ours.trainable == 12_911_808
    assert only.macs == theirs.macs - ours.macs
    inside = differences(Side(gb.load(SPECS / "xception.toml"), ""), Side(bare_middle(), ""))
    norms = next(each for each in inside.found if each.kind == "removed")
    assert (norms.before, norms.parameters) == (["middle.0-7.unit.0-2.batchnorm"], -8 * 3 * 2 * 728)


def bare_middle() -> gb.Network:
    """Xception with no norm in its middle flow."""
    text = (SPECS / "xception.toml").read_text(encoding="utf-8")
    body = '[blocks.bare]\nbody = [{ op = "relu" }, { op = "sepconv", out = 728 }]\n'
    found = gb.check_text(
        text.replace('{ use = "unit", out = 728, repeat = 3 }', '{ id = "unit", use = "bare", repeat = 3 }') + body
    )
    assert found.network is not None
    return found.network


def test_growing_copies_are_told_as_one() -> None:
    found = shipped("densenet121", "densenet121", growth=24)
    assert [each.what for each in found.found] == ["conv"] * 2, "those of transitions follow"
    assert found.found[0].after[0] == "stages.0.layer.0-5.conv"


def test_long_bodies_are_matched_in_time() -> None:
    """Three thousand steps of which thirty are gone: no pair of all with all."""
    names = [f'{{ id = "s{number}", op = "relu" }}' for number in range(3_000)]
    one = network(steps(*names))
    other = network(steps(*(each for number, each in enumerate(names) if number % 100)))
    found = differences(Side(one, ""), Side(other, ""))
    assert found.counts() == {"removed": 30}
    unnamed = [f'{{ op = "{op}" }}' for op in ("relu", "gelu", "elu") for _ in range(1_000)]
    one, other = network(steps(*unnamed)), network(steps(*reversed(unnamed)))
    assert differences(Side(one, ""), Side(other, ""))


BLOCKS = """
[blocks.same]
body = [{ op = "conv", out = "=in_channels", kernel = 1 }]
[blocks.computed]
args = { out = "int", half = "=out // 2" }
let = { both = "=out + half" }
body = [{ op = "conv", out = "=both", kernel = 1 }]
[blocks.way]
args = { out = "int" }
body = [{ op = "conv", out = "=out", kernel = 1 }]
shortcut = "project"
[params]
width = 16
[defaults.linear]
out = "=width"
"""
FIRST = '{{ id = "first", op = "conv", out = {}, kernel = 1 }}'
FOLLOWERS = {
    "what is read": ('{ op = "conv", out = "=2 * from_channels", kernel = 1 }', []),
    "a block that keeps its width": ('{ use = "same" }, { use = "same", repeat = 3 }', []),
    "an argument, and what is computed of it": ('{ use = "computed", out = "=from_channels" }', []),
    "the convolution of a shortcut": ('{ use = "way", out = "=from_channels + 1" }', []),
    "an item of a list": ('{ use = "way", repeat = [1, 1], out = "=item + from_channels" }', []),
    "a param": ('{ op = "conv", out = "=width", kernel = 1 }', ["conv"]),
    "a param for all of an op": ('{ op = "globalavgpool" }, { op = "linear" }', ["linear"]),
    "an argument that reads a param": ('{ use = "computed", out = "=width" }', ["computed.conv"]),
    "a list that is a param": (
        '{ id = "ways", use = "way", repeat = "=[width]", out = "=item + from_channels" }',
        ["ways.0.conv"],
    ),
}


@pytest.mark.parametrize(("body", "set_"), FOLLOWERS.values(), ids=FOLLOWERS.keys())
def test_what_is_computed_of_what_is_read_follows_and_of_a_param_does_not(body: str, set_: list[str]) -> None:
    before = steps(FIRST.format(16), body) + BLOCKS
    fed, both = (before.replace("16, kernel", "32, kernel"), before.replace("16", "32"))
    found = between(before, fed)
    assert [path for each in found.found for path in each.after] == ["first"] and not found.data()["params"]
    assert found.matched.following == found.data()["following"] > 0
    found = between(before, both)
    assert [path for each in found.found for path in each.after] == ["first", *set_]
    assert found.data()["params"] == {"width": [16, 32]}
