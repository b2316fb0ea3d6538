"""The smallest spec that still fails as a large one did: parts are left out for as long as that holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

Spec = dict[str, Any]
KEPT = frozenset({"format", "name", "inputs", "model", "op", "use"})


def shrunk(spec: Spec, fails: Callable[[Spec], bool], tries: int = 400) -> Spec:
    """``spec`` without what its failure does not need; ``fails`` must hold for ``spec`` itself."""
    left = tries
    again = True
    while again and left > 0:
        again = False
        for smaller in _smaller(spec):
            left -= 1
            if fails(smaller):
                spec, again = smaller, True
                break
            if left <= 0:
                break
    return spec


def _smaller(spec: Spec) -> Iterator[Spec]:
    """``spec`` without one of its parts, the large ones first."""
    for path in sorted(_paths(spec), key=len):
        copy = deepcopy(spec)
        parent: Any = copy
        for key in path[:-1]:
            parent = parent[key]
        del parent[path[-1]]
        yield copy


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    for key, item in items:
        if key not in KEPT:
            yield (*path, key)
        yield from _paths(item, (*path, key))


def _items(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []
