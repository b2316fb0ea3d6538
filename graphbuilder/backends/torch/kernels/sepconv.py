"""The operator ``graphbuilder::sepconv``: its schema, its shapes, its derivative, its place under autocast.

What it gives is a new tensor with channels last in memory, on every device. Its derivative keeps the inputs alone and
computes what lay between again.
"""

# torch leaves its registrations untyped.
# pyright: reportUnknownMemberType=false, reportUntypedFunctionDecorator=false, reportUnusedFunction=false

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from graphbuilder.backends.torch.kernels import derivative, launch, plain
from graphbuilder.backends.torch.kernels.form import Form, Weights, result_shape
from graphbuilder.backends.torch.kernels.registering import as_promised, autocast, empty

_SCHEMA = (
    "(Tensor x, Tensor depthwise, Tensor pointwise, Tensor? depthwise_bias, Tensor? pointwise_bias, "
    "Tensor? residual, int[2] stride, int[4] padding, int[2] dilation, str before, str between, str after, "
    "bool depthwise_first) -> Tensor"
)
_TENSORS = 6  # arguments that are tensors stand first


def sepconv(
    x: Tensor,
    depthwise: Tensor,
    pointwise: Tensor,
    depthwise_bias: Tensor | None = None,
    pointwise_bias: Tensor | None = None,
    residual: Tensor | None = None,
    *,
    form: Form,
) -> Tensor:
    """A separable convolution: ``after(pointwise(between(depthwise(before(x)))) + residual)``, or the other order.

    Args:
        x: (N, C, H, W).
        depthwise: (C * multiplier, 1, kernel height, kernel width).
        pointwise: (channels out, channels in, 1, 1); a norm's scale is part of it, its shift of ``pointwise_bias``.
        depthwise_bias, pointwise_bias: one number a channel that the half gives.
        residual: of the result's shape, added before ``form.after``.

    Raises:
        ValueError: shapes do not fit.
        KeyError: there is no such activation.
    """
    tensors = (x, depthwise, pointwise, depthwise_bias, pointwise_bias, residual)
    return torch.ops.graphbuilder.sepconv(*tensors, *form)


def _sepconv(*arguments: Any) -> Tensor:
    x, weights, residual, form = _read(arguments)
    shape = result_shape(x, weights, residual, form)
    return as_promised(plain.forward(x, weights, residual, form), shape)


_operator = torch.library.custom_op("graphbuilder::sepconv", _sepconv, mutates_args=(), schema=_SCHEMA)


@_operator.register_kernel("cuda")
def _on_gpu(*arguments: Any) -> Tensor:
    x, weights, residual, form = _read(arguments)
    shape = result_shape(x, weights, residual, form)
    if launch.fits(x, weights, residual):
        return launch.run(x, weights, residual, form)
    return as_promised(plain.forward(x, weights, residual, form), shape)


@_operator.register_fake
def _fake(*arguments: Any) -> Tensor:
    x, weights, residual, form = _read(arguments)
    return empty(result_shape(x, weights, residual, form), x)


def _setup_context(ctx: Any, inputs: Sequence[Any], output: Tensor) -> None:
    ctx.save_for_backward(*inputs[:_TENSORS])
    ctx.settings = inputs[_TENSORS:]


def _backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    x, weights, residual, form = _read((*ctx.saved_tensors, *ctx.settings))
    wanted = ctx.needs_input_grad[:_TENSORS]
    if derivative.has_kernels(x, weights, residual, form):
        found = derivative.backward(grad, x, weights, form, wanted)
    else:
        found = plain.backward(grad, x, weights, residual, form, wanted)
    return *found, *(None for _ in ctx.settings)


_operator.register_autograd(_backward, setup_context=_setup_context)

autocast("sepconv", _TENSORS)


def _read(arguments: Sequence[Any]) -> tuple[Tensor, Weights, Tensor | None, Form]:
    """The operator's arguments in its own order, by what they are."""
    x, depthwise, pointwise, depthwise_bias, pointwise_bias, residual = arguments[:_TENSORS]
    stride, padding, dilation, *rest = arguments[_TENSORS:]
    form = Form(tuple(stride), tuple(padding), tuple(dilation), *rest)
    return x, Weights(depthwise, pointwise, depthwise_bias, pointwise_bias), residual, form
