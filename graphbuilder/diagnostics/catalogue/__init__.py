"""Every code that this project can answer with, one class each, gathered from the modules beside this file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from inspect import getdoc
from pathlib import Path
from pkgutil import iter_modules
from textwrap import fill, indent
from types import MappingProxyType

from graphbuilder.diagnostics.model import Rule

_WIDTH = 80
_PAGE_WIDTH = 120
_INDENT = "  "

# All codes on one page, kept as ``markdown`` gives it.
PAGE = Path(__file__).parents[1] / "codes.md"


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


def explain(code: str, width: int = _WIDTH) -> str:
    """What a code means, folded to ``width`` columns, with an example of the fault and of its repair where a spec alone
    can show it; specs are never folded.

    Raises:
        KeyError: when there is no such code; letter case does not matter.
    """
    rule = rules()[code.upper()]
    wide = min(width, _WIDTH)
    parts = [fill(f"{rule.severity}[{rule.code}]: {rule.title}", wide), fill(explanation(rule), wide)]
    if rule.bad:
        parts += ["The fault:", indent(rule.bad.strip(), _INDENT), "Repaired:", indent(rule.good.strip(), _INDENT)]
    return "\n\n".join(parts)


def markdown(codes: Iterable[str]) -> str:
    """The same of several codes as a page in Markdown, whose headings are the codes."""
    chosen = [rules()[code.upper()] for code in codes]
    rows = [f"| [{rule.code}](#{rule.code.lower()}) | {rule.severity} | {rule.title} |" for rule in chosen]
    table = "\n".join(["| code | | |", "|---|---|---|", *rows])
    return "\n\n".join(["# Codes of errors and warnings", table, *map(_section, chosen)]) + "\n"


def _section(rule: type[Rule]) -> str:
    parts = [f"## {rule.code}", f"*{rule.severity.capitalize()}: {rule.title}.*", fill(explanation(rule), _PAGE_WIDTH)]
    if rule.bad:
        parts += ["The fault:", _fenced(rule.bad), "Repaired:", _fenced(rule.good)]
    return "\n\n".join(parts)


def _fenced(spec: str) -> str:
    return f"```toml\n{spec.strip()}\n```"
