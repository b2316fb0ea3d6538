"""From tensors to launches: checks what kernels take for granted, lays arguments out, allocates what they write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from math import gcd
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor

from graphbuilder.backends.torch.kernels import plain
from graphbuilder.backends.torch.kernels.form import Form, Weights, result_shape
from graphbuilder.backends.torch.kernels.plans import Plan, Problem, plan_of

DTYPES = (torch.bfloat16, torch.float16, torch.float32)
LARGEST = 2**31 - 1
UNIT = 16  # channels: 32 bytes of bfloat16, beyond which alignment gains nothing
# The tile of the depthwise half where it is a kernel of its own: pixels, channels, warps.
TILE = (32, 64, 4)
LINES = 32  # pixels of one step of the depthwise half of a persistent kernel
PROGRAMS = 2  # of a persistent kernel, on each multiprocessor


class Call(NamedTuple):
    """A convolution on tensors that are laid out as kernels read them.

    Attributes:
        x, y, residual: channels last in memory.
        taps: the depthwise kernel as (kernel height * kernel width, channels made).
        pointwise: (channels out, channels in).
    """

    x: Tensor
    taps: Tensor
    kernel: tuple[int, int]
    pointwise: Tensor
    depthwise_bias: Tensor | None
    pointwise_bias: Tensor | None
    residual: Tensor | None
    y: Tensor
    form: Form

    def of_images(self, start: int, stop: int) -> Call:
        """The same on some of the images."""
        residual = None if self.residual is None else self.residual[start:stop]
        return self._replace(x=self.x[start:stop], y=self.y[start:stop], residual=residual)


def fits(x: Tensor, weights: Weights, residual: Tensor | None) -> bool:
    """Whether kernels of ours can run it: there is triton, and all tensors are of one type that it multiplies."""
    return can_run((x, *weights, residual))


def can_run(tensors: Iterable[Tensor | None]) -> bool:
    """Whether kernels of ours can run on these tensors, of which the first is a map."""
    first, *others = given = [each for each in tensors if each is not None]
    same = all(each.dtype == first.dtype and each.device == first.device for each in others)
    held = all(pixels(each) <= LARGEST for each in given if each.ndim == 4)
    return _is_there() and same and first.dtype in DTYPES and held


@cache
def kernels() -> Any:
    """The module of kernels; read where one is first run, since that takes triton."""
    return import_module("graphbuilder.backends.torch.kernels.device")


@cache
def _is_there() -> bool:
    return find_spec("triton") is not None


def run(x: Tensor, weights: Weights, residual: Tensor | None, form: Form, plan: Plan | None = None) -> Tensor:
    """The separable convolution by ``plan``, or by the plan for its shape; channels last in memory.

    Raises:
        ValueError: the tensors do not fit each other.
    """
    shape = result_shape(x, weights, residual, form)
    y = torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=torch.channels_last)
    if not y.numel() or not x.numel():
        return y.copy_(plain.forward(x, weights, residual, form))
    call = _call(laid_out(x), weights, None if residual is None else laid_out(residual), y, form)
    by = partial(_by, call, weights)
    with torch.cuda.device_of(x):  # Triton launches on the current one
        by(plan or plan_of(_problem(call), by))
    return y


def half(x: Tensor, weights: Weights, form: Form) -> Tensor:
    """The depthwise half of a convolution that begins with it, behind its activation and its bias."""
    kernel = weights.depthwise
    sizes = form.sizes(x.shape[2], x.shape[3], (kernel.shape[2], kernel.shape[3]))
    shape = (x.shape[0], kernel.shape[0], *sizes)
    y = torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=torch.channels_last)
    call = _call(laid_out(x), weights, None, y, form)
    with torch.cuda.device_of(x):
        _depthwise(call, call.x, y, None, form.before, "none")
    return y


def _call(x: Tensor, weights: Weights, residual: Tensor | None, y: Tensor, form: Form) -> Call:
    return Call(
        x,
        taps(weights.depthwise),
        (weights.depthwise.shape[2], weights.depthwise.shape[3]),
        weights.pointwise.flatten(1).contiguous(),
        weights.depthwise_bias,
        weights.pointwise_bias,
        residual,
        y,
        form,
    )


def taps(kernel: Tensor) -> Tensor:
    """A depthwise kernel as (kernel height * kernel width, channels)."""
    return kernel.flatten(1).t().contiguous()


def _by(call: Call, weights: Weights, plan: Plan) -> None:
    if plan.kind == "library":
        call.y.copy_(plain.forward(call.x, weights, call.residual, call.form))
    elif plan.kind == "span":
        _span(call, plan)
    elif plan.kind == "persistent":
        _persistent(call, plan)
    else:
        _halves(call, plan)


def _problem(call: Call) -> Problem:
    x, y = call.x, call.y
    device = device_name(x)
    dtype = str(x.dtype).removeprefix("torch.")
    made = call.pointwise.shape[1 if call.form.depthwise_first else 0]
    shape = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    has_residual = call.residual is not None
    return Problem(device, dtype, shape, call.kernel, made, y.shape[1], pixels(y), has_residual, call.form)


def device_name(x: Tensor) -> str:
    """What a plan is remembered by."""
    return torch.cuda.get_device_name(x.device) if x.is_cuda else x.device.type


def _span(call: Call, plan: Plan) -> None:
    tiles = over(pixels(call.y), plan.rows) * over(call.y.shape[1], plan.columns)
    kernels().span[(tiles,)](*_maps(call), *_numbers(call), **_settings(call, plan), num_warps=plan.warps)


def _persistent(call: Call, plan: Plan) -> None:
    programs = min(PROGRAMS * _processors(call.x.device), over(pixels(call.y), plan.rows))
    *tensors, y = _maps(call)
    scratch = call.x.new_empty(programs * plan.rows * call.pointwise.shape[1])
    settings = {**_settings(call, plan), "LINES": LINES, "STAGES": plan.stages}
    kernels().persistent[(programs,)](*tensors, y, scratch, *_numbers(call), **settings, num_warps=plan.warps)


def _maps(call: Call) -> tuple[Tensor, ...]:
    """The tensors of a kernel that runs both halves; what is not there is stood in for."""
    y = call.y
    middle, end, residual = (
        y if each is None else each for each in (call.depthwise_bias, call.pointwise_bias, call.residual)
    )
    return call.x, call.taps, middle, call.pointwise, end, residual, y


def _numbers(call: Call) -> tuple[int, ...]:
    """Its sizes: pixels, maps, and counts of channels in units."""
    channels = (call.x.shape[1], call.pointwise.shape[1], call.y.shape[1])
    return *_geometry(call.x, call.y), *(each // unit(each) for each in channels)


def _settings(call: Call, plan: Plan) -> Mapping[str, Any]:
    made, out = call.pointwise.shape[1], call.y.shape[1]
    return {
        **window(call.kernel, call.form),
        "MULTIPLIER": made // call.x.shape[1],
        "BEFORE": call.form.before,
        "BETWEEN": call.form.between,
        "AFTER": call.form.after,
        "MIDDLE_BIAS": call.depthwise_bias is not None,
        "BIAS": call.pointwise_bias is not None,
        "RESIDUAL": call.residual is not None,
        "WIDE": is_wide(call.x, call.y),
        "CHANNEL_UNIT": unit(call.x.shape[1]),
        "MADE_UNIT": unit(made),
        "OUT_UNIT": unit(out),
        "PRECISION": precision(),
        "ROWS": plan.rows,
        "COLUMNS": plan.columns,
        "DEPTH": plan.depth,
    }


def _halves(call: Call, plan: Plan) -> None:
    """A kernel a half; what lies between is only ever as large as ``plan.images`` images make it."""
    batch = call.x.shape[0]
    step = plan.images or batch
    if call.form.depthwise_first:
        channels, sizes = call.pointwise.shape[1], call.y.shape[2:]
    else:
        channels, sizes = call.pointwise.shape[0], call.x.shape[2:]
    shape = (min(step, batch), channels, *sizes)
    between = torch.empty(shape, dtype=call.x.dtype, device=call.x.device, memory_format=torch.channels_last)
    for start in range(0, batch, step):
        part = call.of_images(start, min(start + step, batch))
        middle = between[: part.x.shape[0]]
        form = call.form
        if form.depthwise_first:
            _depthwise(part, part.x, middle, None, form.before, form.between)
            _pointwise(part, middle, part.y, part.residual, "none", form.after, plan)
        else:
            _pointwise(part, part.x, middle, None, form.before, form.between, plan)
            _depthwise(part, middle, part.y, part.residual, "none", form.after)


def _depthwise(call: Call, x: Tensor, y: Tensor, residual: Tensor | None, before: str, after: str) -> None:
    lines, depth, warps = TILE
    channels, made = x.shape[1], y.shape[1]
    bias = call.depthwise_bias
    tiles = over(pixels(y), lines) * over(made, depth)
    kernels().depthwise[(tiles,)](
        *(x, call.taps, y if bias is None else bias, y if residual is None else residual, y),
        *_geometry(x, y),
        *(channels // unit(channels), made // unit(made)),
        **window(call.kernel, call.form),
        MULTIPLIER=made // channels,
        BEFORE=before,
        AFTER=after,
        BIAS=bias is not None,
        RESIDUAL=residual is not None,
        WIDE=is_wide(x, y),
        CHANNEL_UNIT=unit(channels),
        MADE_UNIT=unit(made),
        ROWS=lines,
        DEPTH=depth,
        num_warps=warps,
    )


def _pointwise(call: Call, x: Tensor, y: Tensor, residual: Tensor | None, before: str, after: str, plan: Plan) -> None:
    if plan.kind == "blas":
        _multiply(call, plain.activated(x, before), y)
        if residual is not None:
            y.add_(residual)
        if after != "none":
            y.copy_(plain.activated(y, after))
        return
    channels, out, bias = x.shape[1], y.shape[1], call.pointwise_bias
    tiles = over(pixels(y), plan.rows) * over(out, plan.columns)
    kernels().pointwise[(tiles,)](
        *(x, call.pointwise, y if bias is None else bias, y if residual is None else residual, y),
        *(pixels(y), channels // unit(channels), out // unit(out)),
        BEFORE=before,
        AFTER=after,
        BIAS=bias is not None,
        RESIDUAL=residual is not None,
        WIDE=is_wide(x, y),
        CHANNEL_UNIT=unit(channels),
        OUT_UNIT=unit(out),
        PRECISION=precision(),
        ROWS=plan.rows,
        COLUMNS=plan.columns,
        DEPTH=plan.depth,
        STAGES=plan.stages,
        num_warps=plan.warps,
    )


def _multiply(call: Call, x: Tensor, y: Tensor) -> None:
    """The product by torch's own library, into ``y``; a bias is part of it."""
    read, made, kernel = rows(x), rows(y), call.pointwise.t()
    if call.pointwise_bias is None:
        torch.mm(read, kernel, out=made)
    else:
        torch.addmm(call.pointwise_bias, read, kernel, out=made)


