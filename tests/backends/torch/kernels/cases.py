"""Separable convolutions of every kind, small and ragged."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from graphbuilder.backends.torch.kernels import Form
from graphbuilder.backends.torch.kernels.form import Weights


class Case(NamedTuple):
    """Sizes and form of one.

    Attributes:
        image: (N, C, H, W).
        biases: whether the depthwise and the pointwise half have one.
    """

    image: tuple[int, int, int, int] = (2, 5, 7, 9)
    out: int = 6
    kernel: tuple[int, int] = (3, 3)
    multiplier: int = 1
    biases: tuple[bool, bool] = (False, True)
    residual: bool = False
    form: Form = Form(padding=(1, 1, 1, 1))


class Tensors(NamedTuple):
    x: Tensor
    weights: Weights
    residual: Tensor | None

    @property
    def flat(self) -> tuple[Tensor | None, ...]:
        """In the order of the operator."""
        return (self.x, *self.weights, self.residual)

    def to(self, dtype: torch.dtype) -> Tensors:
        x, *weights, residual = (each if each is None else each.to(dtype) for each in self.flat)
        assert x is not None
        return Tensors(x, Weights(*weights), residual)  # type: ignore[arg-type]


CASES = {
    "plain": Case(),
    "valid": Case(form=Form()),
    "wide": Case(image=(1, 40, 11, 6), out=72),
    "one pixel": Case(image=(3, 4, 1, 1), out=5),
    "one channel": Case(image=(2, 1, 6, 5), out=1),
    "one image, no bias": Case(image=(1, 6, 8, 8), biases=(False, False)),
    "stride": Case(form=Form((2, 2), (0, 1, 0, 1))),
    "strides apart": Case(image=(2, 5, 10, 7), form=Form((1, 3), (2, 0, 1, 3))),
    "dilation": Case(image=(1, 4, 11, 13), form=Form(padding=(2, 2, 3, 3), dilation=(2, 3))),
    "kernel of 5": Case(image=(1, 4, 6, 9), kernel=(5, 5), form=Form(padding=(2, 2, 2, 2))),
    "kernel of 1 by 4": Case(kernel=(1, 4), form=Form(padding=(0, 0, 1, 2))),
    "larger than the map": Case(image=(2, 3, 2, 3), kernel=(5, 5), form=Form(padding=(2, 2, 2, 2))),
    "multiplier": Case(multiplier=3, biases=(True, True), form=Form(padding=(1, 1, 1, 1), between="relu")),
    "relu before": Case(residual=True, form=Form(padding=(1, 1, 1, 1), before="relu")),
    "all around": Case(
        image=(3, 20, 9, 7),
        out=37,
        biases=(True, True),
        residual=True,
        form=Form((2, 1), (1, 0, 1, 2), (1, 2), "relu", "silu", "relu6"),
    ),
    "pointwise first": Case(
        biases=(True, True), residual=True, form=Form((1, 2), (1, 1, 0, 1), (1, 1), "elu", "relu6", "relu", False)
    ),
    "pointwise first, bare": Case(biases=(False, False), form=Form(padding=(1, 1, 1, 1), depthwise_first=False)),
    **{
        f"{kind} everywhere": Case(
            biases=(True, True), form=Form(padding=(1, 1, 1, 1), before=kind, between=kind, after=kind)
        )
        for kind in ("relu", "relu6", "elu", "silu", "hardswish")
    },
}


def drawn(case: Case, dtype: torch.dtype = torch.float64, seed: int = 0) -> Tensors:
    """Random tensors of a case, products of the size of 1, channels last in memory like those that networks give."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int, scale: float = 1.0) -> Tensor:
        return (torch.randn(*shape, generator=generator, dtype=torch.float64) * scale).to(dtype)

    channels = case.image[1]
    first = case.form.depthwise_first
    made = channels * case.multiplier if first else case.out
    area = case.kernel[0] * case.kernel[1]
    read = made if first else channels
    weights = Weights(
        normal(made, 1, *case.kernel, scale=area**-0.5),
        normal(case.out, read, 1, 1, scale=read**-0.5),
        normal(made) if case.biases[0] else None,
        normal(case.out) if case.biases[1] else None,
    )
    x = normal(*case.image).contiguous(memory_format=torch.channels_last)
    sizes = case.form.sizes(case.image[2], case.image[3], case.kernel)
    residual = normal(case.image[0], case.out, *sizes) if case.residual else None
    return Tensors(x, weights, residual)
