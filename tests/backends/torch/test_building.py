"""What is refused while a module is built."""

from __future__ import annotations

import sys

import pytest
import torch

from graphbuilder.backends.python import write
from graphbuilder.backends.torch import build, building
from graphbuilder.backends.torch.loading import load
from graphbuilder.diagnostics import CompileError
from tests.backends.networks import network


def test_a_module_that_is_not_its_graph_is_not_given_out(monkeypatch: pytest.MonkeyPatch) -> None:
    text = write(network("unet")).replace("self.conv = nn.Conv2d(8, 2, 1)", "self.conv = nn.Conv2d(8, 3, 1)")
    monkeypatch.setattr(building, "write", lambda typed: text)
    with pytest.raises(CompileError, match="GB702") as caught:
        build(network("unet"))
    assert caught.value.diagnostics[0].notes == ("conv.bias: 3 for 2", "conv.weight: 3x8x1x1 for 2x8x1x1")


def test_a_text_is_loaded_once() -> None:
    assert load("one = object()").one is load("one = object()").one


def test_a_text_that_fails_leaves_nothing_behind() -> None:
    before = set(sys.modules)
    with pytest.raises(ZeroDivisionError):
        load("1 / 0")
    assert set(sys.modules) == before


def test_a_module_that_is_built_where_torch_infers_is_filled_as_any_other() -> None:
    typed = network("unet")
    with torch.inference_mode():
        inferring = build(typed, weights=build(typed, seed=3).state_dict()).state_dict()
    assert all(torch.equal(inferring[name], tensor) for name, tensor in build(typed, seed=3).state_dict().items())
