"""vit

The network `vit` on image 3x16x16.
Written by GraphBuilder from the network's spec; it needs nothing but torch.
"""

import torch
import torch.nn.functional as F
from torch import nn


class ClassToken(nn.Module):
    """Puts ``count`` learnt tokens before the others."""

    def __init__(self, channels, count=1):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(count, channels))

    def forward(self, x):
        return torch.cat((self.weight.expand(x.shape[0], -1, -1), x), 1)


class Positions(nn.Module):
    """Adds a learnt vector to every token, by its place."""

    def __init__(self, tokens, channels):
        super().__init__()
        self.weight = nn.Parameter(nn.init.trunc_normal_(torch.empty(tokens, channels), std=0.02))

    def forward(self, x):
        return x + self.weight


class DropPath(nn.Module):
    """Stochastic depth: training drops whole samples with probability ``p``, scaling others up."""

    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        kept = x.new_empty((x.shape[0],) + (1,) * (x.ndim - 1)).bernoulli_(1 - self.p)
        return x * kept.div_(1 - self.p)

    def extra_repr(self):
        return f"p={self.p}"


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(12, 36)
        self.proj = nn.Linear(12, 12)

    def forward(self, x):
        x = self.qkv(x)
        x0, x1, x2 = x.chunk(3, 2)
        x = (
            F.scaled_dot_product_attention(
                x0.unflatten(-1, (3, -1)).transpose(1, 2),
                x1.unflatten(-1, (3, -1)).transpose(1, 2),
                x2.unflatten(-1, (3, -1)).transpose(1, 2),
            )
            .transpose(1, 2)
            .flatten(2)
        )
        return self.proj(x)


class Layer(nn.Module):
    def __init__(self, rate):
        super().__init__()
        self.layernorm = nn.LayerNorm(12)
        self.attention = Attention()
        self.droppath = DropPath(rate)
        self.layernorm_2 = nn.LayerNorm(12)
        self.fc1 = nn.Linear(12, 48)
        self.gelu = nn.GELU()
        self.fc2 = nn.Linear(48, 12)

    def forward(self, x):
        y = self.layernorm(x)
        y = self.attention(y)
        x = self.droppath(y) + x
        y = self.layernorm_2(x)
        y = self.fc1(y)
        y = self.gelu(y)
        return self.fc2(y) + x


class Vit(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 12, 4, stride=4)
        self.classtoken = ClassToken(12)
        self.positions = Positions(17, 12)
        self.encoder = nn.Sequential(*(Layer(rate) for rate in (0.0, 0.1, 0.2, 0.3, 0.4)))
        self.layernorm = nn.LayerNorm(12)
        self.linear = nn.Linear(12, 5)

    def forward(self, image):
        if image.shape[1:] != (3, 16, 16):
            raise ValueError(f"image: expected (N, 3, 16, 16), got {tuple(image.shape)}")
        x = self.patch(image)
        x = self.classtoken(x.flatten(2).transpose(1, 2))
        x = self.positions(x)
        x = self.encoder(x)
        x = self.layernorm(x)
        return self.linear(x[:, 0])
