"""The operator ``graphbuilder::pooledsum``: a max pool plus a strided 1x1 convolution of another map, as blocks that
halve a map end.

On a CUDA device with triton it is one kernel, everywhere else torch's own operators, and so is its derivative, which
keeps the inputs alone. What it gives is a new tensor with channels last in memory.
"""

# torch leaves its registrations untyped.
# pyright: reportUnknownMemberType=false, reportUntypedFunctionDecorator=false, reportUnusedFunction=false

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from graphbuilder.backends.torch.kernels import launch
from graphbuilder.backends.torch.kernels.form import Window
from graphbuilder.backends.torch.kernels.plans import Plan, Problem, plan_of
from graphbuilder.backends.torch.kernels.registering import as_promised, autocast, empty

aten = torch.ops.aten

_SCHEMA = (
    "(Tensor pooled, Tensor x, Tensor weight, Tensor? bias, int[2] kernel, int[2] stride, int[2] padding, "
    "bool ceil_mode, int[2] step) -> Tensor"
)
_TENSORS = 4  # arguments that are tensors stand first


class Tensors(NamedTuple):
    """What is read: the map that is pooled, the map that is convolved, its kernel (out, in, 1, 1) and its bias."""

    pooled: Tensor
    x: Tensor
    weight: Tensor
    bias: Tensor | None


def pooledsum(pooled: Tensor, x: Tensor, weight: Tensor, bias: Tensor | None = None, *, window: Window) -> Tensor:
    """``max_pool2d(pooled) + conv2d(x)``.

    Raises:
        ValueError: shapes do not fit.
    """
    return torch.ops.graphbuilder.pooledsum(pooled, x, weight, bias, *window)


def plain(given: Tensors, window: Window) -> Tensor:
    """By torch's own operators."""
    kernel, stride, padding, ceil_mode, step = window
    largest = F.max_pool2d(given.pooled, kernel, stride, padding, ceil_mode=ceil_mode)
    return largest + F.conv2d(given.x, given.weight, given.bias, step)


