"""Our kernels on a machine without a GPU: interpreted against double precision, and compiled for one."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from math import inf
from pathlib import Path

import pytest
import torch
from torch import OutOfMemoryError

from graphbuilder.backends.torch.kernels import Form, Window
from graphbuilder.backends.torch.kernels.plans import (
    Plan,
    Problem,
    candidates,
    forget,
    plan_of,
    probing,
    remember,
    remembered,
    static,
)

ROOT = Path(__file__).parents[4]
errors = pytest.importorskip("triton.runtime.errors", reason="triton has no wheel for this machine")
OutOfResources, PTXASError = errors.OutOfResources, errors.PTXASError


def printed(program: str, *arguments: str) -> dict[str, float]:
    command = [sys.executable, "-m", f"tests.backends.torch.kernels.{program}", *arguments]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_every_kernel_against_double_precision() -> None:
    errors = printed("interpreted")
    allowed = {"bfloat16": 2e-2, "float16": 2e-3, "derivatives": 1e-5, "": 1e-6}
    limits = {name: next(limit for kind, limit in allowed.items() if kind in name) for name in errors}
    wrong = {name: error for name, error in errors.items() if not error < limits[name]}
    assert wrong == {}
    assert len(errors) > 75


def test_every_kernel_compiles_for_a_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The interpreter takes more than the compiler does."""
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    products = printed("compiled")
    assert set(products) == {"span", "persistent", "depthwise", "pointwise", "pooled_sum", "depthwise_back"}
    assert {name for name, count in products.items() if not count} == {"depthwise", "depthwise_back"}


def problem(**changes: object) -> Problem:
    xception = Problem("an H200", "bfloat16", (256, 728, 19, 19), (3, 3), 728, 728, 256 * 361, False, Form())
    return xception._replace(**changes)


def test_static_plans() -> None:
    assert static(problem(out=256)).columns == 256
    assert static(problem()).kind == "blas"
    assert static(problem(residual=True)).kind == "halves"
    assert static(problem(form=Form(depthwise_first=False), out=128)).kind == "blas"


def test_what_lies_between_stays_in_a_cache() -> None:
    images = static(problem()).images
    assert 0 < images * 361 * 728 * 2 <= 24 << 20 < (images + 1) * 361 * 728 * 2
    assert static(problem(shape=(8, 728, 19, 19), pixels=8 * 361)).images == 0


def test_the_fastest_plan_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    plans = importlib.import_module("graphbuilder.backends.torch.kernels.plans")
    ran: list[Plan] = []
    fastest = Plan("persistent", 128, 128, 64, 4)

    def time(run: object, plan: Plan) -> float:
        ran.append(plan)
        return 1.0 if plan == fastest else 2.0

    monkeypatch.setattr(plans, "_time", time)
    forget()
    assert plan_of(problem(), lambda plan: None) == static(problem())
    with probing():
        assert plan_of(problem(), lambda plan: None) == fastest
    assert set(ran) == set(candidates(problem()))
    rows = json.loads(json.dumps(remembered()))
    forget()
    remember(rows)
    assert plan_of(problem(), lambda plan: None) == fastest
    assert plan_of(problem(out=512), lambda plan: None) == static(problem(out=512))
    forget()


@pytest.mark.parametrize(
    "error", [OutOfResources(300_000, 232_448, "shared memory"), PTXASError("too many registers"), OutOfMemoryError()]
)
def test_a_plan_that_the_device_has_no_room_for_is_left_out(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    plans = importlib.import_module("graphbuilder.backends.torch.kernels.plans")
    order: list[str] = []

    def bench(run: object, **given: object) -> float:
        order.append("timed")
        raise error

    monkeypatch.setattr("triton.testing.do_bench_cudagraph", bench)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: order.append("waited"))
    assert plans._time(lambda plan: None, Plan("span")) == inf
    assert order == ["waited", "timed"]


def test_pools_are_tried_too(monkeypatch: pytest.MonkeyPatch) -> None:
    plans = importlib.import_module("graphbuilder.backends.torch.kernels.plans")
    monkeypatch.setattr(plans, "_time", lambda run, plan: 1.0 if plan.kind == "library" else 2.0)
    pool = problem(form=Window((3, 3), (2, 2), (1, 1), step=(2, 2)), residual=True)
    assert {plan.kind for plan in candidates(pool)} == {"pooled", "library"}
    assert plan_of(pool, lambda plan: None) == static(pool) == next(candidates(pool))
    with probing():
        assert plan_of(pool, lambda plan: None).kind == "library"
    rows = json.loads(json.dumps(remembered()))
    forget()
    remember(rows)
    assert plan_of(pool, lambda plan: None).kind == "library"
    forget()


def test_only_what_multiplies_runs_on_a_gpu() -> None:
    launch = importlib.import_module("graphbuilder.backends.torch.kernels.launch")
    cases = importlib.import_module("tests.backends.torch.kernels.cases")
    drawn = cases.drawn(cases.CASES["all around"], torch.float32)
    assert launch.fits(*drawn)
    assert not launch.fits(*drawn.to(torch.float64))
    assert not launch.fits(drawn.x.half(), drawn.weights, drawn.residual)
