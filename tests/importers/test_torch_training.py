"""Torch modules that train otherwise than their graph in evaluation shows: taken right, or told at the head."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import graphbuilder as gb
from tests.peers.parity import distance

# What torch.export does inside is torch's own affair.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

Way = Callable[["Training", Tensor], Tensor]


class Kept(nn.BatchNorm2d):
    """Stays in evaluation, as people have it who fine-tune."""

    def train(self, mode: bool = True) -> Kept:
        return super().train(False)


class Training(nn.Module):
    """A convolution, a norm, a head, and what is said to be done."""

    def __init__(self, way: Way, norm: nn.BatchNorm2d | None = None) -> None:
        super().__init__()
        self.conv, self.norm, self.head = nn.Conv2d(3, 8, 3), norm or nn.BatchNorm2d(8), nn.Linear(8, 4)
        self.way = way

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.way(self, self.norm(self.conv(x))).mean((2, 3)))


def _apart(self: Training, x: Tensor) -> Tensor:
    with torch.no_grad():
        return self.norm(x)


def _table(self: Training, x: Tensor) -> Tensor:
    with torch.no_grad():
        table = torch.arange(8.0).view(1, 8, 1, 1).sin()
    return x * table


def _plain(self: Training, x: Tensor) -> Tensor:
    return x


def _noisy(self: Training, x: Tensor) -> Tensor:
    return x + torch.randn_like(x) if self.training else x


def _stopped(function: Any) -> str:
    """What is told of the first line of a function."""
    return f"gradients pass {Path(__file__).name}:{function.__code__.co_firstlineno + 1}, where it stops them"


TOLD: dict[str, tuple[Way, nn.BatchNorm2d | None, str]] = {
    "detached": (lambda self, x: x.detach(), None, _stopped(Training.forward)),
    "no_grad": (_apart, None, _stopped(_apart)),
    "norm": (_plain, Kept(8), "`norm` takes the statistics of the batch and learns them, where it keeps them"),
    "momentum": (_plain, nn.BatchNorm2d(8, momentum=None), "`norm` learns no statistics, where it averages those of"),
    "numbers": (lambda self, x: x * (2 if self.training else 1), None, "answers are "),
    "chance": (_noisy, None, "its answers hang on chance"),
    "dropout": (
        lambda self, x: functional.dropout(x) if self.training else x,
        None,
        "without the dropout that the model calls in training alone",
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_what_a_spec_does_otherwise_in_training_is_told_at_its_head(name: str) -> None:
    way, norm, told = TOLD[name]
    found = gb.from_torch(Training(way, norm), torch.randn(2, 3, 6, 6))
    assert found.difference is not None and found.difference < 1e-5
    assert found.told["training"].startswith(f"in training otherwise than the model: {told}")
    assert found.told["training"][1:] in found.text.partition("\nformat")[0]


TAKEN: dict[str, Way] = {
    "dropout": lambda self, x: functional.dropout(x, 0.5, training=False),
    "channels": lambda self, x: functional.dropout2d(x, 0.5, training=False),
    "table": _table,
    "rate": lambda self, x: functional.dropout(x, 0.0),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_does_nothing_in_training_is_nothing(name: str) -> None:
    model, example = Training(TAKEN[name]), torch.randn(4, 3, 6, 6)
    found = gb.from_torch(model, example)
    assert not found.told, found.told
    ours = gb.compile(found.network)
    ours.load_state_dict(dict(found.weights() or {}))
    with torch.no_grad():
        assert distance(ours.train()(example), model.train()(example)) < 1e-5


class DropPath(nn.Module):
    """Drops samples in training by numbers that it draws."""

    def __init__(self) -> None:
        super().__init__()
        self.drop_prob = 0.25

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        return x * x.new_empty(len(x), 1, 1, 1).bernoulli_(1 - self.drop_prob) / (1 - self.drop_prob)


def test_depth_that_is_drawn_is_no_other_answer() -> None:
    found = gb.from_torch(nn.Sequential(nn.Conv2d(3, 4, 3), DropPath(), nn.BatchNorm2d(4)), torch.randn(2, 3, 6, 6))
    assert not found.told and "drop = 0.25" in found.text, found.text


class Uncalled(nn.Module):
    """Has stochastic depth that nothing calls."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.depth = nn.Conv2d(3, 4, 3), DropPath()

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


def test_depth_that_is_never_called_is_nothing() -> None:
    assert not gb.from_torch(Uncalled(), torch.randn(2, 3, 6, 6)).told


@pytest.mark.parametrize("rate", [0.25, 0.5])
def test_what_drops_in_training_keeps_its_rate(rate: float) -> None:
    found = gb.from_torch(Training(lambda self, x: functional.dropout(x, rate, self.training)), torch.randn(2, 3, 6, 6))
    assert not found.told and f"dropout = {rate}" in found.text
