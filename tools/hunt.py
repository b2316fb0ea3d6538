"""Trials by their seeds, in processes of their own: where one ends or hangs, that is a failure, and the rest go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from time import monotonic
from typing import NamedTuple

_SPAWN = get_context("spawn")
_LOOK = 1.0  # seconds between looks at what hangs
_LAST = 0.5  # seconds in which what has ended says with what


class Finding(NamedTuple):
    """A trial that failed: its seed, what was seen, in few words and in many, and the text that shows it."""

    seed: int
    kind: str
    message: str
    text: str


class Trial(NamedTuple):
    """What is tried.

    Attributes:
        run: the failure of a seed, or None.
        text: what the trial of a seed reads; asked of those that end their process.
        start: what every process begins with.
        count: how many there usually are.
        seconds: what one may take before it hangs.
    """

    run: Callable[[int], Finding | None]
    text: Callable[[int], str]
    start: Callable[[], None]
    count: int
    seconds: float


def _serve(start: Callable[[], None], run: Callable[[int], Finding | None], connection: Connection) -> None:
    """Answer for every seed that comes, until none does."""
    start()
    with suppress(EOFError):
        while True:
            connection.send(run(connection.recv()))


class _Worker:
    """A process that tries one seed after another; where one is its end, the next seed gets another process."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._process: SpawnProcess | None = None
        self._seed, self._since = 0, 0.0
        self.connection: Connection

    def give(self, seed: int) -> None:
        process = self._process or self._begun()
        self._process, self._seed, self._since = process, seed, monotonic()
        with suppress(OSError):  # where it has ended, nobody answers either
            self.connection.send(seed)

    def _begun(self) -> SpawnProcess:
        self.connection, theirs = _SPAWN.Pipe()
        process = _SPAWN.Process(target=_serve, args=(self._trial.start, self._trial.run, theirs), daemon=True)
        process.start()
        theirs.close()  # so that the end of the process is the end of the pipe
        return process

    def hangs(self) -> bool:
        return monotonic() - self._since > self._trial.seconds

    def answer(self) -> Finding | None:
        """The failure of its seed, which may be that the process ended or hangs."""
        try:
            if self.connection.poll():
                return self.connection.recv()
            said = f"hung: no answer in {self._trial.seconds:g} s"
            self.end()
        except (EOFError, OSError):
            said = f"crashed: the process ended with {self.end()}"
        return Finding(self._seed, said.partition(":")[0], said, self._trial.text(self._seed))

    def end(self) -> int | None:
        """End the process, where it has not ended; what it ended with."""
        if self._process is None:
            return None
        self._process.join(_LAST)
        self._process.kill()
        self._process.join()
        code, self._process = self._process.exitcode, None
        self.connection.close()
        return code


def hunt(trial: Trial, seeds: Iterable[int], jobs: int) -> Iterator[Finding | None]:
    """What came of each seed, in the order in which they end; ``jobs`` are tried at a time."""
    rest, workers = iter(seeds), [_Worker(trial) for _ in range(jobs)]
    try:
        busy = [worker for worker in workers if _is_given(worker, rest)]
        while busy:
            answered = wait([worker.connection for worker in busy], _LOOK)
            for worker in [each for each in busy if each.connection in answered or each.hangs()]:
                yield worker.answer()
                if not _is_given(worker, rest):
                    busy.remove(worker)
    finally:
        for worker in workers:
            worker.end()


def _is_given(worker: _Worker, rest: Iterator[int]) -> bool:
    """Whether there was a seed left for it."""
    seed = next(rest, None)
    if seed is not None:
        worker.give(seed)
    return seed is not None
