"""LeNet-5 with plain pooling, as tutorials write it in torch."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class LeNet5(nn.Module):
    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.c1 = nn.Conv2d(1, 6, 5)
        self.c3 = nn.Conv2d(6, 16, 5)
        self.c5 = nn.Conv2d(16, 120, 5)
        self.f6 = nn.Linear(120, 84)
        self.logits = nn.Linear(84, num_classes)

    def forward(self, image: Tensor) -> Tensor:
        maps = functional.avg_pool2d(torch.tanh(self.c1(image)), 2)
        maps = functional.avg_pool2d(torch.tanh(self.c3(maps)), 2)
        vector = torch.tanh(self.c5(maps)).flatten(1)
        return self.logits(torch.tanh(self.f6(vector)))


def lenet5(num_classes: int) -> nn.Module:
    return LeNet5(num_classes)
