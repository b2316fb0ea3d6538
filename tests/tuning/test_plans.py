"""Plans: found, remembered, written, read again; and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

import graphbuilder as gb
from graphbuilder.backends.torch import tuned as tuned_module
from graphbuilder.backends.torch.engines import Way
from graphbuilder.backends.torch.kernels import Form, Window
from graphbuilder.backends.torch.kernels.plans import Plan as Kernel
from graphbuilder.backends.torch.kernels.plans import Problem, forget, remember, remembered
from graphbuilder.diagnostics import CompileError
from graphbuilder.tuning import tune as tuning
from graphbuilder.tuning.keeping import path_of
from graphbuilder.tuning.plan import Plan, Tried, read
from graphbuilder.tuning.tune import Tuning, Wanted
from tests.cli.running import write
from tests.tuning.test_tuned import SPEC


@pytest.fixture(autouse=True)
def searches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[float]:
    """The seconds of every search; no search takes any, the second of two ways wins."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name, **_: tmp_path / "cache" / name)
    monkeypatch.setattr(tuned_module, "make", lambda engine, module, inputs: partial(type(module).forward, module))
    monkeypatch.chdir(tmp_path)
    write("small.toml", SPEC)
    told: list[float] = []

    def choose(ways: Sequence[Way], make: Callable[[Way], object], trial: object, tell: object) -> object:
        told.append(trial.seconds)  # type: ignore[attr-defined]
        make(ways[2])
        return ways[2], {str(ways[0]): Tried(0.02, 0.0), str(ways[2]): Tried(0.01, 1e-7), "c": Tried(left_out="slow")}

    monkeypatch.setattr(tuning, "choose", choose)
    return told


def tuned(seconds: float | None = 5.0, path: str | None = None, **options: object) -> Tuning:
    network = gb.load("small.toml")
    return tuning.tune(Wanted(network.name, network.typed, **options), seconds, path)  # type: ignore[arg-type]


def codes(error: pytest.ExceptionInfo[CompileError]) -> list[str]:
    return [each.rule.code for each in error.value.diagnostics]


def test_what_was_found_is_remembered_for_its_case(searches: list[float]) -> None:
    sources = [tuned().source, tuned().source, tuned(2.0).source]
    assert sources[0].startswith("timed here in ") and sources[1:] == ["remembered", "remembered"]
    assert searches == [5.0]
    for asked in (lambda: tuned(6.0), lambda: tuned(batch=2), lambda: tuned(dtype="bfloat16"), lambda: tuned(seed=1)):
        asked()
    assert searches == [5.0, 6.0, 5.0, 5.0]


def test_what_is_no_plan_in_the_cache_is_looked_for_anew(searches: list[float]) -> None:
    path = path_of(tuned().plan.case)
    path.write_text("format = 2")
    assert tuned().source.startswith("timed here")
    assert read(path)[0] == tuned().plan


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    found = tuned()
    assert found.plan.way == Way("openvino") and "the choice is not remembered: cannot make" in found.notes[0]


def test_a_plan_is_written_and_read(searches: list[float]) -> None:
    first = tuned(path="x.plan.toml")
    again = tuned(None, "x.plan.toml")
    assert (again.plan, again.source) == (first.plan, "read from x.plan.toml")
    assert tuned(9.0, "x.plan.toml").source == "read from x.plan.toml" and searches == [5.0]
    assert str(first.plan).splitlines()[3].split() == ["OpenVINO", "10.0", "ms", "2.00", "chosen"]


@pytest.mark.parametrize(
    ("old", "new", "code", "told"),
    [
        ("format = 1", "format = 2", "GB712", "format"),
        ('engine = "openvino"', 'engine = "__import__"', "GB712", "engine"),
        ('engine = "openvino"', "engine = 3", "GB712", "engine"),
        ("fused = false", "fused = 0", "GB712", "fused"),
        ("seconds = 5.0", "seconds = nan", "GB712", "seconds"),
        ("[choice]", "[choice]\nrun = 'rm'", "GB712", "run"),
        ("image = [1, ", "image = [2, ", "GB713", "1x3x12x12"),
        ('dtype = "float32"', 'dtype = "bfloat16"', "GB713", "float32"),
        ('kind = "cpu"', 'kind = "cuda"', "GB713", "cpu"),
        ('graph = "', 'graph = "0', "GB713", "another network"),
    ],
)
def test_bad_plans_are_refused_with_their_place(old: str, new: str, code: str, told: str) -> None:
    tuned(path="x.plan.toml")
    text = Path("x.plan.toml").read_text()
    assert old in text
    Path("x.plan.toml").write_text(text.replace(old, new, 1))
    with pytest.raises(CompileError) as error:
        tuned(None, "x.plan.toml")
    (found,) = error.value.diagnostics
    assert (codes(error), found.span is not None, bool(found.help)) == ([code], True, True)
    assert told in found.message


