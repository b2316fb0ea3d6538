"""Whether what is timed is right: kernels and networks against double precision, before a clock is started.

The kernels that are checked on Xception's own shapes are those that probing will try, so they are compiled by then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor

from graphbuilder.backends.torch import build
from graphbuilder.backends.torch.kernels import Form, Window, derivative, launch, plain, sepconv
from graphbuilder.backends.torch.kernels.plans import Plan, Problem, candidates
from graphbuilder.backends.torch.kernels.pooledsum import plain as plain_pool
from graphbuilder.backends.torch.kernels.pooledsum import pooledsum
from graphbuilder.backends.torch.kernels.pooledsum import run as run_pool
from tests.backends.torch.kernels.cases import CASES, Case, drawn
from tests.backends.torch.kernels.pools import POOLS, Pool, pooled
from tools.gpu import models
from tools.gpu.row import Check

FLOAT, HALF, BRAIN = torch.float32, torch.float16, torch.bfloat16
ALLOWED = {FLOAT: 1e-5, HALF: 3e-3, BRAIN: 2e-2}
IMAGES = 16  # a number of pixels that 16 divides is compiled for by itself
_WIDTHS = (
    *((64, 128, 147, "none"), (128, 128, 147, "relu"), (128, 256, 74, "relu"), (256, 256, 74, "relu")),
    *((256, 728, 37, "relu"), (728, 728, 37, "relu"), (728, 728, 19, "relu"), (728, 1024, 19, "relu")),
    *((1024, 1536, 10, "none"), (1536, 2048, 10, "relu")),
)
XCEPTION = [
    Case((IMAGES, read, size, size), made, residual=residual, form=Form(padding=(1, 1, 1, 1), before=before))
    for read, made, size, before in _WIDTHS
    for residual in ((False, True) if size == 19 and read == made else (False,))
]
RAGGED = "all around"
XCEPTION_POOLS = {
    f"xception, {out} at {size}": Pool(
        (IMAGES, out, size, size),
        read,
        window=Window((3, 3), (2, 2), (size % 2, size % 2), ceil_mode=True, step=(2, 2)),
    )
    for read, out, size in ((64, 128, 147), (128, 256, 74), (256, 728, 37), (728, 1024, 19))
}

Checking = Callable[[], Check]


def checks(device: torch.device, shard: int, shards: int) -> Iterator[Check]:
    """Every ``shards``-th check from number ``shard`` on; kernels only where there are such."""
    torch.backends.cudnn.allow_tf32 = False
    torch.use_deterministic_algorithms(True, warn_only=True)  # so that memory which is not written is NaN
    kernels = (*_kernels(device), *_pools(device), *_backs(device)) if device.type == "cuda" else ()
    named = [*kernels, *_derivatives(device), *_networks(device)]
    return (check() for check in named[shard::shards])


def _kernels(device: torch.device) -> Iterator[Checking]:
    for name, case in CASES.items():
        kinds = ("span", "halves") if case.form.depthwise_first else ("halves", "blas")
        for kind in kinds:
            yield partial(_kernel, name, case, FLOAT, Plan(kind, 64, 64, 32, 4, 2), device)
    for dtype in ALLOWED:
        for kind in ("span", "persistent", "halves", "blas"):
            yield partial(_kernel, RAGGED, CASES[RAGGED], dtype, Plan(kind, 64, 64, 32, 4, 2), device)
    for case in XCEPTION:
        name = f"xception, {case.image[1]} to {case.out} at {case.image[2]}"
        for plan in dict.fromkeys(candidates(_problem(case))):
            yield partial(_kernel, name, case, BRAIN, plan, device)


def _problem(case: Case) -> Problem:
    pixels = case.image[0] * case.image[2] * case.image[3]
    return Problem("", "bfloat16", case.image, case.kernel, case.image[1], case.out, pixels, case.residual, case.form)


def _kernel(name: str, case: Case, dtype: torch.dtype, plan: Plan, device: torch.device) -> Check:
    size = f"{plan.kind} {plan.rows}x{plan.columns}x{plan.depth}, {plan.warps} warps, {plan.images} images"
    title = f"{name}; {str(dtype).removeprefix('torch.')}; {size}"
    tensors = drawn(case, dtype)
    x, *weights, residual = (each if each is None else each.to(device) for each in tensors.flat)
    assert x is not None
    exact = [each if each is None else each.double() for each in (x, *weights, residual)]
    wanted = plain.forward(exact[0], tensors.weights._make(exact[1:5]), exact[5], case.form)  # type: ignore[arg-type]
    try:
        found = launch.run(x, tensors.weights._make(weights), residual, case.form, plan)
    except Exception as error:
        # A tile that does not fit the card is no mistake: probing leaves it out, too.
        failed = 0.0 if type(error).__name__ == "OutOfResources" else float("inf")
        return Check(f"{title}: {type(error).__name__} {str(error)[:200]}", failed, ALLOWED[dtype])
    return Check(title, _error(found, wanted), ALLOWED[dtype])


def _pools(device: torch.device) -> Iterator[Checking]:
    yield from (partial(_pool, name, case, FLOAT, device) for name, case in POOLS.items())
    yield from (partial(_pool, "ragged", POOLS["ragged"], dtype, device) for dtype in (HALF, BRAIN))
    for name, case in XCEPTION_POOLS.items():
        found = Problem("", "", case.image, (3, 3), case.channels, case.image[1], 0, True, case.window)
        yield from (partial(_pool, name, case, BRAIN, device, plan) for plan in candidates(found))


def _pool(name: str, case: Pool, dtype: torch.dtype, device: torch.device, plan: Plan | None = None) -> Check:
    given = pooled(case, dtype)
    given = given._make(each if each is None else each.to(device) for each in given)
    exact = given._make(each if each is None else each.double() for each in given)
    found = run_pool(given, case.window, plan)
    title = f"pool; {name}; {str(dtype).removeprefix('torch.')}; {plan[:5] if plan else 'static'}"
    return Check(title, _error(found, plain_pool(exact, case.window)), ALLOWED[dtype])


def _backs(device: torch.device) -> Iterator[Checking]:
    for name, case in CASES.items():
        if case.form.depthwise_first and case.multiplier == 1:
            yield partial(_back, name, case, FLOAT, device)
    for case in (case for case in XCEPTION if not case.residual):
        yield partial(_back, f"xception, {case.image[1]} to {case.out} at {case.image[2]}", case, BRAIN, device)


def _back(name: str, case: Case, dtype: torch.dtype, device: torch.device) -> Check:
    form, biases = case.form._replace(after="none"), case.biases
    tensors = drawn(case, dtype)
    x, *weights = (each if each is None else each.to(device) for each in tensors.flat[:5])
    assert x is not None
    ours, exact = (tensors.weights._make(each) for each in (weights, [w if w is None else w.double() for w in weights]))
    grad = torch.randn(plain.forward(x, ours, None, form).shape, device=device).to(dtype)
    wanted = plain.backward(grad.double(), x.double(), exact, None, form, (True, True, True, *biases, False))
    found = derivative.run(grad, x, ours, form, biases)
    errors = [_error(one, two) for one, two in zip(found, wanted, strict=False) if two is not None]
    return Check(f"derivatives by kernels; {name}; {str(dtype).removeprefix('torch.')}", max(errors), ALLOWED[dtype])


def _derivatives(device: torch.device) -> Iterator[Checking]:
    yield from (partial(_derivative, name, device) for name in (RAGGED, "pointwise first", "multiplier"))
    yield partial(_derivative_of_pool, "ragged", device)


def _derivative_of_pool(name: str, device: torch.device) -> Check:
    found: list[list[Tensor]] = []
    for dtype, place in ((torch.float64, "cpu"), (FLOAT, device)):
        given = pooled(POOLS[name])
        leaves = [each.to(place, dtype).requires_grad_() for each in given if each is not None]
        pooledsum(*leaves, window=POOLS[name].window).square().sum().backward()
        found.append([each.grad for each in leaves if each.grad is not None])
    return Check(f"derivatives; pool, {name}; float32", max(map(_error, found[1], found[0])), 1e-4)


def _derivative(name: str, device: torch.device) -> Check:
    tensors = drawn(CASES[name]).flat
    exact = _gradients(tensors, CASES[name])
    found = _gradients([each if each is None else each.to(device, FLOAT) for each in tensors], CASES[name])
    return Check(f"derivatives; {name}; float32", max(map(_error, found, exact)), 1e-4)


def _gradients(tensors: Any, case: Case) -> list[Tensor]:
    leaves: list[Any] = [each if each is None else each.detach().requires_grad_() for each in tensors]
    sepconv(*leaves, form=case.form).square().sum().backward()
    return [each.grad for each in leaves if each is not None]


def _networks(device: torch.device) -> Iterator[Checking]:
    types = (FLOAT, BRAIN) if device.type == "cuda" else (FLOAT,)
    return (partial(_network, dtype, device) for dtype in types)


@torch.inference_mode()
def _network(dtype: torch.dtype, device: torch.device) -> Check:
    """Xception as it answers; in few bits, as near to the truth as the plain network in as many, within a half."""
    size = 299 if device.type == "cuda" else 43
    typed, weights = models.network("xception", size).typed, models.weights("xception")
    x = models.images(1, size, torch.device("cpu"), torch.float64)
    wanted = build(typed, dtype=torch.float64, weights=weights).eval()(x)
    given = x.to(device, dtype)
    usual = _error(build(typed, device=device, dtype=dtype, weights=weights).eval()(given), wanted)
    found = _error(models.answering("xception", size, device, dtype)(given), wanted)
    allowed = 1e-4 if dtype == FLOAT else max(1.5 * usual, 0.01)
    return Check(f"xception; {str(dtype).removeprefix('torch.')}; plain {usual:.1e}", found, allowed)


def _error(found: Tensor, wanted: Tensor) -> float:
    """The largest difference over the largest number; NaN counts as infinite."""
    wanted = wanted.to(found.device)
    error = float((found.double() - wanted).abs().max() / wanted.abs().max())
    return error if error == error else float("inf")
