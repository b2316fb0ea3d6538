"""Pooled sums of every kind, small and ragged."""

from __future__ import annotations

from typing import NamedTuple

import torch

from graphbuilder.backends.torch.kernels import Window
from graphbuilder.backends.torch.kernels.pooledsum import Tensors, _counted  # pyright: ignore[reportPrivateUsage]


class Pool(NamedTuple):
    """Sizes and form of one.

    Attributes:
        image: (N, C, H, W) of what is pooled.
        channels: of what is convolved.
    """

    image: tuple[int, int, int, int] = (2, 6, 7, 9)
    channels: int = 5
    bias: bool = True
    window: Window = Window((3, 3), (2, 2), (1, 1), step=(2, 2))


POOLS = {
    "plain": Pool(),
    "even, in ceil mode": Pool((1, 6, 8, 10), window=Window((3, 3), (2, 2), ceil_mode=True, step=(2, 2))),
    "odd, in ceil mode": Pool((2, 6, 7, 9), window=Window((3, 3), (2, 2), (1, 1), ceil_mode=True, step=(2, 2))),
    "a last window in the padding": Pool((1, 3, 4, 5), window=Window((2, 2), (3, 3), (1, 1), ceil_mode=True)),
    "wide": Pool((1, 72, 9, 6), 40, bias=False),
    "one channel": Pool((2, 1, 5, 5), 1),
    "one pixel": Pool((3, 4, 1, 1), 3),
    "strides apart": Pool((2, 5, 10, 7), window=Window((2, 3), (3, 1), (1, 0), step=(2, 1))),
    "stride of one": Pool(window=Window((3, 5), (1, 1), (1, 2))),
    "ragged": Pool((3, 37, 11, 7), 20, window=Window((3, 3), (2, 2), (1, 1), step=(3, 2))),
}


def pooled(case: Pool, dtype: torch.dtype = torch.float64) -> Tensors:
    """Random tensors of a case; the map that is convolved is as large as its stride needs, and ragged."""
    generator = torch.Generator().manual_seed(0)

    def normal(*shape: int, scale: float = 1.0) -> torch.Tensor:
        return (torch.randn(*shape, generator=generator, dtype=torch.float64) * scale).to(dtype)

    batch, out, *sizes = case.image
    counts = [_counted(size, case.window, axis) for axis, size in enumerate(sizes)]
    read = [(count - 1) * step + 1 for count, step in zip(counts, case.window.step, strict=True)]
    return Tensors(
        normal(*case.image).contiguous(memory_format=torch.channels_last),
        normal(batch, case.channels, *read),
        normal(out, case.channels, 1, 1, scale=case.channels**-0.5),
        normal(out) if case.bias else None,
    )
