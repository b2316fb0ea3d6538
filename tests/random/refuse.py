"""What must hold of any text at all: it is a valid spec, or every mistake has a code and a place inside the file, or
inside one of the shipped specs that it extends."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from graphbuilder.compiler import check_text, source
from graphbuilder.diagnostics import CompileError, Diagnostic, Span
from graphbuilder.diagnostics.draw import draw
from graphbuilder.elaborate import Limits
from tests.random.mutate import SPECS

SECONDS = 2.0
# What takes too long does so as often; once, it may be the work of others on the same processor.
TRIES = 3
# What a slip of the hand makes large is refused by smaller limits than those of a real network, and sooner.
LIMITS = Limits(nodes=20_000)
# What the text itself is called.
NAME = "bent.toml"


class TooSlow(Exception):
    """A text took more processor time than any text may."""


@contextmanager
def bounded(seconds: float = SECONDS) -> Iterator[None]:
    """Raise ``TooSlow`` behind so many seconds of this process's own time."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TooSlow(f"more than {seconds} s")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def complaint(text: str) -> str | None:
    """What is wrong with how ``text`` is treated; None where nothing is."""
    try:
        return _tried(text)
    except Exception as error:  # whatever it is, it is a finding
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else ""
        return f"{type(error).__name__}: {error} at {where}"


def _tried(text: str) -> str | None:
    for _ in range(TRIES - 1):
        with suppress(TooSlow), bounded():
            return _complaint(text)
    with bounded():
        return _complaint(text)


def _complaint(text: str) -> str | None:
    checked = check_text(text, NAME, folder=SPECS, limits=LIMITS)
    for each in checked.diagnostics:
        if wrong := _misplaced(each, text):
            return wrong
    if checked.network is None:
        return None if any(each.severity == "error" for each in checked.diagnostics) else "refused without an error"
    try:
        source(checked.network)
    except CompileError as error:
        return next(filter(None, (_misplaced(each, text) for each in error.diagnostics)), None)
    return None


def _misplaced(diagnostic: Diagnostic, text: str) -> str | None:
    if diagnostic.code.startswith("GB9"):
        return f"a fault of ours: {diagnostic}"
    if diagnostic.span is None:
        return f"no place: {diagnostic}"
    spans = (diagnostic.span, *(label.span for label in diagnostic.related))
    outside = next((span for span in spans if not _inside(span, text)), None)
    if outside is not None:
        return f"outside the file: {outside} of {diagnostic}"
    drawn = draw((diagnostic,))
    if not drawn or any(ord(letter) < 32 and letter != "\n" for letter in drawn):
        return f"drawn badly: {drawn!r}"
    return None


def _inside(span: Span, text: str) -> bool:
    """Whether a span stands in the text, or in the shipped file that it names, its very end included."""
    lines = (text if span.path == NAME else Path(span.path).read_text()).split("\n")
    if not 1 <= span.line <= span.end_line <= len(lines):
        return False
    first, last = lines[span.line - 1], lines[span.end_line - 1]
    return 1 <= span.column <= len(first) + 1 and 1 <= span.end_column <= len(last) + 1
