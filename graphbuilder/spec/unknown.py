"""The value of what an earlier, already reported mistake left undefined; whatever meets it stays silent."""

from __future__ import annotations

from typing import Final

from graphbuilder.spec.expressions import Expression


class Unknown:
    """Has one instance, ``UNKNOWN``."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()

# Stands where an expression may, and where the grammar refused something.
POISON: Final = Expression("=?", frozenset(), None, lambda _: UNKNOWN)
