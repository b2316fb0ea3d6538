"""The mistakes of a spec, as a figure tells them: found by where they stand, or as they come up."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import cast

from graphbuilder.diagnostics import Diagnostic, Sink, Span
from graphbuilder.document import Place
from graphbuilder.ir import Graph
from graphbuilder.ir.fault import faults

_MOST_LOOSE = 12


class Noticing(Sink):
    """A sink that gives out what is new in it."""

    def __init__(self, expected: Collection[str], most: int) -> None:
        super().__init__(most)
        self._expected = expected
        self._new: list[Diagnostic] = []

    def add(self, diagnostic: Diagnostic) -> None:
        before = len(self._seen)
        super().add(diagnostic)
        if len(self._seen) > before and said(diagnostic) in self._expected:
            self._new.append(diagnostic)

    def take(self, place: Place | None = None) -> tuple[str, ...]:
        """The mistakes that are new, at ``place`` where one is given, which then are no longer."""
        if not self._new:
            return ()
        taken = self._new if place is None else Mistakes(self._new).at(place)
        self._new = [each for each in self._new if each not in taken]
        return tuple(map(said, taken))


class Mistakes:
    """Errors, to be found by where they stand."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self._found = [each for each in diagnostics if each.severity == "error"]
        self._placed = sorted((each for each in self._found if each.span), key=_order)
        self._orders = [_order(each) for each in self._placed]
        self.all = tuple(dict.fromkeys(map(said, self._found)))

    def within(self, place: Place) -> tuple[str, ...]:
        """What is wrong with what is written at ``place``, its key and all that is in it."""
        return tuple(dict.fromkeys(map(said, self.at(place))))

    def at(self, place: Place) -> list[Diagnostic]:
        """The same as they were reported."""
        try:
            spans = list(_spans(place, place.value)) if self._placed else ()
        except (LookupError, TypeError):  # what stands there was put there by us
            return []
        return [each for span in spans for each in self._in(span)]

    def _in(self, span: Span) -> Sequence[Diagnostic]:
        start = bisect_left(self._orders, span.order)
        return self._placed[start : bisect_left(self._orders, (span.path, span.end_line, span.end_column))]

    def loose(self) -> Iterator[tuple[str, str]]:
        """Each with where it stands, in a word; so many at most, the last then says how many more there are."""
        shown = self._found if len(self._found) <= _MOST_LOOSE else self._found[: _MOST_LOOSE - 1]
        for each in shown:
            yield f"line {each.span.line}" if each.span else "spec", said(each)
        if len(shown) < len(self._found):
            yield "spec", f"{len(self._found) - len(shown)} more mistakes"

    def left_by(self, graph: Graph) -> Mistakes:
        """What no fault of ``graph`` carries."""
        carried = {error for fault in faults(graph) for error in fault.errors}
        return Mistakes([each for each in self._found if said(each) not in carried])


def said(diagnostic: Diagnostic) -> str:
    """A mistake in one line."""
    return f"{diagnostic.code}: {diagnostic.message}"


def remedies(diagnostics: Iterable[Diagnostic]) -> dict[str, str]:
    """What mends each of ``diagnostics`` of which that is known, by how it is ``said``."""
    return {said(each): each.help for each in diagnostics if each.help}


def _order(diagnostic: Diagnostic) -> tuple[str, int, int]:
    assert diagnostic.span is not None, "only what has a place is found by it"
    return diagnostic.span.order


def _spans(place: Place, value: object) -> Iterator[Span]:
    """The spans of what is written at ``place``: that of a table of its own is but its header."""
    yield from (place.key_span, place.span)
    for key, inner in _parts(value):
        yield from _spans(place / key, inner)


def _parts(value: object) -> Iterable[tuple[str | int, object]]:
    if isinstance(value, dict):
        return cast("dict[str | int, object]", value).items()
    return enumerate(cast("list[object]", value)) if isinstance(value, list) else ()


NO_MISTAKES = Mistakes(())
