"""How much one elaboration may compute: a count that only grows, and the end of the elaboration when it is too much."""

from __future__ import annotations

from graphbuilder.diagnostics import Sink
from graphbuilder.diagnostics.catalogue.limits import TooManyTerms
from graphbuilder.document import Place


class Stopped(Exception):
    """The elaboration ends here, for a limit that was reported."""


class Terms:
    """The terms that were computed, of at most ``limit``."""

    def __init__(self, limit: int, sink: Sink) -> None:
        self._limit = limit
        self._sink = sink
        self._counted = 0

    def count(self, terms: int) -> None:
        """Keep ``terms`` in mind; ``spend`` looks whether they were too many."""
        self._counted += terms

    def spend(self, terms: int, place: Place) -> None:
        """Count ``terms``, which are computed at ``place``.

        Raises:
            Stopped: when all until now are more than the limit.
        """
        self._counted += terms
        if self._counted > self._limit:
            message = f"up to here, this is more than the limit of {self._limit} terms to compute"
            self._sink.add(TooManyTerms.at(place.span, message, help=TooManyTerms.remedy))
            raise Stopped
