"""A spec as a person would lay it out: heads aligned, a line a step, one line for what fits on one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from graphbuilder.diagnostics.screen import safe
from graphbuilder.document.writing import quoted
from graphbuilder.document.writing import value as written

Table = Mapping[str, Any]

# What still reads well on one line.
_SHORT = 100
# Where a comment behind a head begins.
_COMMENT = 32


def document(tables: Sequence[tuple[str, Table, str]], *comments: str) -> str:
    """A whole file: tables as (name, content, comment), the first without a name.

    Args:
        comments: at its head, a line each.
    """
    parts = ["\n".join(_table(name, table, said)) for name, table, said in tables if table]
    head = [f"# {safe(comment)}" for comment in comments if comment]
    return "\n".join(["#:schema graphbuilder.schema.json", *head, ""]) + "\n\n".join(parts) + "\n"


def _table(name: str, table: Table, comment: str) -> Iterator[str]:
    if name:
        head = f"[{name}]"
        yield f"{head:<{_COMMENT}} # {safe(comment)}" if comment else head
    branches = cast("Mapping[str, list[Table]]", table.get("branches", {}))
    inline = {f"branches.{quoted(key)}": steps for key, steps in branches.items()}
    short = all(len(_line(key, steps)) <= _SHORT for key, steps in inline.items())
    plain = {quoted(key): item for key, item in table.items() if key != "branches"}
    yield from _entries({**plain, **(inline if short else {})})
    if branches and not short:
        yield ""
        yield f"[{name}.branches]"
        yield from _entries({quoted(key): steps for key, steps in branches.items()})


def _entries(table: Table) -> Iterator[str]:
    """Entries by keys as they are written, the heads of those that follow each other on one line each aligned."""
    lines: list[tuple[str, Any]] = []
    for key, item in table.items():
        if _is_long(key, item):
            yield from _aligned(lines)
            lines = []
            yield f"{key} = ["
            yield from (f"  {written(step)}," for step in item)
            yield "]"
        else:
            lines.append((key, item))
    yield from _aligned(lines)


def _is_long(key: str, item: Any) -> bool:
    if not isinstance(item, list) or not item or not isinstance(item[0], Mapping):
        return False
    return (len(cast("list[Any]", item)) > 1 and key in ("body", "after")) or len(_line(key, item)) > _SHORT


def _aligned(lines: Sequence[tuple[str, Any]]) -> Iterator[str]:
    width = max((len(key) for key, _ in lines), default=0)
    yield from (f"{key:<{width}} = {written(item)}" for key, item in lines)


def _line(key: str, item: Any) -> str:
    return f"{key} = {written(item)}"
