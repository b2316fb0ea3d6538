"""What a separable convolution is made of, and the arithmetic of its sizes. Maps are (N, C, H, W), whatever their
layout in memory."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

# What may stand before, between and behind; all of them take zero to zero, so zeros that pad a map stay zeros.
ACTIVATIONS = ("none", "relu", "relu6", "elu", "silu", "hardswish")


class Weights(NamedTuple):
    """The tensors of a separable convolution.

    Attributes:
        depthwise: (C * multiplier, 1, kernel height, kernel width).
        pointwise: (channels out, channels in, 1, 1).
        depthwise_bias, pointwise_bias: one number a channel that the half gives, or None.
    """

    depthwise: Tensor
    pointwise: Tensor
    depthwise_bias: Tensor | None = None
    pointwise_bias: Tensor | None = None


class Form(NamedTuple):
    """How it is run; everything but the tensors.

    Attributes:
        stride, dilation: of the depthwise half, by height and width.
        padding: zeros above, below, left and right of what the depthwise half reads.
        before, between, after: names in ``ACTIVATIONS``; ``after`` stands behind the sum with the residual.
        depthwise_first: the order of the halves.
    """

    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilation: tuple[int, int] = (1, 1)
    before: str = "none"
    between: str = "none"
    after: str = "none"
    depthwise_first: bool = True

    def sizes(self, height: int, width: int, kernel: tuple[int, int]) -> tuple[int, int]:
        """Height and width of the result: floor((size + padding - dilation * (kernel - 1) - 1) / stride) + 1."""
        above, below, left, right = self.padding
        tall = (height + above + below - self.dilation[0] * (kernel[0] - 1) - 1) // self.stride[0] + 1
        wide = (width + left + right - self.dilation[1] * (kernel[1] - 1) - 1) // self.stride[1] + 1
        return tall, wide


class Window(NamedTuple):
    """How a pooled sum is run; everything but the tensors.

    Attributes:
        kernel, stride, padding, ceil_mode: of the pool, as torch has them; padding is minus infinity.
        step: the stride of the convolution.
    """

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int] = (0, 0)
    ceil_mode: bool = False
    step: tuple[int, int] = (1, 1)


def result_shape(x: Tensor, weights: Weights, residual: Tensor | None, form: Form) -> tuple[int, int, int, int]:
    """The shape of what a separable convolution gives.

    Raises:
        ValueError: the tensors do not fit each other.
    """
    kernel, pointwise = weights.depthwise.shape, weights.pointwise.shape
    if x.ndim != 4 or len(kernel) != 4 or len(pointwise) != 4:
        raise ValueError(f"maps and kernels have four axes, not {x.ndim}, {len(kernel)} and {len(pointwise)}")
    channels, read = (x.shape[1], kernel[0]) if form.depthwise_first else (pointwise[0], x.shape[1])
    if kernel[1] != 1 or kernel[0] % channels or pointwise[1] != read or pointwise[2:] != (1, 1):
        raise ValueError(f"kernels {tuple(kernel)} and {tuple(pointwise)} do not fit a map of {x.shape[1]} channels")
    made = pointwise[0] if form.depthwise_first else kernel[0]
    shape = (x.shape[0], made, *form.sizes(x.shape[2], x.shape[3], (kernel[2], kernel[3])))
    if residual is not None and residual.shape != shape:
        raise ValueError(f"a residual of {tuple(residual.shape)} does not fit a result of {shape}")
    return shape