def test_a_plan_of_another_machine_is_taken_and_told() -> None:
    tuned(path="x.plan.toml")
    text = Path("x.plan.toml").read_text()
    Path("x.plan.toml").write_text(text.replace('device = "', 'device = "Other ', 1))
    assert tuned(None, "x.plan.toml").notes == ("the plan was made with other hardware",)


def test_an_engine_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    tuned(path="x.plan.toml")
    monkeypatch.setattr(tuning, "lacking", lambda engine: [engine])
    with pytest.raises(CompileError) as error:
        tuned(None, "x.plan.toml")
    assert codes(error) == ["GB714"] and "graphbuilder[openvino]" in (error.value.diagnostics[0].help or "")


def test_nothing_is_timed_on_meta() -> None:
    with pytest.raises(CompileError, match="meta"):
        tuned(device="meta")
    with pytest.raises(ValueError, match="float64"):
        tuned(dtype=torch.float64)


def test_from_python(searches: list[float]) -> None:
    module = gb.compile("small.toml", tune=5, plan="x.plan.toml", batch=2)
    assert "tuned for 2x3x12x12: OpenVINO" in repr(module) and Path("x.plan.toml").exists()
    with pytest.raises(ValueError, match="optimize"):
        gb.compile("small.toml", tune=5, optimize="none")
    with pytest.raises(ValueError, match="batch"):
        gb.compile("small.toml", tune=5, batch=0)
    with pytest.raises(CompileError, match="GB713"):
        gb.compile("small.toml", plan="x.plan.toml")


def test_a_plan_prints_as_a_table() -> None:
    plan = tuned().plan
    assert isinstance(plan, Plan) and "times as fast" in str(plan)


def kernels() -> list[dict[str, Any]]:
    """What is remembered of two shapes, as if they had been tried."""
    for each in (Form(before="relu", padding=(1, 1, 1, 1)), Window((3, 3), (2, 2))):
        problem = Problem("an H200", "bfloat16", (256, 728, 19, 19), (3, 3), 728, 728, 256 * 361, False, each)
        remember([{"problem": {**problem._asdict(), "form": each._asdict()}, "plan": Kernel("library")._asdict()}])
    return [{"problem": each["problem"], "plan": each["plan"]} for each in remembered()]


def test_a_plan_has_its_kernels() -> None:
    forget()
    first = tuned()
    plan = replace(first.plan, kernels=tuple(kernels()))
    assert len(plan.kernels) == 2
    Path("x.plan.toml").write_text(plan.toml())
    forget()
    again = tuned(None, "x.plan.toml")
    assert again.plan == plan and again.notes == ()
    assert [each["plan"]["kind"] for each in remembered()] == ["library", "library"]
    forget()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('kind = "library"', 'kind = "other"', "kernels.found.0.plan.kind"),
        ("made = 728", "made = 0", "kernels.found.0.problem.made"),
        ('before = "relu"', 'before = "tan"', "kernels.found.0.problem.form"),
    ],
)
def test_bad_kernels_are_refused(old: str, new: str, told: str) -> None:
    plan = replace(tuned().plan, kernels=tuple(kernels()))
    forget()
    Path("x.plan.toml").write_text(plan.toml().replace(old, new, 1))
    with pytest.raises(CompileError) as error:
        tuned(None, "x.plan.toml")
    assert set(codes(error)) == {"GB712"} and told in error.value.diagnostics[0].message


def test_kernels_that_nobody_would_try_are_left_out() -> None:
    plan = replace(tuned().plan, kernels=tuple(kernels()))
    forget()
    Path("x.plan.toml").write_text(plan.toml().replace("rows = 128", "rows = 127", 1))
    assert tuned(None, "x.plan.toml").notes == ("kernels of the plan that this version does not try: 1",)
    assert len(remembered()) == 1
    forget()
