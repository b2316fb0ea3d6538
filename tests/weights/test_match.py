"""Theirs beside ours: what fits, and every way not to."""

from pathlib import Path

import numpy as np
import pytest

from graphbuilder.weights.match import Weights, match
from tests.weights.helpers import checkpoint, numbers, rules, weights

THEIRS = {
    "block1/kernel": numbers(3, 3, 2, 4),
    "block1/bias": numbers(4),
    "block1_bn/gamma": numbers(4),
    "block1_bn/beta": numbers(4),
    "block1_bn/moving_mean": numbers(4),
    "block1_bn/moving_variance": numbers(4),
    "sep1/depthwise_kernel": numbers(3, 3, 4, 1),
    "sep1/pointwise_kernel": numbers(1, 1, 4, 5),
    "sep1/bias": numbers(5),
    "optimizer/0": numbers(),
}
OURS = weights(
    stem__conv__weight=(4, 2, 3, 3),
    stem__conv__bias=(4,),
    stem__norm__weight=(4,),
    stem__norm__bias=(4,),
    stem__norm__running_mean=(4,),
    stem__norm__running_var=(4,),
    stem__norm__num_batches_tracked=(),
    unit__0__sep__depthwise__weight=(4, 1, 3, 3),
    unit__0__sep__pointwise__weight=(5, 4, 1, 1),
    unit__0__sep__pointwise__bias=(5,),
)
RULES = {
    "a": "block{b} -> stem.conv",
    "b": "block{b}_bn -> stem.norm",
    "c": "sep{s} -> unit.{s-1}.sep",
}


def test_a_fit(tmp_path: Path) -> None:
    found = match(OURS, checkpoint(THEIRS), rules(tmp_path, ignore='["optimizer/*"]', **RULES))
    assert found.faults == 0
    assert found.ignored == ("optimizer/0",)
    assert {row.theirs: row.ours for row in found.rows} == {
        "block1/kernel": "stem.conv.weight",
        "block1/bias": "stem.conv.bias",
        "block1_bn/gamma": "stem.norm.weight",
        "block1_bn/beta": "stem.norm.bias",
        "block1_bn/moving_mean": "stem.norm.running_mean",
        "block1_bn/moving_variance": "stem.norm.running_var",
        "sep1/depthwise_kernel": "unit.0.sep.depthwise.weight",
        "sep1/pointwise_kernel": "unit.0.sep.pointwise.weight",
        "sep1/bias": "unit.0.sep.pointwise.bias",
    }


def test_what_is_not_ignored_is_unused(tmp_path: Path) -> None:
    found = match(OURS, checkpoint(THEIRS), rules(tmp_path, **RULES))
    assert [(unused.theirs, unused.wanted) for unused in found.unused] == [("optimizer/0", None)]
    assert found.faults == 1


def test_what_a_rule_matches_is_never_ignored(tmp_path: Path) -> None:
    theirs = {**THEIRS, "sep2/bias": numbers(5)}
    found = match(OURS, checkpoint(theirs), rules(tmp_path, ignore='["*"]', **RULES))
    assert len(found.rows) == 9
    assert found.ignored == ("optimizer/0",)
    (unused,) = found.unused
    assert (unused.theirs, unused.wanted) == ("sep2/bias", "unit.1.sep.bias")
    assert unused.rule is not None and unused.rule.text == "sep{s}"


def test_missing_here_and_there(tmp_path: Path) -> None:
    ours = {name: weight for name, weight in OURS.items() if "norm.weight" not in name}
    theirs = {name: array for name, array in THEIRS.items() if name != "block1/bias"}
    found = match(ours, checkpoint(theirs), rules(tmp_path, ignore='["optimizer/*"]', **RULES))
    assert found.missing == ("stem.conv.bias",)
    assert [(unused.theirs, unused.wanted) for unused in found.unused] == [("block1_bn/gamma", "stem.norm.weight")]


def test_another_shape_and_another_kind_of_number(tmp_path: Path) -> None:
    theirs = {**THEIRS, "block1/kernel": numbers(3, 3, 2, 5), "block1/bias": numbers(4).astype(np.int8)}
    found = match(OURS, checkpoint(theirs), rules(tmp_path, ignore='["optimizer/*"]', **RULES))
    assert {row.theirs for row in found.misfits} == {"block1/kernel", "block1/bias"}
    assert found.faults == 2


def test_a_rule_that_matches_nothing(tmp_path: Path) -> None:
    found = match(OURS, checkpoint(THEIRS), rules(tmp_path, ignore='["optimizer/*"]', **RULES, d="dense -> logits"))
    assert [rule.text for rule in found.idle] == ["dense"]


def test_two_rules_for_one_layer(tmp_path: Path) -> None:
    mapping = rules(tmp_path, ignore='["optimizer/*"]', **RULES, d="block1 -> other")
    found = match(OURS, checkpoint(THEIRS), mapping)
    assert set(found.ambiguous) == {"block1/kernel", "block1/bias"}
    assert not found.idle


def test_two_layers_for_one_weight(tmp_path: Path) -> None:
    theirs = {**THEIRS, "block2/bias": numbers(4)}
    found = match(OURS, checkpoint(theirs), rules(tmp_path, ignore='["optimizer/*"]', **RULES))
    assert found.several == {"stem.conv.bias": ("block1/bias", "block2/bias")}


def test_a_rule_for_one_tensor_wins_over_its_layers(tmp_path: Path) -> None:
    ours = weights(a__weight=(2, 3), b__offset=(2,))
    theirs = {"dense/kernel": numbers(3, 2), "dense/bias": numbers(2)}
    found = match(ours, checkpoint(theirs), rules(tmp_path, a="dense -> a", b="dense/bias -> b.offset"))
    assert found.faults == 0
    assert {row.ours for row in found.rows} == {"a.weight", "b.offset"}


def test_torch_names_and_axes(tmp_path: Path) -> None:
    ours = weights(body__2__conv__weight=(2, 3), body__2__num_batches_tracked=(), token=(4,))
    theirs = {
        "layer3.conv.weight": numbers(2, 3),
        "layer3.num_batches_tracked": np.array(7),
        "class_token": numbers(4),
    }
    mapping = rules(
        tmp_path, "torch", a="layer{n}.conv -> body.{n-1}.conv", b="layer{n} -> body.{n-1}", c="class_token -> token"
    )
    assert match(ours, checkpoint(theirs, "torch"), mapping).faults == 0


def test_equal_names_need_no_mapping() -> None:
    ours = weights(a__weight=(2, 3), a__num_batches_tracked=())
    assert match(ours, checkpoint({"a.weight": numbers(2, 3)}, "safetensors"), None).faults == 0


@pytest.mark.parametrize(
    ("ours", "filled", "missing"),
    [
        (weights(norm__bias=(4,)), ["norm.bias"], ()),
        (weights(norm__weight=(4,)), ["norm.weight"], ()),
        (weights(norm__weight=(4,), norm__bias=(4,)), ["norm.bias"], ("norm.weight",)),
    ],
)
def test_the_networks_norm_tells_which_of_two_a_file_holds(
    ours: Weights, filled: list[str], missing: tuple[str, ...], tmp_path: Path
) -> None:
    found = match(ours, checkpoint({"bn/gamma_or_beta": numbers(4)}), rules(tmp_path, a="bn -> norm"))
    assert [row.ours for row in found.rows] == filled
    assert found.missing == missing
