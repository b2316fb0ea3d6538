"""windows

The network `windows` on image 3x24x24.
Written by GraphBuilder from the network's spec; it needs nothing but torch.
"""

import torch
import torch.nn.functional as F
from torch import nn


class ScaledStdConv2d(nn.Conv2d):
    """A convolution whose kernels are brought to mean 0 and a learnt length before each use."""

    def __init__(self, *args, eps=1e-6, gamma=1.0, **kwargs):
        super().__init__(*args, **kwargs)
        self.eps = eps
        self.gain = nn.Parameter(torch.ones(self.out_channels, 1, 1, 1))
        self.factor = gamma * self.weight[0].numel() ** -0.5

    def forward(self, x):
        variance, mean = torch.var_mean(self.weight, (1, 2, 3), correction=0, keepdim=True)
        scale = self.gain * self.factor * (variance + self.eps).rsqrt()
        return self._conv_forward(x, (self.weight - mean) * scale, self.bias)


class GlobalResponseNorm(nn.Module):
    """Every channel weighed by its magnitude over all places, against that of all."""

    def __init__(self, channels, eps=1e-6, axes=0):
        super().__init__()
        self.eps = eps
        self.axes = axes
        self.weight = nn.Parameter(torch.zeros(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        channels = 1 if self.axes else -1
        places = tuple(range(2, x.ndim)) if self.axes else tuple(range(1, x.ndim - 1))
        weight = self.weight.unflatten(0, (-1,) + (1,) * self.axes)
        bias = self.bias.unflatten(0, (-1,) + (1,) * self.axes)
        size = x.norm(2, places, keepdim=True)
        return x + bias + weight * (x * (size / (size.mean(channels, keepdim=True) + self.eps)))


class Parameter(nn.Module):
    """A learnt tensor, the same for every sample of the batch of ``x``."""

    def __init__(self, shape):
        super().__init__()
        self.weight = nn.Parameter(nn.init.trunc_normal_(torch.empty(shape), std=0.02))

    def forward(self, x):
        return self.weight.expand(x.shape[0], *self.weight.shape)


class Affine(nn.Module):
    """A learnt factor and bias for every channel of maps with ``axes`` spatial axes, of tokens or
    of vectors where there are none."""

    def __init__(self, channels, value=1.0, axes=0):
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels,) + (1,) * axes, value))
        self.bias = nn.Parameter(torch.zeros((channels,) + (1,) * axes))

    def forward(self, x):
        return x * self.weight + self.bias


class RelativeBias(nn.Module):
    """A learnt number for every head and every offset of places in a window, for the scores."""

    def __init__(self, heads, window):
        super().__init__()
        self.window = window
        offsets = (2 * window[0] - 1) * (2 * window[1] - 1)
        self.weight = nn.Parameter(nn.init.trunc_normal_(torch.empty(offsets, heads), std=0.02))

    def forward(self, x):
        height, width = self.window
        table = self.weight.unflatten(0, (2 * height - 1, 2 * width - 1))
        # Row and column of the query, the head, row and column of the key.
        bias = table.unfold(0, height, 1).unfold(1, width, 1).flip(3, 4)
        bias = bias.permute(2, 0, 1, 3, 4).reshape(-1, height * width, height * width)
        return bias.expand(x.shape[0], -1, -1, -1)


class ShiftedRelativeBias(nn.Module):
    """A learnt number for every head and every offset of places in a window, for the scores.

    Maps of ``size`` were rolled by ``shift``; what were no neighbours do not see each other.
    """

    def __init__(self, heads, window, size, shift):
        super().__init__()
        self.window = window
        self.size = size
        self.shift = shift
        offsets = (2 * window[0] - 1) * (2 * window[1] - 1)
        self.weight = nn.Parameter(nn.init.trunc_normal_(torch.empty(offsets, heads), std=0.02))

    def forward(self, x):
        height, width = self.window
        table = self.weight.unflatten(0, (2 * height - 1, 2 * width - 1))
        # Row and column of the query, the head, row and column of the key.
        bias = table.unfold(0, height, 1).unfold(1, width, 1).flip(3, 4)
        bias = bias.permute(2, 0, 1, 3, 4).reshape(-1, 1, height * width, height * width)
        return (bias + self.apart(x)).expand(x.shape[0], -1, -1, -1, -1)

    def apart(self, x):
        """-100 for pairs that do not see each other, else 0: windows x queries x keys."""
        height, width = self.window
        rows, columns = (
            (torch.arange(size, device=x.device) >= size - shift).to(x.dtype)
            for size, shift in zip(self.size, self.shift)
        )
        regions = rows.view(-1, height, 1, 1) * 2 + columns.view(-1, width)
        regions = regions.transpose(1, 2).reshape(-1, height * width)
        return (regions.unsqueeze(1) != regions.unsqueeze(2)).to(x.dtype) * -100


class BlurPool(nn.Module):
    def __init__(self):
        super().__init__()
        self.mean_1 = nn.AvgPool2d(2, stride=1)
        self.mean_2 = nn.AvgPool2d(2, stride=2)

    def forward(self, x):
        x = self.mean_1(F.pad(x, (1, 1, 1, 1), mode="reflect"))
        return self.mean_2(x)


