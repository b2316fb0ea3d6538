"""The operator ``graphbuilder::sepconv_back``: the derivatives of a separable convolution that begins with its
depthwise half and has nothing behind the pointwise one.

On a CUDA device with triton the depthwise half is computed again and derived by kernels of our own, each in one pass;
products of matrices are the library's. Everywhere else it is ``plain.backward``. It has no derivative itself: who wants
the second one takes ``plain.backward``.
"""

# torch leaves its registrations untyped.
# pyright: reportUnknownMemberType=false, reportUntypedFunctionDecorator=false, reportUnusedFunction=false

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from graphbuilder.backends.torch.kernels import launch, plain
from graphbuilder.backends.torch.kernels.form import Form, Weights
from graphbuilder.backends.torch.kernels.plain import Gradients
from graphbuilder.backends.torch.kernels.registering import as_promised, empty

_SCHEMA = (
    "(Tensor grad, Tensor x, Tensor depthwise, Tensor pointwise, Tensor? depthwise_bias, bool[2] biases, "
    "int[2] stride, int[4] padding, int[2] dilation, str before, str between) "
    "-> (Tensor, Tensor, Tensor, Tensor, Tensor)"
)
Five = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]


class Tile(NamedTuple):
    """Pixels and channels of a tile of the depthwise half's derivative, its warps, and the tiles of a program."""

    rows: int = 32
    depth: int = 64
    warps: int = 4
    times: int = 16


_TILE = Tile()


def has_kernels(x: Tensor, weights: Weights, residual: Tensor | None, form: Form) -> bool:
    """Whether the operator is faster than ``plain.backward`` here, and gives the same."""
    alone = form.depthwise_first and form.after == "none" and weights.depthwise.shape[0] == x.shape[1]
    return x.is_cuda and alone and not torch.is_grad_enabled() and launch.fits(x, weights, residual)


def backward(grad: Tensor, x: Tensor, weights: Weights, form: Form, wanted: Sequence[bool]) -> Gradients:
    """What ``plain.backward`` gives, by the operator."""
    tensors = (grad, x, weights.depthwise, weights.pointwise, weights.depthwise_bias)
    settings = (form.stride, form.padding, form.dilation, form.before, form.between)
    made = (*torch.ops.graphbuilder.sepconv_back(*tensors, tuple(wanted[3:5]), *settings), grad)
    x_, depthwise, pointwise, first, second, residual = (
        each if is_wanted else None for each, is_wanted in zip(made, wanted, strict=True)
    )
    return Gradients(x_, depthwise, pointwise, first, second, residual)


def _sepconv_back(*arguments: Any) -> Five:
    grad, x, weights, biases, form = _read(arguments)
    found = plain.backward(grad, x, weights, None, form, (True, True, True, *biases, False))
    assert found.x is not None and found.depthwise is not None and found.pointwise is not None
    ends = (grad.new_empty(0) if each is None else each for each in (found.depthwise_bias, found.pointwise_bias))
    depthwise, pointwise = found.depthwise.contiguous(), found.pointwise.contiguous()
    by_depthwise_bias, by_pointwise_bias = ends
    return as_promised(found.x, x.shape), depthwise, pointwise, by_depthwise_bias, by_pointwise_bias


_operator = torch.library.custom_op("graphbuilder::sepconv_back", _sepconv_back, mutates_args=(), schema=_SCHEMA)


@_operator.register_fake
def _fake(*arguments: Any) -> Five:
    grad, x, weights, (first, second), _ = _read(arguments)
    depthwise, pointwise = (each.new_empty(each.shape) for each in (weights.depthwise, weights.pointwise))
    sizes = (depthwise.shape[0] if first else 0, pointwise.shape[0] if second else 0)
    return empty(x.shape, x), depthwise, pointwise, grad.new_empty(sizes[0]), grad.new_empty(sizes[1])


@_operator.register_kernel("cuda")
def _on_gpu(*arguments: Any) -> Five:
    grad, x, weights, biases, form = _read(arguments)
    return run(grad, x, weights, form, biases) if grad.numel() and x.numel() else _sepconv_back(*arguments)


def run(grad: Tensor, x: Tensor, weights: Weights, form: Form, biases: tuple[bool, bool], tile: Tile = _TILE) -> Five:
    """All derivatives by our kernels and products of matrices; those of biases are empty where none is wanted."""
    given = launch.half(x, weights, form)
    rows, read = launch.rows(launch.laid_out(grad)), launch.rows(plain.activated(given, form.between))
    by_pointwise = (rows.t() @ read).view(weights.pointwise.shape)
    middle = empty(given.shape, given)
    torch.mm(rows, weights.pointwise.flatten(1), out=launch.rows(middle))
    middle = plain.derived(middle, given, form.between)
    by_x, by_depthwise = half_back(middle, x, weights.depthwise, form, tile)
    by_first = middle.sum((0, 2, 3)) if biases[0] else grad.new_empty(0)
    by_second = grad.sum((0, 2, 3)) if biases[1] else grad.new_empty(0)
    return by_x, by_depthwise, by_pointwise, by_first, by_second


def half_back(gradient: Tensor, x: Tensor, kernel: Tensor, form: Form, tile: Tile) -> tuple[Tensor, Tensor]:
    """The derivatives by ``x``, through the activation ahead, and by the depthwise kernel, in one pass."""
    rows, depth, warps, times = tile
    gradient, x = launch.laid_out(gradient), launch.laid_out(x)
    channels, area = x.shape[1], kernel.shape[2] * kernel.shape[3]
    groups = launch.over(launch.pixels(x), rows * times)
    by_x = empty(x.shape, x)
    sums = torch.empty((groups, area, channels), dtype=torch.float32, device=x.device)
    with torch.cuda.device_of(x):  # Triton launches on the current one
        launch.kernels().depthwise_back[(groups * launch.over(channels, depth),)](
            *(gradient, x, launch.taps(kernel), by_x, sums),
            *(launch.pixels(x), *x.shape[2:], *gradient.shape[2:], channels // launch.unit(channels)),
            **launch.window((kernel.shape[2], kernel.shape[3]), form),
            BEFORE=form.before,
            WIDE=launch.is_wide(x, gradient),
            CHANNEL_UNIT=launch.unit(channels),
            TAPS=1 << (area - 1).bit_length(),
            TIMES=times,
            ROWS=rows,
            DEPTH=depth,
            num_warps=warps,
        )
    return by_x, sums.sum(0).t().reshape(kernel.shape).to(kernel.dtype)


def _read(arguments: Sequence[Any]) -> tuple[Tensor, Tensor, Weights, tuple[bool, bool], Form]:
    """The operator's arguments by what they are."""
    grad, x, depthwise, pointwise, depthwise_bias, biases, stride, padding, dilation, before, between = arguments
    form = Form(tuple(stride), tuple(padding), tuple(dilation), before, between)
    first, second = biases
    return grad, x, Weights(depthwise, pointwise, depthwise_bias), (first, second), form
