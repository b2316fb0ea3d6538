"""Calls of torch that are an op with another name, several ops, a part of one, or nothing that can be said."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import graphbuilder as gb
from graphbuilder.diagnostics import CompileError

# What torch.export does inside is torch's own affair.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


class Prepared(nn.Module):
    """Images brought to mean 0 and deviation 1 by buffers of both kinds; a plain tensor; values divided by lengths."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.5, 0.25, 0.125])[:, None, None], persistent=False)
        self.gain = torch.tensor([16.0])
        self.conv, self.proj = nn.Conv2d(3, 8, 3), nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.normalize(1 - (self.conv((x / 255 - self.mean) / self.std) + 3) * self.gain)
        return functional.normalize(self.proj(x.mean((2, 3))), dim=-1, eps=1e-6)


class Stacked(nn.Module):
    """Values stacked before and behind the batch, joined, taken again, or left so; dropout of whole channels."""

    def __init__(self) -> None:
        super().__init__()
        self.ways = nn.ModuleList([nn.Conv2d(3, 4, 3) for _ in range(3)])
        self.drop = nn.Dropout2d(0.1)

    def forward(self, x: Tensor) -> Tensor:
        ways = [way(x) for way in self.ways]
        side = torch.stack(ways[:2], dim=2).flatten(1, 2)
        mean, total = torch.stack(ways).mean(0), torch.stack(ways, dim=1).sum(1)
        return self.drop(torch.cat([mean, total, side, torch.stack(ways)[1], torch.maximum(mean, total)], 1))


class Placed(nn.Module):
    """Learnt maps added to maps: whole, by row and by column, and channels last."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 8, 4, 4), nn.Linear(8, 3)
        self.places = nn.Parameter(torch.randn(1, 8, 4, 4))
        self.rows, self.columns = nn.Parameter(torch.randn(1, 8, 4, 1)), nn.Parameter(torch.randn(8, 1, 4))
        self.behind = nn.Parameter(torch.randn(1, 4, 4, 8))

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x) + self.places + self.rows + self.columns
        return self.head((x.permute(0, 2, 3, 1) + self.behind).mean((1, 2)))


class Merging(nn.Module):
    """Four neighbours side by side in the channels, and a mask brought back to the size of the image."""

    def __init__(self) -> None:
        super().__init__()
        self.widen, self.classifier = nn.Linear(12, 8), nn.Conv2d(8, 5, 1)

    def forward(self, x: Tensor) -> Tensor:
        size = x.shape[2:]
        x = x.permute(0, 2, 3, 1)
        rows = x[:, 0::2], x[:, 1::2]
        x = torch.cat([rows[0][:, :, 0::2], rows[1][:, :, 0::2], rows[0][:, :, 1::2], rows[1][:, :, 1::2]], -1)
        x = self.classifier(self.widen(x).permute(0, 3, 1, 2))
        return functional.interpolate(x, size=size, mode="bilinear")


class Rarer(nn.Module):
    """Deviations, exponentials, norms by sample and by root mean square, maps enlarged smoothly."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.plain = nn.Conv2d(3, 6, 3), nn.InstanceNorm2d(6, affine=True), nn.InstanceNorm2d(6)
        self.gain, self.root, self.head = nn.Parameter(torch.rand(6, 1, 1)), nn.RMSNorm(6), nn.Linear(6, 5)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.plain(self.norm(self.conv(x)))
        x = x / (x.std(1, keepdim=True) + 1).exp()
        x = x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-4) * self.gain
        large = nn.functional.interpolate(x, scale_factor=2, mode="bicubic", align_corners=True)
        places = self.root(x.std((2, 3), correction=0))
        return large, nn.functional.log_softmax(self.head(places), dim=1)


