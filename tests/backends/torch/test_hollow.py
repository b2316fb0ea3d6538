"""Construction without memory and without drawing."""

from __future__ import annotations

import torch
from torch import nn

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


def test_it_ends() -> None:
    with Hollow():
        pass
    assert Several().linear.weight.device.type == "cpu"
