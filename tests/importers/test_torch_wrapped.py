"""Torch modules as people have them: wrapped, compiled, in other numbers, pruned, with parts that nothing calls."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import prune
from torch.optim.swa_utils import AveragedModel

import graphbuilder as gb
from tests.peers.parity import distance

# What torch.export does inside is torch's own affair.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


class Tiny(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 4, 3), nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.conv(x).relu().mean((2, 3)))


def _compiled(model: nn.Module) -> nn.Module:
    wrapped = torch.compile(model)  # pyright: ignore[reportUnknownMemberType]
    assert isinstance(wrapped, nn.Module)
    return wrapped


WAYS: dict[str, Callable[[nn.Module], nn.Module]] = {
    "parallel": nn.DataParallel,
    "compiled": lambda model: _compiled(nn.DataParallel(model)),
    "averaged": AveragedModel,
}


@pytest.mark.parametrize("name", WAYS)
def test_what_is_around_a_module_is_no_part_of_it(name: str) -> None:
    model, example = Tiny(), torch.randn(2, 3, 6, 6)
    found = gb.from_torch(WAYS[name](model), example)
    assert found.name == "tiny" and not found.told
    assert {*(found.weights() or {})} == {*model.state_dict()}


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64], ids=str)
def test_other_numbers_are_read_in_single_precision(kind: torch.dtype) -> None:
    model = Tiny().to(kind)
    found = gb.from_torch(model, torch.randn(2, 3, 6, 6).to(kind))
    assert found.difference is not None and found.difference < 1e-5
    assert found.told == {"numbers": f"in single precision, where the module had {str(kind).removeprefix('torch.')}"}
    assert {each.dtype for each in (found.weights() or {}).values()} == {torch.float32}
    assert model.head.weight.dtype == kind


def test_what_is_pruned_is_plain_and_told() -> None:
    model, example = Tiny(), torch.randn(2, 3, 6, 6)
    prune.random_unstructured(model.conv, "weight", 0.5)
    prune.l1_unstructured(model.conv, "weight", 0.2)
    found = gb.from_torch(model, example)
    assert found.told == {
        "left out": "without what it does in training alone: how the weights of 1 layer are held at zero, where they "
        "are pruned"
    }
    assert torch.equal((found.weights() or {})["conv.weight"], model.conv.weight)
    assert "conv.weight_orig" in model.state_dict()
    ours = gb.compile(found.network)
    ours.load_state_dict(dict(found.weights() or {}))
    with torch.no_grad():
        assert distance(ours.eval()(example), model.eval()(example)) < 1e-5


class Aside(Tiny):
    """Has a layer for training that no spec can say, and one for nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.aside, self.old = nn.Linear(4, 5), nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        y = self.conv(x).relu().mean((2, 3))
        return (self.head(y), self.aside(y).sort().values) if self.training else self.head(y)


def test_what_is_never_called_is_told_from_what_trains() -> None:
    found = gb.from_torch(Aside(), torch.randn(2, 3, 6, 6))
    assert found.told == {
        "left out": "without what it does in training alone: `aside` (Linear)",
        "unused": "without what it never calls: `old` (Linear)",
    }
    assert ", ".join(found.told.values()) in found.text.splitlines()[1]
