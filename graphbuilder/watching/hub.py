"""What the browsers are to show: kept in one place, with a number that grows, so that each knows what it has not."""

from __future__ import annotations

import json
import time
from threading import Condition
from typing import Any, NamedTuple


class State(NamedTuple):
    """What is known at one time.

    Attributes:
        turn: how often anything was told.
        version: of the figure, greater than that of any before, of an earlier hub too; 0 where there is none yet.
        data: the figure as JSON on one line.
        faults: the mistakes as JSON on one line.
    """

    turn: int = 0
    version: int = 0
    data: str = "null"
    faults: str = "[]"


class Hub:
    """Tells many what one says."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._open = True
        self.state = State()

    def show(self, data: dict[str, Any]) -> None:
        """Let this be the figure, and nothing be wrong with it; one that is the same is not shown again."""
        line = _line(data)
        version = self.state.version
        if line != self.state.data:
            version = max(version + 1, time.time_ns() // 1_000_000)
        self._tell(version, line, "[]")

    def fault(self, mistakes: list[dict[str, Any]]) -> None:
        """Let these be the mistakes; the figure stays."""
        self._tell(self.state.version, self.state.data, _line(mistakes))

    def close(self) -> None:
        """Let nobody wait any longer."""
        with self._changed:
            self._open = False
            self._changed.notify_all()

    def after(self, turn: int, seconds: float) -> State | None:
        """What is known once it is more than at ``turn``, or after so many seconds; None when nothing more comes."""
        with self._changed:
            self._changed.wait_for(lambda: not self._open or self.state.turn > turn, timeout=seconds)
            return self.state if self._open else None

    def _tell(self, version: int, data: str, faults: str) -> None:
        with self._changed:
            self.state = State(self.state.turn + 1, version, data, faults)
            self._changed.notify_all()


def _line(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
