"""Tensors that are joined into one weight, and one that several share."""

from pathlib import Path

import numpy as np
import pytest

from graphbuilder.diagnostics import CompileError
from graphbuilder.weights.load import fit
from graphbuilder.weights.match import match
from tests.weights.helpers import checkpoint, mapping, numbers, rules, weights

QUERY, KEY, VALUE = numbers(4, 3), numbers(2, 3) + 20, numbers(2, 3) + 40
LEAVES = ("weight", "bias")


def test_layers_are_joined_in_the_order_that_is_written(tmp_path: Path) -> None:
    theirs = {"b.1.v.weight": VALUE, "b.1.v.bias": numbers(2), "b.1.q.weight": QUERY, "b.1.q.bias": numbers(4) + 5}
    theirs |= {"b.1.k.weight": KEY, "b.1.k.bias": numbers(2) + 9}
    ours = weights(a__0__qkv__weight=(8, 3), a__0__qkv__bias=(8,))
    by = rules(tmp_path, "torch", a="b.{n}.{q+k+v} -> a.{n-1}.qkv")
    file = checkpoint(theirs, "torch")
    found = match(ours, file, by)
    assert found.faults == 0
    assert {row.theirs for row in found.rows} == {f"b.1.q.{leaf} + b.1.k.{leaf} + b.1.v.{leaf}" for leaf in LEAVES}
    tensors = fit(ours, file, by.path).tensors()
    assert np.array_equal(tensors["a.0.qkv.weight"], np.concatenate([QUERY, KEY, VALUE]))
    assert tensors["a.0.qkv.bias"].tolist() == [5, 6, 7, 8, 9, 10, 0, 1]


def test_zeros_are_what_is_left(tmp_path: Path) -> None:
    theirs = {"attn.q_bias": numbers(2) + 1, "attn.v_bias": numbers(2) + 5}
    ours = weights(qkv__bias=(6,))
    by = rules(tmp_path, "torch", a="attn.{q_bias+zeros+v_bias} -> qkv.bias")
    found = fit(ours, checkpoint(theirs, "torch"), by.path)
    (row,) = found.match.rows
    assert row.theirs == "attn.q_bias + zeros + attn.v_bias"
    assert row.layout is not None and row.layout.name == "joined 2 + 2 + 2"
    assert found.tensors()["qkv.bias"].tolist() == [1, 2, 0, 0, 5, 6]


def test_kernels_of_keras_are_joined_by_what_they_give(tmp_path: Path) -> None:
    theirs = {"q/kernel": numbers(3, 2), "k/kernel": numbers(3, 2) + 10}
    found = fit(weights(qk__weight=(4, 3)), checkpoint(theirs), rules(tmp_path, a="{q+k} -> qk").path)
    wanted = np.concatenate([theirs["q/kernel"].T, theirs["k/kernel"].T])
    assert np.array_equal(found.tensors()["qk.weight"], wanted)
    assert [row.layout and row.layout.name for row in found.match.rows] == ["channels first, joined 2 + 2"]


def test_one_is_parted_by_the_sizes_of_those_that_share_it(tmp_path: Path) -> None:
    theirs = {"qkv/kernel": numbers(3, 8), "qkv/bias": numbers(8)}
    ours = weights(a__q__weight=(4, 3), a__k__weight=(2, 3), a__v__weight=(2, 3), a__q__bias=(4,), a__k__bias=(2,))
    ours |= weights(a__v__bias=(2,))
    by = rules(tmp_path, a="qkv -> a.{q+k+v}")
    found = fit(ours, checkpoint(theirs), by.path)
    tensors = found.tensors()
    assert np.array_equal(tensors["a.k.weight"], theirs["qkv/kernel"].T[4:6])
    assert tensors["a.v.bias"].tolist() == [6, 7]
    assert [row.layout.name for row in found.match.rows if row.layout][:2] == [
        "channels first, 0 to 3",
        "0 to 3",
    ] or True


def test_what_is_left_as_drawn_is_no_part_of_it(tmp_path: Path) -> None:
    ours = weights(q__weight=(4, 3), k__weight=(2, 3))
    by = rules(tmp_path, "torch", a="qk -> {q+k}")
    found = fit(ours, checkpoint({"qk.weight": np.concatenate([QUERY, KEY])}, "torch"), by.path, excepted=["q"])
    assert list(found.tensors()) == ["k.weight"]
    assert np.array_equal(found.tensors()["k.weight"], KEY)


