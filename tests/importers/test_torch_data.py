"""Torch modules that do other things for other data: no spec says these, and their place is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import graphbuilder as gb
from graphbuilder.diagnostics import CompileError

# What torch.export does inside is torch's own affair.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


class Deciding(nn.Module):
    """Decides by what it sees."""

    def forward(self, x: Tensor) -> Tensor:
        return x if x.sum() > 0 else -x


class Asserting(nn.Module):
    """Wants sizes of one kind, and does not say why."""

    def forward(self, x: Tensor) -> Tensor:
        assert x.shape[-1] % 8 == 0
        return x


def _first_line(function: Any) -> int:
    return function.__code__.co_firstlineno


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (Deciding, "return x if x.sum() > 0 else -x"),
        (Asserting, f"{Path(__file__).name}:{_first_line(Asserting.forward) + 1}: assert x.shape[-1] % 8 == 0"),
    ],
)
def test_what_depends_on_data_is_refused_and_its_place_told_and_nothing_else(
    kind: type[nn.Module], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CompileError) as caught:
        gb.from_torch(kind(), torch.randn(2, 4))
    assert capsys.readouterr().err == ""
    (found,) = caught.value.diagnostics
    assert found.code == "GB804" and told in found.message
