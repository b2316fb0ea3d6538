"""Tables whose headers are missing: what was written below one stands in the table above it, or in none, and is read
as of its own. It is told once, at the first of its keys.

Only a table that is not there can be missed, and only where what stands elsewhere can be of it alone: params are plain
and are read, an input has sizes, a default is a table of an op, a body is a list of steps. Below the params, say, such
a list beside the words of a block is of one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple, cast

from graphbuilder.diagnostics import Remedy, Sink
from graphbuilder.diagnostics.catalogue.grammar import UnknownKey
from graphbuilder.diagnostics.nearest import much_alike
from graphbuilder.document import Document
from graphbuilder.spec.merged import EXTENSION_KEYS, Keys
from graphbuilder.spec.parted import used_blocks
from graphbuilder.spec.raw import as_table, is_formula, table_at, with_table
from graphbuilder.spec.rules import JOINING
from graphbuilder.spec.validation import known_keys

_NAMES = re.compile(r"[A-Za-z_]\w*")

# The ends of the words for how weights are drawn.
_DRAWN = ("normal", "uniform")

# The tables, and none, whose keys the grammar names.
_OF_KNOWN_KEYS = ("", "model")

# What stands above a block, and what only a block has.
_ABOVE_A_BLOCK = ("params", "inputs", "defaults", "init", "outputs", "steps", "")
_OF_BLOCKS_ALONE = frozenset({"args", "let", *JOINING})

_Table = Mapping[str, Any]


class _Mentions:
    """The names that expressions read, and the ops that steps run, looked for where something may be astray."""

    def __init__(self, data: _Table) -> None:
        self._data = data

    @cached_property
    def names(self) -> set[str]:
        return set(names_read(self._data))

    @cached_property
    def ops(self) -> set[str]:
        return set(_run(self._data))


class _Missing(NamedTuple):
    """A table that may be missing, what is written above it, and whether a key and its value are of it.

    Attributes:
        along: whether a value that stands beside such a one is of it, too.
    """

    table: str
    above: tuple[str, ...]
    holds: Callable[[str, object, _Mentions], bool]
    along: Callable[[object], bool] | None = None


class _Moved(NamedTuple):
    """What stands in the table at ``old`` and is of the one at ``new``, or, where that is empty, of a block of whatever
    name."""

    old: Keys
    new: Keys
    found: _Table


def with_headers(document: Document, data: dict[str, Any], sink: Sink, names: dict[Keys, Keys]) -> dict[str, Any]:
    """``data`` with the tables whose headers are missing, each reported; ``names`` is told of every key's place."""
    mentions = _Mentions(data)
    for moved in (*_of_blocks(data), *_of_branches(data)):
        data = _moved(document, data, moved, sink, names)
    for missing in _MISSING:
        if missing.table in data:
            continue
        for above in missing.above:
            found = _strays(data, above, missing, mentions)
            if found:
                data = _moved(document, data, _Moved((above,) if above else (), (missing.table,), found), sink, names)
                break
    return data


def _of_blocks(data: _Table) -> Iterator[_Moved]:
    """What is of a block in the first table of the file that has such keys; of a block that steps use, if only one is
    not there."""
    for above in _ABOVE_A_BLOCK:
        known = {*known_keys(("blocks", ""))}.difference(() if above else known_keys(()))
        there = as_table(data.get(above)) if above else data
        found = {key: value for key, value in there.items() if key in known}
        holds = _is_steps(found.get("body")) or _are_lists(found.get("branches"))
        if holds and ("model" in data or not _OF_BLOCKS_ALONE.isdisjoint(found)):
            yield _Moved((above,) if above else (), _lacking(data), found)
            return


def _lacking(data: _Table) -> Keys:
    """The one block that steps use and that is not there; of a variant nobody knows what it inherits."""
    if EXTENSION_KEYS[0] in data or not isinstance(data.get("blocks", {}), dict):
        return ()
    lacking = {*used_blocks(data)}.difference(as_table(data.get("blocks")))
    return ("blocks", *lacking) if len(lacking) == 1 else ()


def _are_lists(branches: object) -> bool:
    return isinstance(branches, dict) and all(isinstance(each, list) for each in cast("_Table", branches).values())


def _of_branches(data: _Table) -> Iterator[_Moved]:
    """The lists of steps in a block that holds nothing else."""
    known = known_keys(("blocks", ""))
    for name, block in as_table(data.get("blocks")).items():
        rows = as_table(block)
        found = {key: value for key, value in rows.items() if key not in known and _is_steps(value)}
        if len(found) > 1 and {"body", "branches"}.isdisjoint(rows):
            yield _Moved(("blocks", name), ("blocks", name, "branches"), found)


