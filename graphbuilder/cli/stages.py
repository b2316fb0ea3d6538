"""The stages of a long command: each timed, and told on a terminal while it runs."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from time import perf_counter


class Stages:
    """Collects the seconds that stages took, by name, in the order in which they ran."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str, telling: str) -> Generator[None]:
        """Time what runs inside; ``telling`` is what a terminal shows meanwhile."""
        start = perf_counter()
        with _spinner(telling):
            yield
        self.seconds[name] = perf_counter() - start

    def __str__(self) -> str:
        return ", ".join(f"{name} {shown(seconds)}" for name, seconds in self.seconds.items())


def shown(seconds: float) -> str:
    """``1.24 s``, or ``86 ms`` for less than one."""
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.0f} ms"


@contextmanager
def _spinner(telling: str) -> Generator[None]:
    """A spinner on a terminal; nothing for anything else, which keeps rich unimported."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(telling):
        yield
