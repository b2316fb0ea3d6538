"""A module in evaluation or in training for a while."""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm  # pyright: ignore[reportPrivateUsage]

Mode = Callable[[nn.Module], AbstractContextManager[None]]


def evaluating(model: nn.Module) -> AbstractContextManager[None]:
    """``model`` in evaluation, and afterwards every part of it as it was."""
    return _kept(model, training=False)


def training(model: nn.Module) -> AbstractContextManager[None]:
    """``model`` in training, and afterwards every part of it as it was."""
    return _kept(model, training=True)


def bare(model: nn.Module) -> nn.Module:
    """A copy of ``model`` in training and without numbers, which learns nothing when it runs."""
    copied = copy.deepcopy(model).to("meta").train()
    for norm in copied.modules():
        if isinstance(norm, _BatchNorm) and norm.momentum is None:
            norm.momentum = 0.1  # else it counts samples, which there are none of
    return copied


@contextmanager
def _kept(model: nn.Module, *, training: bool) -> Generator[None]:
    before = {module: module.training for module in model.modules()}
    model.train(training)
    try:
        yield
    finally:
        for module, training in before.items():
            module.training = training
