"""tapped

The network `tapped` on image 3x32x32.
Written by GraphBuilder from the network's spec; it needs nothing but torch.
"""

from torch import nn


class Down(nn.Module):
    def __init__(self, in_channels, out, pool=True):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out, 3, padding=1, bias=False)
        self.batchnorm = nn.BatchNorm2d(out)
        self.mid = nn.ReLU(inplace=True)
        self.conv_2 = nn.Conv2d(out, out, 3, padding=1, bias=False)
        self.maxpool = nn.MaxPool2d(2, stride=2) if pool else nn.Identity()

    def forward(self, x):
        x = self.conv(x)
        x = self.batchnorm(x)
        x = self.mid(x)
        x = self.conv_2(x)
        return self.maxpool(x)


class DownWithMid(Down):
    def forward(self, x):
        x = self.conv(x)
        x = self.batchnorm(x)
        mid = self.mid(x)
        x = self.conv_2(mid)
        return self.maxpool(x), mid


class Pyramid(nn.Module):
    def __init__(self):
        super().__init__()
        self.a4 = nn.Conv2d(8, 4, 1, bias=False)
        self.b4 = nn.Conv2d(12, 4, 1, bias=False)
        self.c4 = nn.Conv2d(16, 4, 1, bias=False)
        self.up = nn.Upsample(size=(16, 16))
        self.relu = nn.ReLU(inplace=True)

    def forward(self, a, b, c):
        a4 = self.a4(a)
        b4 = self.b4(b)
        x = self.c4(c)
        return self.relu(a4 + b4 + self.up(x))


class Tapped(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = DownWithMid(3, 8)
        self.second = Down(8, 12, pool=False)
        self.third = Down(12, 16)
        self.fuse = Pyramid()
        self.logits = nn.Linear(16, 5)

    def forward(self, image):
        if image.shape[1:] != (3, 32, 32):
            raise ValueError(f"image: expected (N, 3, 32, 32), got {tuple(image.shape)}")
        first, mid = self.first(image)
        second = self.second(first)
        third = self.third(second)
        fuse = self.fuse(first, second, third)
        return {"logits": self.logits(third.mean((2, 3))), "early": mid, "late": fuse}
