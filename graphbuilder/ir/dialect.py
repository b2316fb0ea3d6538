"""What the frameworks' defaults disagree on: norm constants, padding counted by average pools, slopes, initialisers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphbuilder.ir.weights import Initialiser


@dataclass(frozen=True, eq=False)
class Dialect:
    """Defaults by op, and initialisers by op and weight; an op's own defaults stand where a dialect is silent."""

    name: str
    defaults: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    init: Mapping[str, Mapping[str, Initialiser]] = field(default_factory=dict[str, Mapping[str, Initialiser]])

    def defaults_of(self, op: str) -> Mapping[str, Any]:
        return self.defaults.get(op, {})

    def init_of(self, op: str) -> Mapping[str, Initialiser]:
        return self.init.get(op, {})