class WindowAttention(nn.Module):
    def __init__(self, heads):
        super().__init__()
        self.bias = RelativeBias(heads, (5, 5))
        self.qkv = nn.Linear(8, 24)
        self.proj = nn.Linear(8, 8)

    def forward(self, x):
        x = (
            F.pad(x, (0, 0, 0, 3, 0, 3))
            .unflatten(2, (3, 5))
            .unflatten(1, (3, 5))
            .permute((0, 1, 3, 2, 4, 5))
            .flatten(3, 4)
            .flatten(1, 2)
        )
        bias = self.bias(x)
        x = self.qkv(x)
        x0, x1, x2 = x.chunk(3, 3)
        x = (
            F.scaled_dot_product_attention(
                x0.unflatten(-1, (2, -1)).transpose(2, 3),
                x1.unflatten(-1, (2, -1)).transpose(2, 3),
                x2.unflatten(-1, (2, -1)).transpose(2, 3),
                bias.unsqueeze(1),
            )
            .transpose(2, 3)
            .flatten(3)
        )
        x = self.proj(x)
        x = (
            x.unflatten(2, (5, 5))
            .unflatten(1, (3, 3))
            .permute((0, 1, 3, 2, 4, 5))
            .flatten(1, 2)
            .flatten(2, 3)
        )
        return x[..., :-3, :-3, :]


class WindowAttention2(nn.Module):
    def __init__(self, heads):
        super().__init__()
        self.bias = ShiftedRelativeBias(heads, (5, 5), size=(15, 15), shift=(2, 2))
        self.qkv = nn.Linear(8, 24)
        self.proj = nn.Linear(8, 8)

    def forward(self, x):
        x = (
            F.pad(x, (0, 0, 0, 3, 0, 3))
            .roll((-2, -2), (1, 2))
            .unflatten(2, (3, 5))
            .unflatten(1, (3, 5))
            .permute((0, 1, 3, 2, 4, 5))
            .flatten(3, 4)
            .flatten(1, 2)
        )
        bias = self.bias(x)
        x = self.qkv(x)
        x0, x1, x2 = x.chunk(3, 3)
        x = (
            F.scaled_dot_product_attention(
                x0.unflatten(-1, (2, -1)).transpose(2, 3),
                x1.unflatten(-1, (2, -1)).transpose(2, 3),
                x2.unflatten(-1, (2, -1)).transpose(2, 3),
                bias.transpose(1, 2),
            )
            .transpose(2, 3)
            .flatten(3)
        )
        x = self.proj(x)
        x = (
            x.unflatten(2, (5, 5))
            .unflatten(1, (3, 3))
            .permute((0, 1, 3, 2, 4, 5))
            .flatten(1, 2)
            .flatten(2, 3)
        )
        return x.roll((2, 2), (1, 2))[..., :-3, :-3, :]


class Mixing(nn.Module):
    def __init__(self):
        super().__init__()
        self.layernorm = nn.LayerNorm(8)
        self.windowattention = WindowAttention(2)

    def forward(self, x):
        y = self.layernorm(x)
        return self.windowattention(y) + x


class Mixing2(nn.Module):
    """Unlike `Mixing` in `windowattention`."""

    def __init__(self):
        super().__init__()
        self.layernorm = nn.LayerNorm(8)
        self.windowattention = WindowAttention2(2)

    def forward(self, x):
        y = self.layernorm(x)
        return self.windowattention(y) + x


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.query = nn.Linear(8, 8)
        self.keyvalue = nn.Linear(32, 16)
        self.proj = nn.Linear(8, 8)

    def forward(self, x, context):
        query = self.query(x)
        x = self.keyvalue(context)
        x0, x1 = x.chunk(2, 2)
        x = F.normalize(query.unflatten(-1, (2, -1)).movedim(-2, 1), dim=3)
        query_merged = x.movedim(1, -2).flatten(-2)
        x = F.normalize(x0.unflatten(-1, (2, -1)).movedim(-2, 1), dim=3)
        x = (
            F.scaled_dot_product_attention(
                query_merged.unflatten(-1, (2, -1)).transpose(1, 2),
                x.movedim(1, -2).flatten(-2).unflatten(-1, (2, -1)).transpose(1, 2),
                x1.unflatten(-1, (2, -1)).transpose(1, 2),
            )
            .transpose(1, 2)
            .flatten(2)
        )
        return self.proj(x)


class Windows(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = ScaledStdConv2d(3, 8, 3, padding=1)
        self.blurpool = BlurPool()
        self.sigmoid = nn.Sigmoid()
        self.globalresponsenorm = GlobalResponseNorm(8, axes=2)
        self.blocks = nn.Sequential(Mixing(), Mixing2(), Mixing())
        self.rmsnorm = nn.RMSNorm(32, eps=1e-06)
        self.queries = Parameter((2, 8))
        self.attention = Attention()
        self.linear = nn.Linear(2, 4)
        self.scale = Affine(1)
        self.linear_2 = nn.Linear(8, 5)

    def forward(self, image):
        if image.shape[1:] != (3, 24, 24):
            raise ValueError(f"image: expected (N, 3, 24, 24), got {tuple(image.shape)}")
        x = self.stem(image)
        x = self.blurpool(x)
        y = self.sigmoid(x.amax((1,), keepdim=True))
        x = self.globalresponsenorm(x / y)
        x = self.blocks(x.movedim(1, -1))
        x = x.unflatten(2, (-1, 2)).unflatten(1, (-1, 2)).permute((0, 1, 3, 4, 2, 5)).flatten(3)
        x = self.rmsnorm(x)
        x = x.movedim(-1, 1).flatten(2).transpose(1, 2)
        y = self.queries(x)
        y = self.attention(y, x)
        x = self.scale(self.linear(y.movedim(1, -1)).movedim(-1, 1))
        return self.linear_2(x.mean((1,)))