def laid_out(x: Tensor) -> Tensor:
    """``x`` with channels last in memory."""
    return x.contiguous(memory_format=torch.channels_last)


def rows(x: Tensor) -> Tensor:
    """A map with channels last in memory as (pixels, channels), the same memory."""
    return x.permute(0, 2, 3, 1).view(-1, x.shape[1])


def window(kernel: tuple[int, int], form: Form) -> Mapping[str, int]:
    """What a kernel is told of the window of the depthwise half."""
    names = ("KH", "KW", "SH", "SW", "DH", "DW", "ABOVE", "LEFT")
    values = (*kernel, *form.stride, *form.dilation, form.padding[0], form.padding[2])
    return dict(zip(names, values, strict=True))


def _geometry(x: Tensor, y: Tensor) -> tuple[int, ...]:
    """Pixels of the result, height and width of the map that is read, and of the result."""
    return pixels(y), x.shape[2], x.shape[3], y.shape[2], y.shape[3]


def pixels(x: Tensor) -> int:
    """Of all images of a map."""
    return x.shape[0] * x.shape[2] * x.shape[3]


def is_wide(*maps: Tensor) -> bool:
    """Whether an element's number may need more than 32 bits; a border's pixels are counted too."""
    return any(each.numel() + 2 * each.shape[1] * each.shape[3] * UNIT > LARGEST for each in maps)


def unit(channels: int) -> int:
    """The largest power of two up to ``UNIT`` that divides a count of channels."""
    return gcd(channels, UNIT)


def over(size: int, tile: int) -> int:
    """How many tiles cover a size."""
    return -(-size // tile)


def precision() -> str:
    """How products in single precision are made: as torch is told to make its own."""
    return "tf32" if torch.backends.cuda.matmul.allow_tf32 else "ieee"


@cache
def _processors(device: torch.device) -> int:
    if device.type != "cuda":
        return 1
    properties = cast("Any", torch.cuda).get_device_properties(device)
    return int(properties.multi_processor_count)