def _strays(data: _Table, above: str, missing: _Missing, mentions: _Mentions) -> _Table:
    """What stands in the table ``above``, or in none, and is of the one that is missing."""
    there = data if not above else as_table(data.get(above))
    known = known_keys((above,) if above else ()) if above in _OF_KNOWN_KEYS else ()
    strays = {key: value for key, value in there.items() if key not in known}
    found = {key: value for key, value in strays.items() if missing.holds(key, value, mentions)}
    inherits = missing.table == "params" and EXTENSION_KEYS[0] in data  # what reads them may do so in another file
    if missing.along is None or not (found or inherits):
        return found
    slips = [key for key in strays if any(much_alike(key, each) for each in known)]
    return {key: value for key, value in strays.items() if key in found or (key not in slips and missing.along(value))}


def _moved(
    document: Document, data: dict[str, Any], moved: _Moved, sink: Sink, names: dict[Keys, Keys]
) -> dict[str, Any]:
    old, new, found = moved
    first = next(iter(found))
    where = f"`{'.'.join(map(str, old))}`" if old else "a spec"
    table = ".".join(map(str, new)) or "blocks.NAME"
    message = f"{where} has no key `{first}`, and this is of {f'`[{table}]`' if new else 'a block'}"
    span, help_ = document.key_span((*old, first)), f"write [{table}] above it"
    untried = (Remedy(help_, span, f"[{table}]\n{span.text}"),) if new else ()
    if old == ("model",) and [*data["model"]][-1] not in found:
        help_, untried = f"move it into a table of its own, [{table}]", ()  # else the header would take what follows
    sink.add(UnknownKey.at(span, message, help=help_, untried=untried))
    rest = {key: value for key, value in table_at(data, old).items() if key not in found}
    left = with_table(data, old, rest)
    left = {key: value for key, value in left.items() if value or (key,) != old}
    if not new:
        return left
    names.update(((*new, key), (*old, key)) for key in found)
    names[new] = (*old, first)
    return with_table(left, new, dict(found))


def names_read(value: object) -> Iterator[str]:
    """The names in all expressions."""
    if is_formula(value):
        yield from _NAMES.findall(value)
    elif isinstance(value, dict | list):
        items = cast("_Table", value).values() if isinstance(value, dict) else cast("list[object]", value)
        yield from (name for item in items for name in names_read(item))


def _run(value: object) -> Iterator[str]:
    """The ops of all steps."""
    if isinstance(value, dict):
        table = cast("_Table", value)
        yield from (table["op"],) if isinstance(table.get("op"), str) else ()
        yield from (op for item in table.values() for op in _run(item))
    elif isinstance(value, list):
        yield from (op for item in cast("list[object]", value) for op in _run(item))


def _is_param(key: str, value: object, mentions: _Mentions) -> bool:
    return key in mentions.names and is_plain(value)


def _is_number_read(key: str, value: object, mentions: _Mentions) -> bool:
    return key in mentions.names and is_number(value)


def is_number(value: object) -> bool:
    """Whether this may be a param, and is no output, which is a path or a table."""
    return isinstance(value, bool | int | float)


def is_plain(value: object) -> bool:
    """Whether this may be the value of a param, or a table that declares one."""
    return "default" in value if isinstance(value, dict) else not any(names_read(value))


def _is_input(key: str, value: object, mentions: _Mentions) -> bool:
    """Whether these are sizes, of which one is computed: no param is."""
    sizes = cast("list[object]", value) if isinstance(value, list) else []
    return any(map(is_formula, sizes)) and all(type(each) is int or is_formula(each) for each in sizes)


def _is_default(key: str, value: object, mentions: _Mentions) -> bool:
    """Whether this is a table of an op."""
    return isinstance(value, dict) and key in mentions.ops and _is_of_op(cast("_Table", value))


def _is_of_op(value: object) -> bool:
    """Whether this is a table, and none that declares an input or a param."""
    words = {*known_keys(("inputs", "")), *known_keys(("params", ""))}
    return isinstance(value, dict) and words.isdisjoint(cast("_Table", value))


def _is_drawn(key: str, value: object, mentions: _Mentions) -> bool:
    """Whether this is how weights are drawn, and no table of the arguments of an op."""
    kind = as_table(value).get("kind")
    return isinstance(kind, str) and kind.endswith(_DRAWN)


def _is_body(key: str, value: object, mentions: _Mentions) -> bool:
    return key == "body" and _is_steps(value)


def _is_steps(value: object) -> bool:
    rows = cast("list[object]", value) if isinstance(value, list) else []
    return bool(rows) and all(isinstance(row, dict) for row in rows)


_MISSING = (
    _Missing("params", ("", "model"), _is_param, is_plain),
    _Missing("params", ("outputs",), _is_number_read),
    _Missing("inputs", ("params", ""), _is_input),
    _Missing("init", ("defaults", "inputs", "params"), _is_drawn),
    _Missing("defaults", ("inputs", "params"), _is_default, _is_of_op),
    _Missing("model", ("defaults", "inputs", "params", "init", "outputs", "steps"), _is_body),
)
