"""Stochastic depth that grows from block to block comes as a line over the depths, and goes on where these are set."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

import graphbuilder as gb
from graphbuilder.compiler import check_text

# What torch.export does inside is torch's own affair.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


class DropPath(nn.Module):
    """Nothing in evaluation, as the classes of that name in libraries are."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.drop_prob = rate

    def forward(self, x: Tensor) -> Tensor:
        return x


class Block(nn.Module):
    def __init__(self, width: int, rate: float) -> None:
        super().__init__()
        self.norm, self.narrow = nn.BatchNorm2d(width), nn.Conv2d(width, width, 1)
        self.drop_path = DropPath(rate) if rate else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return x + self.drop_path(self.narrow(self.norm(x)))


class Staged(nn.Module):
    """Stages of as many blocks, each after a convolution; rates in single precision, as libraries compute them."""

    def __init__(self, depths: Sequence[int], rates: Sequence[float]) -> None:
        super().__init__()
        left = iter(torch.tensor(rates, dtype=torch.float32).tolist())
        self.stages = nn.Sequential()
        width = 3
        for number, depth in enumerate(depths):
            blocks = [Block(8 + number, next(left)) for _ in range(depth)]
            self.stages.append(nn.Sequential(nn.Conv2d(width, 8 + number, 2), nn.Sequential(*blocks)))
            width = 8 + number

    def forward(self, x: Tensor) -> Tensor:
        return self.stages(x)


def _line(drop: float, count: int, end: int) -> list[float]:
    return [drop * place / end for place in range(count)]


@pytest.mark.parametrize(
    ("depths", "rates", "said", "others", "expected"),
    [
        ([4], _line(0.1, 4, 3), ["drop  = 0.1", "drop * i / max(depth - 1, 1)"], 7, _line(0.1, 7, 6)),
        ([4], _line(0.1, 4, 3), [], 1, [0.0]),
        ([3, 4, 2], _line(0.3, 9, 8), ["drop   = 0.3", "drop * (depths[0] + i) / max(sum(depths) - 1, 1)",
                                       "drop * (sum(depths[:2]) + i) / max(sum(depths) - 1, 1)"],
         [2, 2, 4], _line(0.3, 8, 7)),
        ([3, 4], _line(0.2, 7, 7), ["drop   = 0.2", '"=drop * i / sum(depths)"', "(depths[0] + i) / sum(depths)"],
         [4, 5], _line(0.2, 9, 9)),
        ([5], [0.1] * 5, ["drop  = 0.1", 'rate = "=drop"'], 3, [0.1] * 3),
        ([3, 3], [0.0, 0.1, 0.13, 0.2, 0.25, 0.3], ["rate = 0.13"], None, [0.0, 0.1, 0.13, 0.2, 0.25, 0.3]),
    ],
    ids=["one stage", "one block", "stages", "to the block behind the last", "constant", "no line"],
)  # fmt: skip
def test_rates_follow_the_depths(
    depths: list[int], rates: list[float], said: list[str], others: list[int] | int | None, expected: list[float]
) -> None:
    found = gb.from_torch(Staged(depths, rates), torch.randn(2, 3, 8, 8))
    assert [text for text in said if text not in found.text] == [], found.text
    name = "depth" if len(depths) == 1 else "depths"
    network = check_text(found.text, params={} if others is None else {name: others}).network
    assert network is not None
    modules = gb.compile(network).modules()
    dropped = [each.p for each in modules if type(each).__name__ == "DropPath"]
    assert dropped == pytest.approx(expected, rel=2e-7), found.text
