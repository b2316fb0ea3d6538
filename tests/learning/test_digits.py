"""A compiled network learns: scikit-learn's digits, two minutes at most on two cores."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

import graphbuilder as gb

SPEC = Path(__file__).parents[2] / "specs" / "xception_digits.toml"


def digits() -> tuple[Tensor, Tensor]:
    """1,797 images of shape (1, 8, 8), values from 0 to 1, and their classes."""
    # All workers read this file, and one runs its test; scikit-learn takes two seconds to import.
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    return torch.tensor(pixels, dtype=torch.float32).reshape(-1, 1, 8, 8) / 16, torch.tensor(labels)


def train(model: nn.Module, images: Tensor, labels: Tensor, epochs: int, batch: int = 64) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
    steps = epochs * (len(images) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=steps)
    shuffle = torch.Generator().manual_seed(0)
    model.train()
    for _ in range(epochs):
        order = torch.randperm(len(images), generator=shuffle)
        for index in range(len(images) // batch):
            rows = order[index * batch : (index + 1) * batch]
            loss = nn.functional.cross_entropy(model(images[rows]), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()


def test_digits_to_97_per_cent() -> None:
    images, labels = digits()
    test = torch.arange(len(images)) % 5 == 0
    model = gb.compile(SPEC, seed=0)
    train(model, images[~test], labels[~test], epochs=15)
    model.eval()
    with torch.inference_mode():
        right = model(images[test]).argmax(1) == labels[test]
    assert right.float().mean().item() >= 0.97