class Padded(nn.Module):
    """Sides that are taken away, minus infinity before a max pool, parts of which one has no end, a part of maps."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.pad(self.conv(functional.pad(x, (-1, 1, -1, 1))), (0, 1, 0, 1), value=-torch.inf)
        x = functional.max_pool2d(x, 3, 2).flatten(2).transpose(1, 2)
        return torch.cat([x[:, :1], x[:, 1:3] * 2, x[:, 1:3] + 1, x[:, 1:], x[:, 1:] * 3], 1)


class Offset(nn.Module):
    """Learnt values that are added, taken away and multiplied as they are, and a context that all places get."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.proj = nn.Conv2d(3, 6, 3), nn.Linear(6, 5)
        self.offset, self.shift = nn.Parameter(torch.randn(6, 1, 1)), nn.Parameter(torch.randn(1, 6, 1, 1))
        self.mask, self.bias = nn.Parameter(torch.randn(6, 6)), nn.Parameter(torch.randn(5))

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x) + self.offset
        x = (self.shift - x) * self.mask
        x = x + x.mean((2, 3), keepdim=True)
        return self.proj(x.relu().flatten(2).transpose(1, 2)) + self.bias


class Bounded(nn.Module):
    """Values held between others, roots, axes turned round, and a value beside itself."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.tanh = nn.Conv2d(3, 6, 3), nn.Hardtanh(-2, 1.5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.tanh(self.conv(x)).clamp(0, 6).clamp(max=4)
        x = torch.cat([x, x.flip(2, 3), x.repeat(1, 2, 1, 1)], 1)
        return (x.clamp(min=0.5).sqrt() + (x * x + 1) ** 0.5).clamp(min=1)


SAID = {
    Bounded: ('{ op = "clamp", min = -2.0, max = 1.5 }', '{ op = "relu6" }', '{ op = "clamp", max = 4.0 }',
              "axis = 1 }", '{ op = "flip", axis = 2 }', '{ op = "concat", from = ["clamp_2", "clamp_2"] }',
             "min = 0.5 }",
              '{ op = "sqrt" }', '{ op = "clamp", min = 1.0 }'),
    Offset: ('{ id = "offset", op = "parameter", shape = [6, 1, 1] }', 'from = ["conv", "offset"], stretch = true }',
             '{ op = "sub", from = ["shift", "add"], stretch = true }',
             '{ id = "mask", op = "parameter", shape = [1, 6, 6] }', '{ op = "mul", from = ["sub", "mask"] }',
             'shape = [1, 5], layout = "channels_last" }'),
    Padded: ('{ op = "crop", sides = [[1, 0], [1, 0]] }', "padding = [[0, 1], [0, 1]] }"),
    Rarer: ('kind = "std", over = "channels" }', 'kind = "std", over = "places", keep = false, correction = 0',
            'id = "norm", op = "instancenorm", scale = true, bias = true', '{ op = "rmsnorm", eps = 0.0001 }',
            'id = "root", op = "rmsnorm", eps = 1.1920928955078125e-7', 'mode = "bicubic"', "classes = 5"),
    Prepared: ('"rescale", scale = -16.0, offset = -47.0 }', '{ op = "l2norm" }', '{ op = "l2norm", eps = 1e-6 }',
               "-1.824, -3.248] }"),
    Stacked: ('{ op = "mean", from = ["conv", "conv_2", "conv_3"] }', '{ op = "add", from = ["conv", ', '{ op = "max"',
              '{ op = "dropout", rate = "=dropout", channels = true }', "shape = [4, 1, 6, 6]"),
    Placed: ('{ id = "places", op = "parameter", shape = [8, 4, 4] }', "shape = [8, 4, 1]",
             "shape = [4, 4, 8], layout"),
    Merging: ('{ op = "patchmerge" }', 'from = { x = "classifier", like = "image" }', "classes = 5"),
}  # fmt: skip


@pytest.mark.parametrize("kind", SAID, ids=lambda kind: kind.__name__)
def test_it_is_said_by_the_ops_that_there_are(kind: type[nn.Module]) -> None:
    size = 16 if kind is Placed else 8
    found = gb.from_torch(kind(), torch.randn(2, 3, size, size))
    assert found.difference is not None and found.difference < 1e-5
    assert [text for text in SAID[kind] if text not in found.text] == [], found.text


class Unsaid(nn.Module):
    """A number divided."""

    def forward(self, x: Tensor) -> Tensor:
        return 2 / x


def test_what_cannot_be_said_is_told_by_its_shape() -> None:
    with pytest.raises(CompileError) as caught:
        gb.from_torch(Unsaid(), torch.randn(2, 8, 4, 4))
    told = [each.message.partition(": ")[2] for each in caught.value.diagnostics]
    assert {each.code for each in caught.value.diagnostics} == {"GB801"}
    assert told == [
        "`aten.reciprocal.default` is no op that is known",
    ]
