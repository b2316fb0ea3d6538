"""The mapping that is offered for a file whose names are almost known: whole, so that the file fits by it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from graphbuilder.weights.load import fit
from tests.weights.helpers import checkpoint, mapping, numbers, weights

KNOWN = 'format = 1\nsource = "keras"\n[rules]\n"conv{n}" = "stem.{n}"\n"predictions" = "logits"\n'
BODY = {"conv0/kernel": numbers(1, 1, 3, 4), "conv1/kernel": numbers(1, 1, 4, 4)}
HEAD = {"my_head/kernel": numbers(4, 5), "my_head/bias": numbers(5)}
OURS = weights(stem__0__weight=(4, 3, 1, 1), stem__1__weight=(4, 4, 1, 1), logits__weight=(5, 4), logits__bias=(5,))
FILES = {
    "a head by another name": BODY | HEAD,
    "a model within another": {f"net/{name}": array for name, array in BODY.items()} | HEAD,
}


@pytest.mark.parametrize(
    ("name", "excepted"), [(name, ()) for name in FILES] + [("a head by another name", ("logits",))]
)
def test_what_is_offered_fits(name: str, excepted: tuple[str, ...], tmp_path: Path) -> None:
    by = mapping(tmp_path, KNOWN, "small.keras.toml")
    file = checkpoint(FILES[name])
    helps = [each.help for each in fit(OURS, file, None, [by.path], excepted).diagnostics]
    told = next(help for help in helps if help and "of the lines" in help)
    lines = re.findall(r"`(.+?)`", told)
    offered = mapping(tmp_path, "\n".join(lines), "offered.keras.toml")
    assert fit(OURS, file, offered.path, excepted=excepted).diagnostics == ()


@pytest.mark.parametrize(("config", "remedy"), [({"class_name": "Functional"}, True), ({}, False)])
def test_a_stranger_that_holds_its_model_may_be_imported(config: dict[str, object], remedy: bool) -> None:
    file = replace(checkpoint({"dense/kernel": numbers(2, 7)}), config=config)
    (found,) = fit(OURS, file).diagnostics
    assert found.code == "GB411" and (f"graphbuilder import {file.path}" in str(found.help)) == remedy
