"""Mappings: names that differ in numbers or in a word become one rule, and every rule leads where it should."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphbuilder.importers.mapping import mapping
from graphbuilder.importers.places import Place
from graphbuilder.weights.mapping import load_mapping

CASES = {
    "the same names": ([("conv1", "conv1"), ("fc", "fc")], None),
    "a shift": ([(f"block{n}_conv", f"body.{n - 5}.conv") for n in range(5, 13)], 1),
    "two numbers": ([(f"l{a}.{b}.conv", f"s.{a - 1}.{b}.conv") for a in (1, 2) for b in (0, 1, 2)], 1),
    "numbers that swap": ([("a.1.2", "b.2.1"), ("a.3.4", "b.4.3")], 1),
    "a number that stays": ([("x1.0", "y.0"), ("x2.0", "y.1")], 1),
    "a range, since others look alike": ([*((f"c{n}", f"d{n}") for n in range(3)), ("c7", "head")], 2),
    "automatic names": ([("conv2d", "a.conv"), ("conv2d_1", "b.conv"), ("conv2d_2", "c.conv")], 2),
    "numbers of no order": ([("p1", "q.5"), ("p2", "q.3"), ("p3", "q.9")], 1),
    "leading zeros": ([("w01", "x.1"), ("w02", "x.2")], 2),
    "the same shift twice": ([("m1", "o.0"), ("m2", "o.1"), ("m5", "o.7"), ("m6", "o.8")], 1),
    "two words": ([(f"{a}_{n}", f"u.{n - 4}.{b}") for n in (4, 5, 9) for a, b in (("conv", "c"), ("bn", "n"))], 1),
    "a part of a word": ([("b_x_conv", "y.conv.w"), ("b_x_bn", "y.norm.w"), ("b_z_bn", "q")], 2),
}


@pytest.mark.parametrize("name", CASES)
def test_every_name_leads_to_its_own(name: str, tmp_path: Path) -> None:
    pairs, rules = CASES[name]
    text = mapping([Place(*pair) for pair in pairs], "torch", (), "names")
    assert (text is None) == (rules is None)
    if text is None:
        return
    file = tmp_path / "names.toml"
    file.write_text(text, encoding="utf-8")
    known = load_mapping(file).rules.values()
    assert len(known) == rules
    for theirs, ours in pairs:
        written = [rule.ours[0].write(found[1]) for rule in known if (found := rule.match(theirs))]
        assert written == [ours]


def test_rules_of_layers_and_of_tensors_keep_to_their_own() -> None:
    layers = [Place(f"b.{n}.p", f"x.{n}.p") for n in range(2)]
    tensors = [Place(f"b.{n}.p.{leaf}", f"y.{n - 2}.p.{leaf}") for n in (2, 3) for leaf in ("weight", "bias")]
    text = mapping([*layers, *tensors], "torch", (), "names")
    assert text is not None and '"b.{a:0..1}.p" ' in text and '"b.{a:2..3}.p.{w:weight|bias}" = ' in text, text
