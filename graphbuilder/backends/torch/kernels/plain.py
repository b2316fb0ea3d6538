"""The separable convolution in torch's own operators: what every device runs that has no kernel of ours, and the
derivative on all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from graphbuilder.backends.torch.kernels.form import Form, Weights

aten = torch.ops.aten

_FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "none": lambda x: x,
    "relu": F.relu,
    "relu6": F.relu6,
    "elu": F.elu,
    "silu": F.silu,
    "hardswish": F.hardswish,
}


def _silu_back(grad: Tensor, x: Tensor) -> Tensor:
    """Spelt out, since torch cannot derive its own once more."""
    gate = torch.sigmoid(x)
    return grad * gate * (1 + x * (1 - gate))


# From the gradient of the result and the input.
_DERIVATIVES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "none": lambda grad, x: grad,
    "relu": lambda grad, x: aten.threshold_backward(grad, x, 0),
    "relu6": lambda grad, x: aten.hardtanh_backward(grad, x, 0.0, 6.0),
    "elu": lambda grad, x: aten.elu_backward(grad, 1.0, 1.0, 1.0, False, x),
    "silu": _silu_back,
    "hardswish": aten.hardswish_backward,
}


class Gradients(NamedTuple):
    """The derivative by each tensor; None where none was asked for."""

    x: Tensor | None
    depthwise: Tensor | None
    pointwise: Tensor | None
    depthwise_bias: Tensor | None
    pointwise_bias: Tensor | None
    residual: Tensor | None


class _Halves(NamedTuple):
    """What is met on the way, from the input to the sum."""

    first_read: Tensor
    first_given: Tensor
    second_read: Tensor


def forward(x: Tensor, weights: Weights, residual: Tensor | None, form: Form) -> Tensor:
    """``after(second(between(first(before(x)))) + residual)``."""
    return activated(_summed(_halves(x, weights, form), weights, residual, form), form.after)


def activated(x: Tensor, kind: str) -> Tensor:
    return _FUNCTIONS[kind](x)


def derived(grad: Tensor, x: Tensor, kind: str) -> Tensor:
    """The gradient ahead of an activation of ``x``, from the one behind it."""
    return _DERIVATIVES[kind](grad, x)


def backward(
    grad: Tensor, x: Tensor, weights: Weights, residual: Tensor | None, form: Form, wanted: tuple[bool, ...]
) -> Gradients:
    """The derivatives, of which ``wanted`` tells which in the order of ``Gradients``.

    Nothing but the inputs was kept: what lay between is computed again.
    """
    halves = _halves(x, weights, form)
    if form.after != "none":
        grad = _DERIVATIVES[form.after](grad, _summed(halves, weights, residual, form))
    first, second = (_depthwise_back, _pointwise_back) if form.depthwise_first else (_pointwise_back, _depthwise_back)
    by_depthwise, by_pointwise = (wanted[1], wanted[3]), (wanted[2], wanted[4])
    before, behind = (by_depthwise, by_pointwise) if form.depthwise_first else (by_pointwise, by_depthwise)
    middle, *of_second = second(grad, halves.second_read, weights, form, (wanted[0] or any(before), *behind))
    by_x, of_first = None, (None, None)
    if middle is not None:
        middle = _DERIVATIVES[form.between](middle, halves.first_given)
        by_x, *of_first = first(middle, halves.first_read, weights, form, (wanted[0], *before))
    if by_x is not None:
        by_x = _DERIVATIVES[form.before](by_x, x)
    (dw, db), (pw, pb) = (of_first, of_second) if form.depthwise_first else (of_second, of_first)
    return Gradients(by_x, dw, pw, db, pb, grad if wanted[5] else None)


def _halves(x: Tensor, weights: Weights, form: Form) -> _Halves:
    first = _depthwise if form.depthwise_first else _pointwise
    read = activated(x, form.before)
    given = first(read, weights, form)
    return _Halves(read, given, activated(given, form.between))


def _summed(halves: _Halves, weights: Weights, residual: Tensor | None, form: Form) -> Tensor:
    second = _pointwise if form.depthwise_first else _depthwise
    given = second(halves.second_read, weights, form)
    return given if residual is None else given + residual


def _depthwise(x: Tensor, weights: Weights, form: Form) -> Tensor:
    x, padding = _padded(x, form)
    kernel, bias = weights.depthwise, weights.depthwise_bias
    return F.conv2d(x, kernel, bias, form.stride, padding, form.dilation, groups=x.shape[1])


def _pointwise(x: Tensor, weights: Weights, form: Form) -> Tensor:
    return F.conv2d(x, weights.pointwise, weights.pointwise_bias)


def _padded(x: Tensor, form: Form) -> tuple[Tensor, tuple[int, int]]:
    """``x`` and what a convolution still has to pad it by: all where both sides agree, else nothing."""
    above, below, left, right = form.padding
    if above == below and left == right:
        return x, (above, left)
    return F.pad(x, (left, right, above, below)), (0, 0)


def _depthwise_back(
    grad: Tensor, x: Tensor, weights: Weights, form: Form, wanted: tuple[bool, bool, bool]
) -> tuple[Tensor | None, ...]:
    held, padding = _padded(x, form)
    kernel = weights.depthwise
    by_x, by_kernel, by_bias = aten.convolution_backward(
        grad, held, kernel, [kernel.shape[0]], form.stride, padding, form.dilation, False, [0, 0], x.shape[1], wanted
    )
    if by_x is not None and held is not x:
        above, below, left, right = form.padding
        by_x = F.pad(by_x, (-left, -right, -above, -below))
    return by_x, by_kernel, by_bias


def _pointwise_back(
    grad: Tensor, x: Tensor, weights: Weights, form: Form, wanted: tuple[bool, bool, bool]
) -> tuple[Tensor | None, ...]:
    kernel, once, nothing = weights.pointwise, [1, 1], [0, 0]
    return aten.convolution_backward(grad, x, kernel, [kernel.shape[0]], once, nothing, once, False, nothing, 1, wanted)
