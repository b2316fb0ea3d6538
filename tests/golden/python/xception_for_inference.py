"""Xception (Chollet 2017, figure 5)

The network `xception` on image 3x299x299.
Written by GraphBuilder from the network's spec; it needs nothing but torch.
"""

from collections import OrderedDict

from torch import nn


def init_weights(module):
    if isinstance(module, nn.Conv2d):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)


class Stem(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 32, 3, stride=2)
        self.relu = nn.ReLU(inplace=True)
        self.conv_2 = nn.Conv2d(32, 64, 3)
        self.relu_2 = nn.ReLU(inplace=True)

    def forward(self, x):
        x = self.conv(x)
        x = self.relu(x)
        x = self.conv_2(x)
        return self.relu_2(x)


class SepConv(nn.Module):
    def __init__(self, in_channels, out, kernel):
        super().__init__()
        self.depthwise = nn.Conv2d(
            in_channels, in_channels, kernel, padding=1, groups=in_channels, bias=False
        )
        self.pointwise = nn.Conv2d(in_channels, out, 1)

    def forward(self, x):
        x = self.depthwise(x)
        return self.pointwise(x)


class Unit(nn.Module):
    def __init__(self, in_channels, out, relu=False, *, relu_out=True):
        super().__init__()
        self.relu = nn.ReLU() if relu else nn.Identity()
        self.sepconv = SepConv(in_channels, out, 3)
        self.relu_out = nn.ReLU(inplace=True) if relu_out else nn.Identity()

    def forward(self, x):
        x = self.relu(x)
        x = self.sepconv(x)
        return self.relu_out(x)


class Down(nn.Module):
    def __init__(self, in_channels, mid, out, relu=True, *, padding=1):
        super().__init__()
        self.unit = Unit(in_channels, mid, relu=relu)
        self.unit_2 = Unit(mid, out, relu_out=False)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=padding, ceil_mode=True)
        self.shortcut = nn.Sequential(OrderedDict(conv=nn.Conv2d(in_channels, out, 1, stride=2)))

    def forward(self, x):
        shortcut = self.shortcut(x)
        x = self.unit(x)
        x = self.unit_2(x)
        return self.maxpool(x) + shortcut


class Entry(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = Stem()
        self.block2 = Down(64, 128, 128, relu=False)
        self.block3 = Down(128, 256, 256, padding=0)
        self.block4 = Down(256, 728, 728)

    def forward(self, x):
        x = self.stem(x)
        x = self.block2(x)
        x = self.block3(x)
        return self.block4(x)


class Middle(nn.Module):
    def __init__(self):
        super().__init__()
        self.unit = nn.Sequential(
            Unit(728, 728, relu=True), Unit(728, 728), Unit(728, 728, relu_out=False)
        )

    def forward(self, x):
        return self.unit(x) + x


class Tail(nn.Module):
    def __init__(self):
        super().__init__()
        self.unit = Unit(1024, 1536)
        self.unit_2 = Unit(1536, 2048)

    def forward(self, x):
        x = self.unit(x)
        return self.unit_2(x)


class Exit(nn.Module):
    def __init__(self):
        super().__init__()
        self.block13 = Down(728, 728, 1024)
        self.block14 = Tail()

    def forward(self, x):
        x = self.block13(x)
        return self.block14(x)


class Xception(nn.Module):
    def __init__(self, *, classes=1000):
        super().__init__()
        self.entry = Entry()
        self.middle = nn.Sequential(*(Middle() for _ in range(8)))
        self.exit = Exit()
        self.logits = nn.Linear(2048, classes)
        self.apply(init_weights)

    def forward(self, image):
        if image.shape[1:] != (3, 299, 299):
            raise ValueError(f"image: expected (N, 3, 299, 299), got {tuple(image.shape)}")
        x = self.entry(image)
        x = self.middle(x)
        x = self.exit(x)
        return self.logits(x.mean((2, 3)))
