"""Turns are fair: nobody's threads are in the way of who is next, and one engine is as fast as itself."""

from __future__ import annotations

from time import process_time

import pytest
import torch
from torch import nn

from graphbuilder.backends.torch import rounds
from graphbuilder.backends.torch.engines import make
from graphbuilder.backends.torch.engines.onnxruntime import session_of
from graphbuilder.backends.torch.rounds import in_turns, turn
from tests.clock import TURNS

CPU = torch.device("cpu")


class Machine:
    """Threads that work on a core for so many milliseconds after a run has ended; time passes in sleep alone."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, spinning: float) -> None:
        self.now, self.worked, self._spinning = 0.0, 0.0, spinning
        monkeypatch.setattr(rounds, "perf_counter", lambda: self.now)
        monkeypatch.setattr(rounds, "process_time", lambda: self.worked)
        monkeypatch.setattr(rounds, "sleep", self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.worked += min(seconds, max(0.0, self._spinning - self.now))
        self.now += seconds


@pytest.mark.parametrize(("spinning", "begins"), [(0.0, 0.001), (0.0303, 0.032), (9.0, 0.5)])
def test_a_turn_begins_when_threads_rest(spinning: float, begins: float, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch, spinning)
    begun: list[float] = []
    turn(lambda: begun.append(machine.now), CPU)
    assert begun == [pytest.approx(begins, abs=0.0015)] * 2


def test_one_engine_is_as_fast_as_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """ONNX Runtime by us beside its own session: on one thread and by the processor's time, which others on the machine
    change little."""
    monkeypatch.setattr(rounds, "perf_counter", process_time)
    monkeypatch.setattr(rounds, "_rest", lambda: None)
    wide = [nn.Conv2d(48, 48, 3, padding=1) for _ in range(8)]
    module, x = nn.Sequential(*wide).eval().requires_grad_(False), torch.randn(1, 48, 28, 28)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        ours, session = make("onnxruntime", module, [x]), session_of(module, [x])
    finally:
        torch.set_num_threads(before)
    feed = {session.get_inputs()[0].name: x.numpy()}

    def speed() -> float:
        mine, theirs = in_turns([lambda: ours(x), lambda: session.run(None, feed)], CPU, 0.5, lambda *_: None)
        return rounds.ratio(theirs, mine)

    assert any(0.85 < speed() < 1.15 for _ in range(TURNS))
