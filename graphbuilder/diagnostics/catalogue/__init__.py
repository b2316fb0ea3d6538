"""Every code that this project can answer with, one class each, gathered from the modules beside this file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from inspect import getdoc
from pkgutil import iter_modules
from types import MappingProxyType

from graphbuilder.diagnostics.model import Rule


@cache
def rules() -> Mapping[str, type[Rule]]:
    """Every rule by its code, in the order of codes. Imports the whole catalogue."""
    found = sorted(_rules(), key=lambda rule: rule.code)
    return MappingProxyType({rule.code: rule for rule in found})


def _rules() -> Iterator[type[Rule]]:
    for module in iter_modules(__path__):
        for value in vars(import_module(f"{__name__}.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, Rule) and "code" in vars(value):
                yield value


def explanation(rule: type[Rule]) -> str:
    """A rule's docstring as one paragraph."""
    return " ".join((getdoc(rule) or "").replace("``", "`").split())