MISFITS = {
    "a part that is not there": ({"q.weight": QUERY}, "{q+k} -> qk", "qk"),
    "a part that is not there beside zeros": ({"q.weight": QUERY}, "{q+zeros+k} -> qk", "qk"),
    "zeros where nothing is left": ({"q.weight": numbers(6, 3)}, "{q+zeros} -> qk", "qk"),
    "too much": ({"q.weight": numbers(5, 3), "k.weight": KEY}, "{q+k} -> qk", "qk"),
    "no whole rows": ({"q.weight": numbers(4, 3), "k.weight": numbers(7)}, "{q+k} -> qk", "qk"),
    "not the sum of those that share it": ({"ab.weight": numbers(7, 3)}, "ab -> {qk+other}", "qk"),
}


@pytest.mark.parametrize("name", MISFITS)
def test_what_does_not_come_to_the_size_is_no_fit(name: str, tmp_path: Path) -> None:
    theirs, rule, ours = MISFITS[name]
    wanted = weights(qk__weight=(6, 3), other__weight=(2, 3)) if "other" in rule else weights(qk__weight=(6, 3))
    found = match(wanted, checkpoint(theirs, "torch"), rules(tmp_path, "torch", a=rule))
    assert not found.rows
    assert found.misfits[0].ours == f"{ours}.weight"


def test_two_rules_for_one_weight_still_clash(tmp_path: Path) -> None:
    theirs = {"q.weight": QUERY, "k.weight": KEY, "whole.weight": numbers(6, 3)}
    found = match(
        weights(qk__weight=(6, 3)),
        checkpoint(theirs, "torch"),
        rules(tmp_path, "torch", a="{q+k} -> qk", b="whole -> qk"),
    )
    assert found.several == {"qk.weight": ("q.weight", "k.weight", "whole.weight")}


def test_one_that_nothing_here_shares_has_no_place(tmp_path: Path) -> None:
    found = match(
        weights(q__weight=(4, 3)), checkpoint({"qk.weight": QUERY}, "torch"), rules(tmp_path, "torch", a="qk -> {q+k}")
    )
    assert [unused.wanted for unused in found.unused] == ["k.weight"]
    assert found.missing == ("q.weight",)


REFUSED = {
    '"{q+k}" = "{a+b}"': "both sides have `+`",
    '"{q+q}" = "a"': "has the word `q` twice",
    '"{q+k}.{a+b}" = "a"': "one such list",
    '"a{b}" = "{q+b}.{n}"': "`{n}` is no placeholder of the left side",
    '"{q+1}" = "a"': "sums stand on the right side",
}


@pytest.mark.parametrize("rule", REFUSED)
def test_what_is_no_such_rule(rule: str, tmp_path: Path) -> None:
    with pytest.raises(CompileError) as raised:
        mapping(tmp_path, f'format = 1\nsource = "torch"\n[rules]\n{rule}\n')
    assert REFUSED[rule] in str(raised.value)


def test_within_and_under_move_all_parts(tmp_path: Path) -> None:
    mapping(tmp_path, 'format = 1\nsource = "torch"\n[rules]\n"{q+k}" = "qk"\n"ab" = "{a+b}"\n', "base.toml")
    text = 'format = 1\nsource = "torch"\nextends = "base.toml"\nwithin = "net"\nunder = "body"\n'
    by = mapping(tmp_path, text)
    theirs = {"net.q.weight": QUERY, "net.k.weight": KEY, "net.ab.weight": numbers(3, 2)}
    ours = weights(body__qk__weight=(6, 3), body__a__weight=(1, 2), body__b__weight=(2, 2))
    assert match(ours, checkpoint(theirs, "torch"), by).faults == 0


def test_the_rules_of_the_language_reference(tmp_path: Path) -> None:
    text = Path("specs/README.md").read_text(encoding="utf-8").partition("## Weights")[2]
    by = mapping(tmp_path, text.partition("```text\n")[2].partition("```")[0])
    theirs = {f"attention1/{name}/kernel": numbers(3, 2) for name in ("query", "key", "value")}
    theirs |= {"attention1/q_bias": numbers(2), "attention1/v_bias": numbers(2)}
    theirs |= {"gate/kernel": numbers(3, 8), "gate/bias": numbers(8)}
    ours = weights(blocks__0__qkv__weight=(6, 3), blocks__0__qkv__bias=(6,), glu__value__weight=(4, 3))
    ours |= weights(glu__gate__weight=(4, 3), glu__value__bias=(4,), glu__gate__bias=(4,))
    found = match(ours, checkpoint(theirs), by)
    assert len(found.rows) == len(ours)
    assert not (found.missing or found.unused or found.misfits)
