"""What a code means, on a screen and on the page of all codes: in words, by a fault, what is told of it, its repair.

What is told is kept in a file that the tests write, since nothing here reads a spec or runs a command.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from textwrap import fill, indent
from typing import NamedTuple

from graphbuilder.diagnostics.catalogue import explanation, rules
from graphbuilder.diagnostics.model import Rule

_WIDTH = 80
_PAGE_WIDTH = 120
_INDENT = "  "
_LANGUAGES = {".toml": "toml", ".py": "python"}
# Where a line is folded, and what then stands at its end: TOML may break behind a comma, a command before an option.
_FOLDS = {"toml": (re.compile(r", (?=\{|\w+ = )"), ", ", ","), "console": (re.compile(r" (?=-)"), " ", " \\")}

# All codes on one page, kept as ``markdown`` gives it.
PAGE = Path(__file__).with_name("codes.md")

# The diagnostic of every example, drawn for a narrow screen, each with a blank line behind it.
TOLD = Path(__file__).with_name("told.txt")
TOLD_WIDTH = 58


class _Part(NamedTuple):
    """Words, and what is shown under them, in a language that Markdown knows."""

    words: str
    language: str = ""
    text: str = ""


def explain(code: str, width: int = _WIDTH) -> str:
    """What a code means, folded to ``width`` columns, with a fault, what is told of it, and its repair; steps and
    commands of these are folded, too.

    Raises:
        KeyError: when there is no such code; letter case does not matter.
    """
    rule = rules()[code.upper()]
    wide = min(width, _WIDTH)
    parts = [fill(f"{rule.severity}[{rule.code}]: {rule.title}", wide), fill(explanation(rule), wide)]
    for part in _parts(rule):
        parts.append(part.words)
        if part.text:
            lines = [row for line in part.text.split("\n") for row in _folded(line, part.language, wide - len(_INDENT))]
            parts.append(indent("\n".join(lines), _INDENT))
    return "\n\n".join(parts)


def markdown(codes: Iterable[str]) -> str:
    """The same of several codes as a page in Markdown, whose headings are the codes."""
    chosen = [rules()[code.upper()] for code in codes]
    rows = [f"| [{rule.code}](#{rule.code.lower()}) | {rule.severity} | {rule.title} |" for rule in chosen]
    table = "\n".join(["| code | | |", "|---|---|---|", *rows])
    return "\n\n".join(["# Codes of errors and warnings", table, *map(_section, chosen)]) + "\n"


def _section(rule: type[Rule]) -> str:
    parts = [f"## {rule.code}", f"*{rule.severity.capitalize()}: {rule.title}.*", fill(explanation(rule), _PAGE_WIDTH)]
    for part in _parts(rule):
        parts.append(part.words)
        if part.text:
            parts.append(f"```{part.language}\n{part.text}\n```")
    return "\n\n".join(parts)


def _parts(rule: type[Rule]) -> Iterator[_Part]:
    if rule.example is None:
        yield _Part("The fault:", "toml", rule.bad.strip())
        yield _told(rule)
        yield _Part("Repaired:", "toml", rule.good.strip())
        return
    example = rule.example
    yield _Part("The fault:")
    yield from _files(example.files)
    yield _run(example.where or "What is run:", example.run)
    yield _told(rule)
    yield _Part("Repaired:")
    yield from _files(example.mended)
    if example.rerun:
        yield _run("What is run:", example.rerun)


def _files(files: Mapping[str, str]) -> Iterator[_Part]:
    for name, text in files.items():
        yield _Part(f"`{name}`:", _LANGUAGES.get(Path(name).suffix, "text"), text.strip())


def _run(words: str, lines: str) -> _Part:
    return _Part(words, "console", "\n".join(f"$ {line}" for line in lines.splitlines()))


def _told(rule: type[Rule]) -> _Part:
    return _Part("What is told:", "text", told()[rule.code])


def told() -> Mapping[str, str]:
    """What is told of the example of each code."""
    blocks = TOLD.read_text(encoding="utf-8").strip().split("\n\n")
    return {block.partition("[")[2].partition("]")[0]: block for block in blocks}


def _folded(line: str, language: str, width: int) -> Iterator[str]:
    """``line`` on as many rows as it needs, each but the first indented further."""
    if language not in _FOLDS:
        yield line
        return
    fold, between, end = _FOLDS[language]
    row, *rest = fold.split(line)
    further = " " * (len(line) - len(line.lstrip()) + 4)
    for part in rest:
        if len(f"{row}{between}{part}{end}") > width:
            yield f"{row}{end}"
            row = further + part
        else:
            row = f"{row}{between}{part}"
    yield row
