"""Norms that learn a factor or a bias, not both: their values are torch's own, and training reaches what they learn."""

from __future__ import annotations

import pytest
import torch

from graphbuilder import compile
from graphbuilder.compiler import check_text

SHAPES = ("[6, 5, 4]", "[6, 9]", "[4, 3, 4, 5]", '{ shape = [9, 6], layout = "channels_last" }')
WHOLE = {"weight": torch.ones, "bias": torch.zeros}


def network(step: str, shape: str) -> torch.nn.Module:
    text = f'format = 1\nname = "case"\n[inputs]\nx = {shape}\n[model]\nbody = [{{ id = "norm", {step} }}]\n'
    checked = check_text(text, "case.toml")
    assert checked.network is not None, checked.diagnostics
    return compile(checked.network)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("learnt", ["weight", "bias"])
@pytest.mark.parametrize(
    "norm", ['op = "batchnorm"', 'op = "layernorm"', 'op = "instancenorm"', 'op = "groupnorm", groups = 2']
)
def test_half_a_norm_is_torchs_and_learns(norm: str, learnt: str, shape: str) -> None:
    flags = f"scale = {str(learnt == 'weight').lower()}, bias = {str(learnt == 'bias').lower()}"
    half, whole = network(f"{norm}, {flags}", shape), network(f"{norm}, scale = true, bias = true", shape)
    generator = torch.Generator().manual_seed(0)
    weights = {name: torch.rand(value.shape, generator=generator) for name, value in half.named_parameters()}
    half.load_state_dict(weights, strict=False)
    rest = {f"norm.{name}": make(weights[f"norm.{learnt}"].shape) for name, make in WHOLE.items()}
    whole.load_state_dict({**rest, **weights}, strict=False)
    sizes = {"[6, 5, 4]": (6, 5, 4), "[6, 9]": (6, 9), "[4, 3, 4, 5]": (4, 3, 4, 5)}.get(shape, (9, 6))
    x = torch.randn((3, *sizes), generator=generator)
    given, wanted = half(x), whole(x)
    torch.testing.assert_close(given, wanted)
    given.pow(3).sum().backward()
    wanted.pow(3).sum().backward()
    (name,) = weights
    torch.testing.assert_close(dict(half.named_parameters())[name].grad, dict(whole.named_parameters())[name].grad)
