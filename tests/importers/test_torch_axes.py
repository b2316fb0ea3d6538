"""Torch knows no channels, nor that a batch stays what it is: windows as samples, axes taken and exchanged at will."""

from __future__ import annotations

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


class Windowed(nn.Module):
    """Attention in windows that are samples of the batch, on maps padded to whole windows."""

    def __init__(self, folded: bool, fused: bool) -> None:
        super().__init__()
        self.norm, self.qkv, self.proj = nn.LayerNorm(8), nn.Linear(8, 24), nn.Linear(8, 8)
        self.folded, self.fused = folded, fused

    def forward(self, x: Tensor) -> Tensor:
        batch, height, width, channels = x.shape
        y = functional.pad(self.norm(x), (0, 0, 0, 1, 0, 2)).view(batch, 2, 4, 2, 4, channels).transpose(2, 3)
        y = y.reshape(-1, 16, channels) if self.folded else y.reshape(batch, 4, 16, channels)
        heads = self.qkv(y).view(*y.shape[:-1], 3, 2, 4)
        query, key, value = (heads.permute(2, 0, 3, 1, 4) if self.folded else heads.permute(3, 0, 1, 4, 2, 5)).unbind(0)
        if self.fused:
            y = functional.scaled_dot_product_attention(query, key, value)
        else:
            y = (query * 0.5 @ key.transpose(-2, -1)).softmax(-1) @ value
        y = self.proj(y.transpose(-3, -2).reshape(*y.shape[:-3], 16, channels))
        y = y.view(batch, 2, 2, 4, 4, channels).transpose(2, 3).reshape(batch, 8, 8, channels)
        return x + y[:, :height, :width]


class Windows(nn.Module):
    def __init__(self, folded: bool, fused: bool) -> None:
        super().__init__()
        self.stem, self.layers = nn.Conv2d(3, 8, 2, 2), nn.Sequential(*[Windowed(folded, fused) for _ in range(2)])
        self.head = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layers(self.stem(x).permute(0, 2, 3, 1)).mean((1, 2)))


class Taken(nn.Module):
    """Ways cut from the channels, weighed and added (split attention); queries, keys and values cut from maps."""

    def __init__(self) -> None:
        super().__init__()
        self.ways, self.gate, self.qkv = nn.Conv2d(3, 16, 1), nn.Conv2d(8, 16, 1), nn.Conv2d(8, 24, 1)
        self.norm = nn.BatchNorm2d(8)

    def forward(self, x: Tensor) -> Tensor:
        batch, _, height, width = x.shape
        ways = self.ways(x).reshape(batch, 2, 8, height, width)
        gates = self.gate(ways.sum(1).mean((2, 3), keepdim=True)).view(batch, 2, 8, 1, 1).softmax(1)
        x = self.norm((ways * gates).sum(1))
        query, key, value = self.qkv(x).reshape(batch, 3, 2, 4, -1).permute(1, 0, 2, 4, 3).unbind(0)
        attended = functional.scaled_dot_product_attention(query, key, value)
        return x + attended.permute(0, 1, 3, 2).reshape(batch, -1, height, width)


@pytest.mark.parametrize(("folded", "fused"), [(True, True), (False, False)])
def test_windows_attend_each_by_itself(folded: bool, fused: bool) -> None:
    found = gb.from_torch(Windows(folded, fused), torch.randn(2, 3, 12, 14))
    assert found.difference is not None and found.difference < 1e-5
    assert 'id = "layers", use = "windowed", repeat = "=depth"' in found.text
    assert '{ op = "attention", heads = 2 }' in found.text


def test_any_axis_is_taken() -> None:
    found = gb.from_torch(Taken(), torch.randn(2, 3, 6, 6))
    assert found.difference is not None and found.difference < 1e-5
    assert 'op = "attend"' in found.text and 'layout = "channels_last"' in found.text


class Turned(nn.Module):
    """Patches whose places are samples for a while, and axes turned round twice."""

    def forward(self, x: Tensor) -> Tensor:
        batch, channels, height, width = x.shape
        y = x.reshape(-1, 2, width // 2, 2).transpose(1, 2).reshape(batch, channels, height * width // 4, 4)
        y = y.permute(0, 2, 3, 1).permute(0, 2, 3, 1)
        return y.softmax(2).sum(1)


def test_places_that_no_attention_reads_are_exchanged() -> None:
    found = gb.from_torch(Turned(), torch.randn(2, 3, 6, 8))
    assert found.difference is not None and found.difference < 1e-5


class Batched(nn.Module):
    """Samples compared with each other, which windows cannot follow."""

    def forward(self, x: Tensor) -> Tensor:
        return x.view(-1, 4, 8).flip(0).reshape(x.shape)


def test_what_mixes_samples_is_refused() -> None:
    with pytest.raises(gb.CompileError) as caught:
        gb.from_torch(Batched(), torch.randn(2, 8, 8))
    assert "batch and all" in caught.value.diagnostics[0].message


class Speaking(nn.Module):
    """A token that looks at all others and itself, and is added to (CaiT)."""

    def __init__(self) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.randn(1, 1, 8))
        self.look, self.head = nn.Linear(8, 8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        token = self.token.expand(x.shape[0], -1, -1)
        seen = self.look(torch.cat((token, x), dim=1))[:, :1]
        return self.head((token + seen)[:, 0])


def test_a_token_that_is_put_beside_others_and_added_to_is_one_value() -> None:
    model, example = Speaking(), torch.randn(2, 6, 8)
    found = gb.from_torch(model, example, layout="channels_last")
    assert found.difference is not None and found.difference < 1e-5
    assert found.text.count('op = "parameter"') == 1 and "classtoken" not in found.text
    assert "token.weight" in (found.weights() or {})
