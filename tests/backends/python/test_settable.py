"""Which params the class of a network takes, and that what it makes with them is what the spec makes with them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch

import graphbuilder as gb
from graphbuilder.backends.python import root_name, write
from graphbuilder.backends.torch import build

SPECS = Path(__file__).parents[3] / "specs"
HEAD = 'format = 1\nname = "net"\n[params]\nmany = 8\nrate = 0.5\n[inputs]\nimage = [4, 8, 8]\n[model]\nbody = [\n'


def signature(body: str, rest: str = "") -> str:
    checked = gb.check_text(f"{HEAD}{body}\n]\n{rest}")
    assert checked.network is not None, "\n".join(map(str, checked.diagnostics))
    (found,) = re.findall(r"class Net\(nn.Module\):\n    def __init__\(self(.*)\):", write(checked.network.typed))
    return found


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("xception", {"classes": 10}),
        ("mobilenet_v1", {"classes": 10, "dropout": 0.5}),
        ("deeplabv3plus_xception", {"classes": 3}),
        ("modules/convolution", {"out": 8, "groups": 4}),
    ],
)
def test_a_class_with_params_is_the_spec_with_them(name: str, params: dict[str, Any]) -> None:
    path = SPECS / f"{name}.toml"
    network = gb.load(path)
    names: dict[str, Any] = {}
    exec(write(network.typed), names)  # noqa: S102  (our own)
    wanted = build(gb.load(path, params).typed, device="meta")
    with torch.device("meta"):
        made, plain = names[root_name(network.typed)](**params), names[root_name(network.typed)]()
    assert str(made) == str(wanted) != str(plain)
    shapes = [{key: tensor.shape for key, tensor in each.state_dict().items()} for each in (made, wanted)]
    assert shapes[0] == shapes[1]


LINEAR = '{ op = "globalavgpool" }, { op = "linear", out = "=many" },'


@pytest.mark.parametrize(
    ("body", "taken"),
    [
        (LINEAR, ", *, many=8"),
        ('{ op = "globalavgpool" }, { op = "linear", out = "=4 * many" },', ", *, many=8"),
        (LINEAR + '{ op = "dropout", rate = "=rate" }, { op = "softmax" },', ", *, many=8, rate=0.5"),
        # Another expression, or another way to read it, than the constructor can repeat.
        ('{ op = "globalavgpool" }, { op = "linear", out = "=make_divisible(many)" },', ""),
        ('{ op = "conv", out = 8, kernel = ["=many", 1] },', ""),
        (LINEAR + '{ op = "relu", when = "=many > 4" },', ""),
        ('{ op = "conv", out = "=many", kernel = 1, repeat = 2 },', ""),
        ('{ op = "conv", out = 8, kernel = 1, repeat = "=many" },', ""),
        # Something else follows from it: other weights, the padding, the sizes, an argument of a function.
        ('{ op = "conv", out = "=many", kernel = 1 }, { op = "batchnorm" },', ""),
        (LINEAR + '{ op = "linear", out = 3 },', ""),
        ('{ op = "conv", out = 8, kernel = "=many", padding = "half" },', ""),
        ('{ op = "conv", out = 8, kernel = 1, stride = "=many" },', ""),
        ('{ op = "resize", factor = "=many" },', ""),
    ],
)
def test_params_that_are_taken(body: str, taken: str) -> None:
    assert signature(body) == taken


@pytest.mark.parametrize(
    "rest",
    [
        '[defaults]\nrelu = {}\nlinear = { bias = "=many > 2" }',
        '[init]\nlinear = { kind = "normal", std = "=1 / many" }',
    ],
)
def test_a_param_that_is_read_elsewhere_is_not_taken(rest: str) -> None:
    assert signature(LINEAR, rest) == ""
    assert signature(LINEAR, '[blocks.unused]\nbody = [{ op = "conv", out = "=many", kernel = 1 }]') == ", *, many=8"


def test_a_param_that_a_block_reads_is_not_taken() -> None:
    block = '[blocks.unit]\nargs = { out = "int" }\nbody = [{ op = "conv", out = "=out", kernel = 1 }]'
    assert signature('{ use = "unit", out = "=many" }, ' + LINEAR, block) == ""
