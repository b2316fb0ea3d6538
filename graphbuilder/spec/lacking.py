"""What is said of a name that an expression reads and nothing declares where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from graphbuilder.diagnostics import Help, Meant
from graphbuilder.diagnostics.nearest import meant, nearest
from graphbuilder.spec.syntax import BOOLEANS, FACTS, INPUT, OF_COPIES

_SHOWN = 12


def lacking(name: str, scope: Mapping[str, Any]) -> Help:
    """What to do about a ``name`` that ``scope`` lacks."""
    what, _, fact = name.partition("_")
    if what == "from" and fact in FACTS:
        known = f"; `{INPUT}_{fact}` is of the block's input" if f"{INPUT}_{fact}" in scope else ""
        return f"`{name}` is known in the arguments of a step that reads something, and nowhere else{known}"
    if what == INPUT and f"from_{fact}" in scope:
        return f"`from_{fact}` is of what this step reads; `{name}` is known in a block with one input"
    known = (*scope, *BOOLEANS)
    near = nearest(name, known)
    if name in OF_COPIES and scope.keys().isdisjoint(OF_COPIES):
        return f"`{name}` is known in the arguments of a step that has `repeat`, and nowhere else"
    in_scope = f"in scope: {_listed(scope)}" if scope else "no name is in scope here: `[params]` declares some for all"
    if near is None:
        return meant(name, known, in_scope)
    other = near.replace(f"{INPUT}_", "from_", 1)
    if near.startswith(f"{INPUT}_") and other in scope:
        told = f"did you mean `{near}`, of the block's input, or `{other}`, of what this step reads?"
        return Meant((near, other), told)
    return Meant((near,), otherwise=in_scope)


def _listed(names: Iterable[str]) -> str:
    first = [*names][: _SHOWN + 1]
    return ", ".join((*first[:_SHOWN], "...") if len(first) > _SHOWN else first)
