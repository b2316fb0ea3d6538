"""Every code that this project can answer with, one class each, gathered from the modules beside this file."""

from __future__ import annotations

import re
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
_COMMA = re.compile(r", (?=\{|\w+ = )")

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
    can show it; steps of these are folded where they have a comma.

    Raises:
        KeyError: when there is no such code; letter case does not matter.
    """
    rule = rules()[code.upper()]
    wide = min(width, _WIDTH)
    parts = [fill(f"{rule.severity}[{rule.code}]: {rule.title}", wide), fill(explanation(rule), wide)]
    if rule.bad:
        parts += ["The fault:", _example(rule.bad, wide), "Repaired:", _example(rule.good, wide)]
    return "\n\n".join(parts)


def _example(spec: str, width: int) -> str:
    lines = [row for line in spec.strip().split("\n") for row in _folded(line, width - len(_INDENT))]
    return indent("\n".join(lines), _INDENT)


def _folded(line: str, width: int) -> Iterator[str]:
    """``line`` on as many rows as it needs, each but the first indented further; TOML may break behind a comma."""
    row, *rest = _COMMA.split(line)
    further = " " * (len(line) - len(line.lstrip()) + 4)
    for part in rest:
        if len(f"{row}, {part},") > width:
            yield f"{row},"
            row = further + part
        else:
            row = f"{row}, {part}"
    yield row


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
