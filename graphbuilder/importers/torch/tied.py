"""Weights that several calls have: the same step, run again, where they have all in common.

Of two calls that have some in common, and others each for itself, neither is the other run again.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from graphbuilder.importers.traced import Unexpressed

_REMEDY = "`share` runs a whole layer again: share its bias too, or give both calls weights of their own"


class _User(NamedTuple):
    """Who has a tensor first: the call's module, and all tensors of that call."""

    module: str
    tensors: frozenset[str]


class Tied:
    """The tensors of a module's state, each with the call that has it."""

    def __init__(self) -> None:
        self._users: dict[str, _User] = {}

    def take(self, module: str, tensors: Collection[str], where: str, unexpressed: Unexpressed) -> None:
        """Note the tensors of a call, and tell of those that another has in part."""
        user = _User(module, frozenset(tensors))
        others = {name: self._users.setdefault(name, user) for name in sorted(user.tensors)}
        parted = {name: other for name, other in others.items() if other.tensors != user.tensors}
        for name, other in parted.items():
            both = " and ".join(f"`{each}`" for each in dict.fromkeys((other.module, module)) if each)
            between = f"between {both}" if module != other.module and both else f"by calls of {both or 'the module'}"
            unexpressed.add(f"weights shared {between}, but not all that they have: `{name}`", where, _REMEDY)
