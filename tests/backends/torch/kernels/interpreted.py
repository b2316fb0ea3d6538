"""Run as a program: every case by every kernel in Triton's interpreter, against torch in double precision.

A process of its own, since Triton decides once, as a kernel is read, whether it is interpreted. Memory that a kernel is
given to write is full of NaN before. Prints a JSON object: the largest error of each run over the largest number.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

os.environ["TRITON_INTERPRET"] = "1"

import torch
from torch import Tensor

from graphbuilder.backends.torch.kernels import derivative, launch, plain
from graphbuilder.backends.torch.kernels.plans import Plan
from graphbuilder.backends.torch.kernels.pooledsum import plain as plain_pool
from graphbuilder.backends.torch.kernels.pooledsum import run as run_pool
from tests.backends.torch.kernels.cases import CASES, Case, Tensors, drawn
from tests.backends.torch.kernels.pools import POOLS, pooled

PLANS = {
    "span": Plan("span", 128, 64, 64),
    "persistent": Plan("persistent", 128, 64, 64),
    "halves": Plan("halves", 128, 64, 64),
    "blas": Plan("blas"),
}
# Several tiles along each axis, several images at a time.
SMALL = {
    "span, small tiles": Plan("span", 32, 16, 16),
    "persistent, small tiles": Plan("persistent", 32, 32, 16),
    "halves, an image at a time": Plan("halves", 32, 32, 16, images=1),
    "blas, two images at a time": Plan("blas", images=2),
    "library": Plan("library"),
}
RAGGED = "all around"
# The interpreter multiplies no matrices in bfloat16: its products are those of "blas" alone.
REDUCED = (
    ("span", torch.float16),
    ("persistent", torch.float16),
    ("halves", torch.float16),
    ("blas", torch.float16),
    ("blas", torch.bfloat16),
)


POOL_PLANS = {
    "a tile": Plan("pooled", 64, 64, 32),
    "small tiles": Plan("pooled", 16, 16, 16),
    "library": Plan("library"),
}
LARGEST = launch.LARGEST
WHOLE = derivative.Tile(256, 64, 4, 1)


def main() -> None:
    torch.set_num_threads(1)
    found = {name: error(case, plan, dtype) for name, case, plan, dtype in runs()}
    found |= pools()
    found |= derivatives()
    found["NaN"] = 0.0 if nan_stays() else 1.0
    print(json.dumps(found))


def runs() -> Iterator[tuple[str, Case, Plan, torch.dtype]]:
    for name, case in CASES.items():
        title = "span" if case.form.depthwise_first else "halves"
        yield f"{name}; {title}", case, PLANS[title], torch.float32
    case = CASES[RAGGED]
    for title, plan in {**PLANS, **SMALL}.items():
        yield f"{RAGGED}; {title}", case, plan, torch.float32
    for title, dtype in REDUCED:
        yield f"{RAGGED}; {title}; {dtype}", case, PLANS[title], dtype
    for title in ("persistent", "halves"):
        yield f"multiplier; {title}", CASES["multiplier"], PLANS[title], torch.float32
    launch.LARGEST = 0
    for title, plan in PLANS.items():
        yield f"{RAGGED}; {title}; 64-bit offsets", case, plan, torch.float32


def error(case: Case, plan: Plan, dtype: torch.dtype) -> float:
    tensors = drawn(case, dtype)
    exact = tensors.to(torch.float64)
    wanted = plain.forward(exact.x, exact.weights, exact.residual, case.form)
    found = poisoned(tensors, case, plan)
    assert found.shape == wanted.shape
    assert found.dtype == dtype
    assert found.is_contiguous(memory_format=torch.channels_last)
    return float((found.double() - wanted).abs().max() / wanted.abs().max())


def poisoned(tensors: Tensors, case: Case, plan: Plan) -> Tensor:
    """The result; what is allocated on the way is NaN wherever nothing has been written."""
    torch.use_deterministic_algorithms(True)
    assert torch.empty(3).isnan().all()
    assert torch.empty(3).new_empty(3).isnan().all()
    try:
        return launch.run(tensors.x, tensors.weights, tensors.residual, case.form, plan)
    finally:
        torch.use_deterministic_algorithms(False)


def pools() -> dict[str, float]:
    """The error of every pooled sum."""
    launch.LARGEST = LARGEST
    runs = [(name, "a tile", torch.float32) for name in POOLS]
    runs += [("ragged", tile, torch.float32) for tile in ("small tiles", "library")]
    runs += [("ragged", "a tile", torch.float16)]
    found = {f"pool, {name}; {tile}; {dtype}": pool_error(name, tile, dtype) for name, tile, dtype in runs}
    launch.LARGEST = 0
    return {**found, "pool; 64-bit offsets; float32": pool_error("ragged", "a tile", torch.float32)}


def pool_error(name: str, tile: str, dtype: torch.dtype) -> float:
    case = POOLS[name]
    given = pooled(case, dtype)
    exact = given._make(each if each is None else each.double() for each in given)
    wanted = plain_pool(exact, case.window)
    torch.use_deterministic_algorithms(True)
    found = run_pool(given, case.window, POOL_PLANS[tile])
    torch.use_deterministic_algorithms(False)
    assert (found.shape, found.dtype) == (wanted.shape, dtype)
    return float((found.double() - wanted).abs().max() / wanted.abs().max())


def derivatives() -> dict[str, float]:
    """The error of the derivatives of every convolution that begins with its depthwise half and ends with the other."""
    ends = {name: case._replace(form=case.form._replace(after="none")) for name, case in CASES.items()}
    cases = {name: case for name, case in ends.items() if case.form.depthwise_first and case.multiplier == 1}
    launch.LARGEST = LARGEST
    found = {f"derivatives, {name}; float32": derivative_error(case, torch.float32) for name, case in cases.items()}
    found[f"derivatives, {RAGGED}; float16"] = derivative_error(cases[RAGGED], torch.float16)
    for name, tile in {"its own tiles": derivative.Tile(), "small tiles": derivative.Tile(32, 16, 4, 2)}.items():
        found[f"derivatives, {RAGGED}, {name}; float32"] = derivative_error(cases[RAGGED], torch.float32, tile)
    launch.LARGEST = 0
    return {**found, "derivatives; 64-bit offsets; float32": derivative_error(cases[RAGGED], torch.float32)}


def derivative_error(case: Case, dtype: torch.dtype, tile: derivative.Tile = WHOLE) -> float:
    """By the operator's kernels, on memory that is poisoned."""
    tensors = drawn(case, dtype)
    exact = tensors.to(torch.float64)
    given = plain.forward(exact.x, exact.weights, None, case.form)
    grad = torch.randn(given.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64).to(dtype)
    biases = case.biases
    wanted = plain.backward(grad.double(), exact.x, exact.weights, None, case.form, (True, True, True, *biases, False))
    torch.use_deterministic_algorithms(True)
    found = derivative.run(grad, tensors.x, tensors.weights, case.form, biases, tile)
    torch.use_deterministic_algorithms(False)
    return max(apart(one, two) for one, two in zip(found, wanted, strict=False) if two is not None)


def apart(found: Tensor, wanted: Tensor) -> float:
    assert found.shape == wanted.shape
    return float((found.double() - wanted).abs().max() / wanted.abs().max())


def nan_stays() -> bool:
    """Whether a NaN of the input is in every pixel that reads it, behind each activation, and nowhere else."""
    given, window = pooled(POOLS["plain"], torch.float32), POOLS["plain"].window
    given.pooled[0, 1, 3, 3] = float("nan")
    if not torch.equal(run_pool(given, window).isnan(), plain_pool(given, window).isnan()):
        return False
    for name in CASES:
        if not name.endswith("everywhere"):
            continue
        case = CASES[name]
        tensors = drawn(case, torch.float32)
        tensors.x[0, 1, 3, 3] = float("nan")
        found = launch.run(tensors.x, tensors.weights, None, case.form, PLANS["span"])
        wanted = plain.forward(tensors.x, tensors.weights, None, case.form)
        if not torch.equal(found.isnan(), wanted.isnan()):
            return False
    return True


if __name__ == "__main__":
    main()