def result_shape(given: Tensors, window: Window) -> tuple[int, int, int, int]:
    """The shape of what both give.

    Raises:
        ValueError: they give different ones, or the tensors do not fit.
    """
    pooled, x, weight = given.pooled.shape, given.x.shape, given.weight.shape
    if len(pooled) != 4 or len(x) != 4 or len(weight) != 4:
        raise ValueError(f"maps and kernels have four axes, not {len(pooled)}, {len(x)} and {len(weight)}")
    if weight[1:] != (x[1], 1, 1):
        raise ValueError(f"a kernel {tuple(weight)} does not fit a map of {x[1]} channels")
    sizes = tuple(_counted(pooled[2 + axis], window, axis) for axis in (0, 1))
    shape = (pooled[0], pooled[1], *sizes)
    other = (x[0], weight[0], *((x[2 + axis] - 1) // window.step[axis] + 1 for axis in (0, 1)))
    if shape != other:
        raise ValueError(f"the pool gives {shape} and the convolution {other}")
    return shape[0], shape[1], shape[2], shape[3]


def _counted(size: int, window: Window, axis: int) -> int:
    """How many windows there are along an axis; in ceil mode none may begin in the padding behind."""
    kernel, stride, padding = window.kernel[axis], window.stride[axis], window.padding[axis]
    span = size + 2 * padding - kernel
    if not window.ceil_mode:
        return span // stride + 1
    count = -(-span // stride) + 1
    return count - 1 if (count - 1) * stride >= size + padding else count


def _pooledsum(*arguments: Any) -> Tensor:
    given, window = _read(arguments)
    shape = result_shape(given, window)
    return as_promised(plain(given, window), shape)


_operator = torch.library.custom_op("graphbuilder::pooledsum", _pooledsum, mutates_args=(), schema=_SCHEMA)


@_operator.register_kernel("cuda")
def _on_gpu(*arguments: Any) -> Tensor:
    given, window = _read(arguments)
    shape = result_shape(given, window)
    if launch.can_run(given) and given.pooled.numel() and given.x.numel():
        return run(given, window)
    return as_promised(plain(given, window), shape)


@_operator.register_fake
def _fake(*arguments: Any) -> Tensor:
    given, window = _read(arguments)
    return empty(result_shape(given, window), given.pooled)


def run(given: Tensors, window: Window, plan: Plan | None = None) -> Tensor:
    """The sum by ``plan``, or by the plan for its shape; channels last in memory.

    Raises:
        ValueError: the tensors do not fit each other.
    """
    laid = given._replace(pooled=launch.laid_out(given.pooled), x=launch.laid_out(given.x))
    y = empty(result_shape(given, window), laid.pooled)
    by = partial(_by, laid, window, y)
    with torch.cuda.device_of(given.x):  # Triton launches on the current one
        by(plan or plan_of(_problem(laid, window, y), by))
    return y


def _problem(given: Tensors, window: Window, y: Tensor) -> Problem:
    pooled, x = given.pooled, given.x
    shape = (pooled.shape[0], pooled.shape[1], pooled.shape[2], pooled.shape[3])
    device, dtype = launch.device_name(x), str(x.dtype).removeprefix("torch.")
    return Problem(device, dtype, shape, window.kernel, x.shape[1], y.shape[1], launch.pixels(y), True, window)


def _by(given: Tensors, window: Window, y: Tensor, plan: Plan) -> None:
    if plan.kind == "library":
        y.copy_(plain(given, window))
        return
    pooled, x, weight, bias = given
    channels, out = x.shape[1], y.shape[1]
    tiles = launch.over(launch.pixels(y), plan.rows) * launch.over(out, plan.columns)
    launch.kernels().pooled_sum[(tiles,)](
        *(pooled, x, weight.flatten(1).contiguous(), y if bias is None else bias, y),
        *(launch.pixels(y), *pooled.shape[2:], *x.shape[2:], *y.shape[2:]),
        *(channels // launch.unit(channels), out // launch.unit(out)),
        **dict(zip(("KH", "KW", "SH", "SW"), (*window.kernel, *window.stride), strict=True)),
        **dict(zip(("ABOVE", "LEFT", "DOWN", "RIGHT"), (*window.padding, *window.step), strict=True)),
        BIAS=bias is not None,
        WIDE=launch.is_wide(pooled, x, y),
        CHANNEL_UNIT=launch.unit(channels),
        OUT_UNIT=launch.unit(out),
        PRECISION=launch.precision(),
        ROWS=plan.rows,
        COLUMNS=plan.columns,
        DEPTH=plan.depth,
        STAGES=plan.stages,
        num_warps=plan.warps,
    )


def _setup_context(ctx: Any, inputs: Sequence[Any], output: Tensor) -> None:
    ctx.save_for_backward(*inputs[:_TENSORS])
    ctx.settings = inputs[_TENSORS:]


def _backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    given, window = _read((*ctx.saved_tensors, *ctx.settings))
    wanted = ctx.needs_input_grad
    kernel, stride, padding, ceil_mode, step = window
    by_pooled = None
    if wanted[0]:
        settings = (kernel, stride, padding, (1, 1), ceil_mode)
        _, places = aten.max_pool2d_with_indices(given.pooled, *settings)
        by_pooled = aten.max_pool2d_with_indices_backward(grad, given.pooled, *settings, places)
    once, nothing = [1, 1], [0, 0]
    by_convolution = aten.convolution_backward(
        grad, given.x, given.weight, [given.weight.shape[0]], step, nothing, once, False, nothing, 1, wanted[1:4]
    )
    return by_pooled, *by_convolution, *(None for _ in ctx.settings)


_operator.register_autograd(_backward, setup_context=_setup_context)
autocast("pooledsum", _TENSORS)


def _read(arguments: Sequence[Any]) -> tuple[Tensors, Window]:
    """The operator's arguments by what they are."""
    kernel, stride, padding, ceil_mode, step = arguments[_TENSORS:]
    window = Window(tuple(kernel), tuple(stride), tuple(padding), ceil_mode, tuple(step))
    return Tensors(*arguments[:_TENSORS]), window
