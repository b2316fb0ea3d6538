"""A network's weights below one name of a file: found where one reading fits, told where several do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from graphbuilder.weights.load import Fit, fit
from tests.weights.helpers import Array, checkpoint, mapping, numbers, weights

RULES = """\
format = 1
source = "{}"
ignore = ["optimizer{}*"]
[rules]
"conv{{n}}" = "stem.{{n}}"
"predictions" = "logits"
"""
OURS = weights(stem__0__weight=(4, 3, 2, 2), stem__1__weight=(4, 4, 2, 2), logits__weight=(5, 4), logits__bias=(5,))
BODY = {"conv0/kernel": numbers(2, 2, 3, 4), "conv1/kernel": numbers(2, 2, 4, 4)}
KERAS = BODY | {"predictions/kernel": numbers(4, 5), "predictions/bias": numbers(5)}
TORCH = {"conv0.weight": numbers(4, 3, 2, 2), "conv1.weight": numbers(4, 4, 2, 2)}
TORCH |= {"predictions.weight": numbers(5, 4), "predictions.bias": numbers(5)}
EQUAL = {name: np.zeros(weight.shape, np.float32) for name, weight in OURS.items()}


def below(within: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    return {within + name: array for name, array in arrays.items()}


def fitted(arrays: Mapping[str, Array], folder: Path, excepted: tuple[str, ...] = ()) -> Fit:
    is_keras = any("/" in name for name in arrays)
    by = mapping(folder, RULES.format(*(("keras", "/") if is_keras else ("torch", "."))), "net.some.toml")
    return fit(OURS, checkpoint(arrays, "keras" if is_keras else "torch"), None, [by.path], excepted)


DENSE = {"dense/kernel": numbers(5, 2)}
# What a file holds, what is left out, below which name it fits, and the tensors that the warning counts.
FOUND: Mapping[str, tuple[dict[str, Array], tuple[str, ...], str, str]] = {
    "a prefix": (below("model.", TORCH), (), "model", ""),
    "a prefix of our own names": (below("net.model.", EQUAL), (), "net.model", ""),
    "a model in a model": (below("mobilenet/", KERAS), (), "mobilenet", ""),
    "with an optimizer": (below("mobilenet/", KERAS) | {"optimizer/0": numbers(4, 4)}, (), "mobilenet", ""),
    "a part of a model": (below("mobilenet/", KERAS) | DENSE, (), "mobilenet", "the 1 beside it: dense/kernel"),
    "with another head": (below("mobilenet/", BODY) | DENSE, ("logits",), "mobilenet", "the 1 beside it: dense/kernel"),
    "beside a smaller": (
        below("large.", TORCH) | below("small.", {"w": numbers(2)}),
        (),
        "large",
        "beside it: small.w",
    ),
    "no prefix": (TORCH, (), "", ""),
}


@pytest.mark.parametrize("name", FOUND)
def test_one_model_in_a_file_is_found(name: str, tmp_path: Path) -> None:
    arrays, excepted, within, told = FOUND[name]
    found = fitted(arrays, tmp_path, excepted)
    assert found.diagnostics == () and found.within == within
    assert found.tensors().keys() == {name for name in OURS if not name.startswith(excepted or "-")}
    assert [each.code for each in found.warnings] == ["GB416"] * bool(told)
    assert all(told in str(each.help) for each in found.warnings)


def test_of_two_models_neither_is_taken(tmp_path: Path) -> None:
    (several,) = fitted(below("left/", KERAS) | below("right/", KERAS), tmp_path).diagnostics
    assert several.code == "GB411" and "2 models that fit the network: `left`, `right`" in several.message
    lines = [each for each in str(several.help).split("`") if "=" in each]
    by = mapping(tmp_path, "\n".join(lines), "taken.keras.toml")
    assert fit(OURS, checkpoint(below("left/", KERAS) | below("right/", KERAS)), by.path).diagnostics == ()


@pytest.mark.parametrize("lacking", ["conv1/kernel", "predictions/bias"])
def test_a_model_that_does_not_fit_whole_is_not_taken(lacking: str, tmp_path: Path) -> None:
    found = fitted(below("net/", {name: each for name, each in KERAS.items() if name != lacking}), tmp_path)
    assert found.diagnostics and not found.within


def test_what_stands_beside_is_told_where_it_fits(tmp_path: Path) -> None:
    file = checkpoint(TORCH | below("model_ema.module.", TORCH) | {"optimizer.0": numbers(9, 9)}, "torch")
    file = replace(file, beside=frozenset(file.tensors.keys() - TORCH.keys()))
    by = mapping(tmp_path, RULES.format("torch", "."), "net.some.toml")
    (warning,) = fit(OURS, file, None, [by.path]).warnings
    assert warning.code == "GB416" and "`model_ema.module`" in warning.message
