"""TOML text from plain values, in the layout that people write specs in; TOML 1.0, so that every editor reads it.

A body is a list of one-line steps. Where one of them does not fit on a line, the body is written as ``[[...]]`` tables
instead, since an inline table may not wrap. Nothing here knows what a step means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from graphbuilder.document.writing import quoted, value

WIDTH = 120

Table = Mapping[str, Any]


def document(tables: Mapping[str, Table]) -> str:
    """A whole file: the table named "" first, then each as ``[name]``, with a blank line between."""
    return "\n".join("".join(f"{line}\n" for line in _table(name, table)) for name, table in tables.items() if table)


def _table(name: str, table: Table) -> Iterator[str]:
    wide = {key: item for key, item in table.items() if _is_steps(item) and _is_wide(item)}
    if wide and all(map(_is_steps, table.values())):
        wide = table  # the order of branches counts, and lists would have to stand ahead of tables
    if name and len(wide) < len(table):
        yield f"[{name}]"
    for key, item in table.items():
        if key not in wide:
            yield from _entry(key, item)
    steps = [(key, step) for key, steps in wide.items() for step in steps]
    for number, (key, step) in enumerate(steps):
        if number or len(wide) < len(table):
            yield ""
        yield f"[[{name}{'.' if name else ''}{quoted(key)}]]"
        for word, item in step.items():
            yield from _entry(word, item)


def _is_steps(item: Any) -> bool:
    return (
        isinstance(item, list) and item != [] and all(isinstance(entry, Mapping) for entry in cast("list[Any]", item))
    )


def _is_wide(steps: list[Table]) -> bool:
    return any(len(_step(step)) > WIDTH for step in steps)


def _step(step: Table) -> str:
    return f"  {value(step)},"


def _entry(key: str, item: Any) -> Iterator[str]:
    """``key = value``, a list over as many lines as it needs."""
    line = f"{quoted(key)} = {value(item)}"
    if _is_steps(item):
        yield f"{quoted(key)} = ["
        yield from map(_step, item)
        yield "]"
    elif isinstance(item, list) and len(line) > WIDTH:
        yield f"{quoted(key)} = ["
        yield from _wrapped([value(entry) for entry in cast("list[Any]", item)])
        yield "]"
    else:
        yield line


def _wrapped(words: list[str]) -> Iterator[str]:
    """Words with commas, filled into lines."""
    line = " "
    for word in words:
        if line != " " and len(line) + len(word) + 2 > WIDTH:
            yield line
            line = " "
        line += f" {word},"
    yield line
