"""Activations that a module spells out in several calls."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import graphbuilder as gb

# What torch.export does inside is torch's own affair.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

SPELT: list[tuple[str, Callable[[Tensor], Tensor]]] = [
    ("hardswish", lambda x: x * functional.relu6(x + 3) / 6),
    ("hardswish", lambda x: x * (torch.clamp(3 + x, 0, 6) * (1 / 6))),
    ("hardsigmoid", lambda x: functional.relu6(x + 3) / 6),
    ("silu", lambda x: torch.sigmoid(x) * x),
    ("relu6", lambda x: x * functional.relu6(x + 2) / 6),
    ("relu6", lambda x: functional.relu6(x + 3) / 5),
]


class Spelt(nn.Module):
    def __init__(self, number: int) -> None:
        super().__init__()
        self.conv, self.number = nn.Conv2d(3, 4, 1), number

    def forward(self, x: Tensor) -> Tensor:
        return SPELT[self.number][1](self.conv(x) * 4)


@pytest.mark.parametrize("number", range(len(SPELT)))
def test_what_is_spelt_out_is_one_activation(number: int) -> None:
    found = gb.from_torch(Spelt(number), torch.randn(2, 3, 8, 8))
    assert found.difference is not None and found.difference < 1e-5
    ops = re.findall(r'op = "(\w+)"', found.text)
    assert SPELT[number][0] in ops and (len(ops) == 3 or SPELT[number][0] == "relu6")
