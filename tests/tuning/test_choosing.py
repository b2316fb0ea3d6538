"""Who wins, by clocks that are made up."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor

from graphbuilder.backends.torch.engines import Way
from graphbuilder.tuning import choosing
from graphbuilder.tuning.choosing import Trial, apart, choose
from graphbuilder.tuning.tune import ways

EAGER, FIRST, GRAPH = Way(), Way("eager", "first"), Way("graph")
CPU = torch.device("cpu")


class Clock:
    """
    Attributes:
        spinning: the way whose threads wait for its next run, in everybody else's way.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.spinning: Way | None = None

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Time that passes only where a run or a maker says so."""
    found = Clock()

    def timed(run: Callable[[], object], place: torch.device) -> float:
        before = found.now
        run()
        return found.now - before

    def in_turns(
        runs: Sequence[Callable[[], object]], place: torch.device, left: float, tell: object, *, warm_up: int
    ) -> object:
        return [[turn(run, place) for _ in range(3)] for run in runs]

    def turn(run: Callable[[], object], place: torch.device) -> float:
        found.spinning = None
        return timed(run, place)

    monkeypatch.setattr(choosing, "timed", timed)
    monkeypatch.setattr(choosing, "turn", turn)
    monkeypatch.setattr(choosing, "in_turns", in_turns)
    return found


def chosen(
    clock: Clock, takes: dict[Way, float], answers: dict[Way, float], making: float = 0.0, spin: float = 1.0
) -> tuple[Way, dict[Way, str]]:
    def make(way: Way) -> Callable[[Tensor], Tensor]:
        clock.now += making
        if answers[way] < 0:
            raise KeyError("\x1b[2Jboom")

        def run(x: Tensor) -> Tensor:
            clock.now += takes[way] * (1 if clock.spinning in (None, way) else spin)
            clock.spinning = clock.spinning or way
            return x * answers[way]

        return run

    trial = Trial([torch.ones(2)], [torch.ones(2)], 1e-4, CPU, 10.0)
    way, found = choose(list(takes), make, trial, clock=clock)
    return way, {each: found[str(each)].left_out for each in takes}


def test_the_fastest_wins(clock: Clock) -> None:
    way, told = chosen(clock, {EAGER: 1.0, FIRST: 0.9, GRAPH: 0.5}, {EAGER: 1, FIRST: 1, GRAPH: 1})
    assert (way, told) == (GRAPH, {EAGER: "", FIRST: "slow at first sight", GRAPH: ""})


def test_a_glance_waits_for_the_threads_of_whoever_ran_before(clock: Clock) -> None:
    way, told = chosen(clock, {EAGER: 0.1, FIRST: 0.09, GRAPH: 0.08}, {EAGER: 1, FIRST: 1, GRAPH: 1}, spin=4.0)
    assert (way, told) == (GRAPH, {EAGER: "", FIRST: "", GRAPH: ""})


@pytest.mark.parametrize(
    ("answer", "why"),
    [(1.001, "its answers are 1.0e-03 apart"), (float("nan"), "nan apart"), (-1.0, "fails: KeyError")],
)
def test_wrong_answers_and_failures_never_win(answer: float, why: str, clock: Clock) -> None:
    way, told = chosen(clock, {EAGER: 1.0, GRAPH: 0.1}, {EAGER: 1, GRAPH: answer})
    assert way == EAGER and why in told[GRAPH] and "\x1b" not in told[GRAPH]


def test_whoever_comes_too_late_is_left_out(clock: Clock) -> None:
    way, told = chosen(clock, {EAGER: 1.0, FIRST: 0.9, GRAPH: 0.1}, {EAGER: 1, FIRST: 1, GRAPH: 1}, making=3.0)
    assert (way, told[GRAPH]) == (FIRST, "no time was left")


def test_where_none_may_win_nothing_is_tuned(clock: Clock) -> None:
    assert chosen(clock, {EAGER: 1.0, GRAPH: 0.1}, {EAGER: 2, GRAPH: 2})[0] == EAGER


def test_an_engine_that_is_not_installed_is_named(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "lacking", lambda engine: ["openvino"] if engine == "openvino" else [])
    _, told = chosen(clock, {EAGER: 1.0, Way("openvino"): 0.1}, {EAGER: 1, Way("openvino"): 1})
    assert "pip install 'graphbuilder[openvino]'" in told[Way("openvino")]


def test_apart() -> None:
    one, two = torch.tensor([1.0, 4.0]), torch.tensor([1.0, 2.0])
    assert apart([one, one], [one, two]) == 1.0


@pytest.mark.parametrize(
    ("kind", "dtype", "engines"),
    [
        ("cpu", "float32", {"eager", "openvino", "onnxruntime", "onnxruntime-resting", "freezing", "compile"}),
        ("cpu", "bfloat16", {"eager", "openvino", "freezing", "compile"}),
        ("cpu", "float16", {"eager", "freezing", "compile"}),
        ("cuda", "bfloat16", {"eager", "graph", "max-autotune"}),
    ],
)
def test_what_is_tried(kind: str, dtype: str, engines: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    found = ways(kind, dtype)
    assert {way.engine for way in found} == engines and found[0].engine == "eager"
    assert len(set(map(str, found))) == len(found)
    if kind == "cpu":
        # Where time is short, those that win come first.
        assert [way.engine for way in found[-3:]] == ["eager", "freezing", "compile"]
    assert any(way.fused for way in found) == (kind == "cuda")


def test_no_more_time_passes_than_one_takes_to_make(clock: Clock) -> None:
    """Most of ten seconds are spent on three that are made, run and seen at first sight: there are no turns."""
    way, told = chosen(clock, {EAGER: 0.4, FIRST: 0.3, GRAPH: 0.39}, {EAGER: 1, FIRST: 1, GRAPH: 1}, making=1.5)
    assert (way, told, clock.now) == (FIRST, {EAGER: "", FIRST: "", GRAPH: ""}, pytest.approx(4.5 + 3 * 1.09))
