"""The network of a spec by other params than it was made with: what a file is of, that is not quite of this one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.diagnostics import CompileError, Sink
from graphbuilder.document.writing import value as written
from graphbuilder.elaborate import elaborate
from graphbuilder.spec import Spec, load

# Each that is tried is a network that is made.
_MOST = 8

Suits = Callable[[TypedGraph], bool]


@dataclass(frozen=True)
class Variants:
    """What else the network of a spec may be.

    Attributes:
        specs: its file, then what it extends.
        params: what it was made with; a param that is not here has its default.
    """

    specs: Sequence[str | Path]
    params: Mapping[str, Any]

    def switched(self, suits: Suits) -> str | None:
        """The first setting, turned on or off, whose network ``suits``: ``--set auxiliary=false``."""
        switches = [name for name, value in self.known.items() if isinstance(value, bool)]
        changes = ({name: not self.known[name]} for name in switches[:_MOST])
        return next((told for each in changes if (told := self.by(each, suits))), None)

    def by(self, changes: Mapping[str, Any], suits: Suits) -> str | None:
        """How to make these ``changes``, where there are such params and the network that they make ``suits``."""
        if self._spec is None or not changes.keys() <= self.known.keys():
            return None
        with suppress(CompileError):
            typed = elaborate(self._spec, {**self.params, **changes}, Sink())
            if typed is not None and suits(typed):
                return " ".join(f"--set {name}={_setting(value)}" for name, value in changes.items())
        return None

    @cached_property
    def known(self) -> Mapping[str, Any]:
        """Every param with the value it has."""
        return {**self._spec.params, **self.params} if self._spec else {}

    @cached_property
    def _spec(self) -> Spec | None:
        with suppress(CompileError):
            return load(self.specs[0]) if self.specs else None
        return None


def _setting(value: Any) -> str:
    """As a shell takes it for one word."""
    return written(value).replace(" ", "")
