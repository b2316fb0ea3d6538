"""What every contender is given: a network with settled weights, and a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from graphbuilder.backends.torch import build
from graphbuilder.backends.torch.chosen import DTYPES
from graphbuilder.backends.torch.trial import drawn
from graphbuilder.benching.missing import unfit
from graphbuilder.compiler import Network

LAST = "channels_last"
_SAMPLES = 4  # of the batch whose statistics the norms are given


class Given(NamedTuple):
    """One case: the network, its weights, the batch and where it runs.

    Attributes:
        network: the network.
        batch: samples in the batch.
        dtype: the type of all numbers, by its name.
        place: the device.
        inputs: the batch, one tensor an input of the network.
        weights: of the plain network, in single precision on the CPU.
        training: whether a step of training is what is run, which keeps the batch and weights in single precision.
    """

    network: Network
    batch: int
    dtype: str
    place: torch.device
    inputs: list[Tensor]
    weights: Mapping[str, Tensor]
    training: bool = False

    def plain(self) -> nn.Module:
        """The network as it is written, in evaluation."""
        module = build(self.network.typed, device=self.place, dtype=self.dtype, weights=self.weights)
        return module.eval().requires_grad_(False)

    def answers(self) -> Any:
        """What the network as it is written answers in single precision."""
        module = self._replace(dtype="float32").plain()
        with torch.inference_mode():
            return module(*(each.float() for each in self.inputs))


class Ready(NamedTuple):
    """A contender that can be called.

    Attributes:
        run: one forward, which gives the answers.
        detail: what exactly it is.
        same: whether its weights are the given ones, so that its answers must be the same.
    """

    run: Callable[[], Any]
    detail: str = ""
    same: bool = True


def given(
    network: Network,
    batch: int,
    dtype: str,
    place: torch.device,
    weights: Mapping[str, Tensor],
    *,
    training: bool = False,
) -> Given:
    """A case of ``network`` on a batch drawn from a seed."""
    numbers = torch.float32 if training else DTYPES[dtype]
    return Given(network, batch, dtype, place, drawn(network.typed, batch, 0, place, numbers), weights, training)


def settled(network: Network) -> dict[str, Tensor]:
    """Weights that are drawn, and the statistics of a batch in the norms.

    Signals that die out, or grow beyond all numbers, would be timed as what hardware is slow at.
    """
    module = build(network.typed)
    settle(module, drawn(network.typed, _SAMPLES, 1, torch.device("cpu"), torch.float32))
    return module.state_dict()


def settle(module: nn.Module, inputs: list[Tensor]) -> None:
    """Give the batch norms of ``module`` the statistics of ``inputs``."""
    norms = [each for each in module.modules() if isinstance(each, nn.modules.batchnorm._BatchNorm)]  # pyright: ignore[reportPrivateUsage]
    before = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        module.train()(*inputs)
    for norm, momentum in zip(norms, before, strict=True):
        norm.momentum = momentum


def is_last(name: str, layout: str) -> bool:
    """Whether the contender ``name`` is asked for with channels last, by what stands behind its name.

    Raises:
        CompileError: GB710, where something else stands there.
    """
    if layout not in ("", LAST):
        raise unfit(name, f"it has no layout {layout!r}", f"take --vs {name} or --vs {name}:{LAST}")
    return layout == LAST


def channels_last(module: nn.Module) -> nn.Module:
    """``module`` with its kernels laid out with channels last."""
    return cast("nn.Module", cast("Any", module).to(memory_format=torch.channels_last))


def last(given: Given) -> Given:
    """The case with its batch laid out with channels last."""
    return given._replace(inputs=[laid_out(each) for each in given.inputs])


def laid_out(each: Tensor) -> Tensor:
    """A batch of maps with channels last in memory; anything else as it is."""
    return each.contiguous(memory_format=torch.channels_last) if each.dim() == 4 else each
