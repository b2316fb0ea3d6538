"""Construction without memory and without drawing."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from graphbuilder.backends.torch.hollow import Hollow


class Several(nn.Module):
    """Every way in which a module makes tensors of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 4)
        self.norm = nn.BatchNorm2d(4)
        self.scale = nn.Parameter(torch.full((4,), 0.5))
        self.register_buffer("table", torch.arange(4))
        nn.init.xavier_uniform_(self.linear.weight)


def test_every_tensor_is_on_meta() -> None:
    with Hollow():
        module = Several()
    assert {tensor.device.type for tensor in module.state_dict().values()} == {"meta"}


def test_no_number_is_drawn() -> None:
    before = torch.get_rng_state()
    real = torch.zeros(4)
    with Hollow():
        Several()
        assert nn.init.normal_(real) is real
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(real, torch.zeros(4))


DRAWS = (
    "uniform_",
    "normal_",
    "trunc_normal_",
    "xavier_uniform_",
    "xavier_normal_",
    "kaiming_uniform_",
    "kaiming_normal_",
)


class Seen(TorchDispatchMode):
    """What runs inside."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.append(func.__name__)
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("draw", DRAWS)
def test_nothing_runs_where_a_number_would_be_drawn(draw: str) -> None:
    with Hollow():
        weight = torch.empty(4, 3)
        with Seen() as seen:
            assert getattr(nn.init, draw)(weight) is weight
    assert seen.names == []


def test_it_ends() -> None:
    with Hollow():
        pass
    assert Several().linear.weight.device.type == "cpu"
