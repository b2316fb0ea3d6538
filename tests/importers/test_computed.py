"""Torch modules that compute of their own tensors what is then read: folded to what it comes to, and told."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import graphbuilder as gb
from graphbuilder.cli.entry import run
from graphbuilder.diagnostics import CompileError

# What torch.export does inside is torch's own affair.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


class Attention(nn.Module):
    """Attention whose scores have learnt numbers added, looked up in a table in no order that an op knows.

    The table is turned in memory.
    """

    places: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.table = nn.Linear(8, 24), nn.Parameter(torch.randn(5, 2).t())
        self.register_buffer("places", torch.randint(0, 5, (6, 6)), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.qkv(x).reshape(len(x), 6, 3, 2, 4).permute(2, 0, 3, 1, 4).unbind(0)
        scores = query * 0.5 @ key.transpose(-2, -1) + self.table[:, self.places]
        return (scores.softmax(-1) @ value).transpose(1, 2).reshape(len(x), 6, 8)


class Tokens(nn.Module):
    """Positions that a layer makes of fixed waves, repeated attention, a learnt token behind all others."""

    waves: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.places, self.head = nn.Linear(4, 8), nn.Linear(8, 3)
        self.register_buffer("waves", torch.randn(6, 4), persistent=False)
        self.blocks = nn.ModuleList([Attention() for _ in range(3)])
        self.query = nn.Parameter(torch.randn(1, 1, 8))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.places(self.waves)
        for block in self.blocks:
            x = x + block(x)
        return self.head(torch.cat([x, self.query.expand(len(x), -1, -1)], 1).mean(1))


class Crossed(nn.Module):
    """Attention between channels, of queries and keys divided by their lengths along the places."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.heat = nn.Linear(8, 24), nn.Parameter(torch.rand(2, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.qkv(x).reshape(len(x), 6, 3, 2, 4).permute(2, 0, 3, 4, 1).unbind(0)
        scores = functional.normalize(query, dim=-1) @ functional.normalize(key, dim=-1).transpose(-2, -1) * self.heat
        return (scores.softmax(-1) @ value).permute(0, 3, 1, 2).reshape(len(x), 6, 8)


class Waves(nn.Module):
    """Constants by place, of the weights file and not, and a factor a channel that is an exponential."""

    mask: Tensor
    waves: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mask", torch.rand(4, 4))
        self.register_buffer("waves", torch.rand(1, 8, 4, 4), persistent=False)
        self.log = nn.Parameter(torch.randn(8, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return (x * self.mask + self.waves) * self.log.exp()


class Filled(nn.Module):
    """Distances that are written, side by side, into what was zeros, and what is learnt of them."""

    def __init__(self) -> None:
        super().__init__()
        self.places, self.shift = nn.Linear(3, 8), nn.Parameter(torch.randn(6))

    def forward(self, x: Tensor) -> Tensor:
        filled = torch.zeros(6, 3)
        seen = filled[:, :2]
        before = seen.sum(0) + 1
        filled[:, 0] = torch.arange(6.0)
        filled[:, 1] = self.shift
        seen.mul_(before * 0.5)
        return x + self.places(filled)


class Counting(nn.Module):
    """Writes into a tensor of its own."""

    mask: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mask", torch.rand(1, 8))

    def forward(self, x: Tensor) -> Tensor:
        self.mask.mul_(2)
        return x * self.mask


class Changing(nn.Module):
    """Writes into what it has read."""

    def forward(self, x: Tensor) -> Tensor:
        filled = torch.arange(8.0)
        x = x + filled
        filled[:4].add_(1)
        return x * filled


class Sampled(nn.Module):
    """Learnt numbers that are others for every sample."""

    def __init__(self) -> None:
        super().__init__()
        self.learnt = nn.Parameter(torch.randn(2, 4, 8))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.learnt.sin()], 1)


def test_what_is_computed_of_parameters_is_a_parameter_and_told() -> None:
    found = gb.from_torch(Tokens(), torch.randn(2, 6, 8), layout="channels_last")
    assert found.difference is not None and found.difference < 1e-5
    assert found.told == {
        "folded": "computed once, and learnt from here on in place of what they were computed of: `places_folded` of "
        "`places.bias` and `places.weight`, `blocks.*.table_folded` of `blocks.*.table`"
    }
    assert found.text.splitlines()[2] == f"# C{found.told['folded'][1:]}"
    assert "repeat" in found.text and '{ op = "attend", from = {' in found.text, found.text
    model = gb.compile(found.network)
    model.load_state_dict(dict(found.weights() or {}))
    assert model.get_parameter("positions.weight").requires_grad


def test_constants_by_place_are_learnt_from_here_on() -> None:
    found = gb.from_torch(Waves(), torch.randn(2, 8, 4, 4))
    assert found.difference is not None and found.difference < 1e-5
    assert "of: `constant`, `log_folded` of `log`" in found.told["folded"], found.told


def test_what_is_written_in_place_is_in_all_views_from_there_on() -> None:
    found = gb.from_torch(Filled(), torch.randn(2, 6, 8), layout="channels_last")
    assert found.difference is not None and found.difference < 1e-5
    assert "`folded` of `places.bias` and `places.weight` and `shift`" in found.told["folded"], found.told


@pytest.mark.parametrize(
    ("kind", "told"), [(Counting, "aten.mul_.Tensor, which writes in place into a tensor that is the module's own"),
                       (Changing, "aten.add_.Tensor, which writes in place into a tensor that was read before")],
)  # fmt: skip
def test_what_would_be_of_two_values_is_refused(kind: type[nn.Module], told: str) -> None:
    model = kind()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(CompileError) as caught:
        gb.from_torch(model, torch.randn(2, 6, 8), layout="channels_last")
    assert [each.code for each in caught.value.diagnostics] == ["GB801"] and told in caught.value.diagnostics[0].message
    assert all(map(torch.equal, model.state_dict().values(), before.values()))


def test_channels_attend_by_lengths_along_places() -> None:
    found = gb.from_torch(Crossed(), torch.randn(2, 6, 8), layout="channels_last")
    assert found.difference is not None and found.difference < 1e-5 and not found.told


def test_what_is_another_for_every_sample_is_no_parameter() -> None:
    with pytest.raises(CompileError) as caught:
        gb.from_torch(Sampled(), torch.randn(2, 6, 8), layout="channels_last")
    assert "a tensor that differs from sample to sample" in caught.value.diagnostics[0].message


def test_what_an_import_does_otherwise_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = ["import", f"{__name__}:Tokens", "--input", "6,8", "--layout", "channels_last"]
    assert run([*made, "-o", str(tmp_path / "tokens.toml")]) == 0
    assert "  folded      computed once, and learnt" in capsys.readouterr().out
