"""The stages of a long command: each timed, and told on a terminal while it runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from time import perf_counter

Tell = Callable[[int, int], None]


class Stages:
    """Collects the seconds that stages took, by name, in the order in which they ran."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str, telling: str, counted: bool = False) -> Generator[Tell]:
        """Time what runs inside; ``telling`` is what a terminal shows meanwhile, with a bar where rounds are counted.

        Gives what to tell of (rounds done, rounds in all).
        """
        with self.timed(name), bar(telling) if counted else _spinner(telling) as tell:
            yield tell

    @contextmanager
    def timed(self, name: str) -> Generator[None]:
        """Time what runs inside, which tells what it does by itself."""
        start = perf_counter()
        yield
        self.seconds[name] = perf_counter() - start

    def __str__(self) -> str:
        return ", ".join(f"{name} {shown(seconds)}" for name, seconds in self.seconds.items())


def shown(seconds: float) -> str:
    """``1.24 s``, or ``86 ms`` for less than one."""
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.0f} ms"


def silent(done: int, rounds: int) -> None:
    """Tell nobody."""


@contextmanager
def bar(telling: str) -> Generator[Tell]:
    """A bar on a terminal, ``telling`` what is done before rounds are timed; nothing for anything else."""
    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(telling, total=None)
        yield lambda done, rounds: progress.update(task, description="timing", completed=done, total=rounds)


@contextmanager
def bars() -> Generator[Callable[[str], Tell]]:
    """A bar on a terminal for whatever is being done; nothing for anything else."""
    if not sys.stderr.isatty():
        yield lambda doing: silent
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("starting", total=None)

        def telling(doing: str) -> Tell:
            return lambda done, rounds: progress.update(task, description=doing, completed=done, total=rounds)

        yield telling


@contextmanager
def _spinner(telling: str) -> Generator[Tell]:
    """A spinner on a terminal; nothing for anything else, which keeps rich unimported."""
    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console

    with Console(stderr=True).status(telling):
        yield silent
