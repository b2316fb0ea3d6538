"""helped

The network `helped` on image 3x16x16.
Written by GraphBuilder from the network's spec; it needs nothing but torch.
"""

from torch import nn


class Unit(nn.Module):
    def __init__(self, in_channels, out):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out, 3, padding=1, bias=False)
        self.batchnorm = nn.BatchNorm2d(out)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        x = self.conv(x)
        x = self.batchnorm(x)
        return self.relu(x)


class Head(nn.Module):
    def __init__(self, in_channels):
        super().__init__()
        self.dropout = nn.Dropout(0.5)
        self.linear = nn.Linear(in_channels, 10)

    def forward(self, x):
        x = self.dropout(x.mean((2, 3)))
        return self.linear(x)


class Helped(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False)
        self.stages = nn.ModuleList([Unit(8, 16), *(Unit(16, 16) for _ in range(2))])
        self.early = Head(16)
        self.deep = Unit(16, 16)
        self.narrow = nn.Conv2d(16, 4, 3, padding=1, bias=False)
        self.outputs = nn.ModuleList([nn.Conv2d(4, 4, 3, padding=1, bias=False)])
        self.late = Head(4)
        self.logits = Head(16)

    def forward(self, image):
        if image.shape[1:] != (3, 16, 16):
            raise ValueError(f"image: expected (N, 3, 16, 16), got {tuple(image.shape)}")
        x = self.conv(image)
        stages_0 = self.stages[0](x)
        x = self.stages[1](stages_0)
        stages_2 = self.stages[2](x)
        deep = self.deep(stages_2)
        outputs = {"logits": self.logits(deep)}
        if self.training:
            early = self.early(stages_0)
            x = self.narrow(stages_2)
            for _ in range(2):
                x = self.outputs[0](x)
            outputs["early"] = early
            outputs["late"] = self.late(x)
            outputs["map"] = deep
        return outputs
