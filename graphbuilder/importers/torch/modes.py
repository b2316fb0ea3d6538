"""A module in evaluation or in training for a while."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager

from torch import nn

Mode = Callable[[nn.Module], AbstractContextManager[None]]


def evaluating(model: nn.Module) -> AbstractContextManager[None]:
    """``model`` in evaluation, and afterwards every part of it as it was."""
    return _kept(model, training=False)


def training(model: nn.Module) -> AbstractContextManager[None]:
    """``model`` in training, and afterwards every part of it as it was."""
    return _kept(model, training=True)


@contextmanager
def _kept(model: nn.Module, *, training: bool) -> Generator[None]:
    before = {module: module.training for module in model.modules()}
    model.train(training)
    try:
        yield
    finally:
        for module, training in before.items():
            module.training = training
