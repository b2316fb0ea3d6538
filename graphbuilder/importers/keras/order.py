"""The order in which a person would write layers: each way to its end. A config has them by their distance from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from graphbuilder.importers.traced import Call
from graphbuilder.ir import Value


def by_way(calls: Sequence[Call], outputs: Iterable[Value]) -> list[Call]:
    """``calls``, each behind what it reads, and what leads to its first input before what leads to the second.

    What no output needs comes last.
    """
    waiting = [*(call.name for call in reversed(calls)), *reversed([value.node for value in outputs])]
    known = {call.name: call for call in calls}
    found: dict[str, Call] = {}
    while waiting:
        name = waiting[-1]
        call = known.get(name)
        missing = [] if call is None or name in found else [
            value.node for value in call.inputs if value.node in known and value.node not in found
        ]  # fmt: skip
        if missing:
            waiting += missing[::-1]
            continue
        waiting.pop()
        if call is not None:
            found.setdefault(name, call)
    return [*found.values()]
