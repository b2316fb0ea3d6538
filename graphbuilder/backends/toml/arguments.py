"""An op's arguments and initialisers as a spec writes them, computed and without what an op takes by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.usage import NotWritable
from graphbuilder.ir import Dialect, Initialiser, Node, Op

# What is always said of a kind: its short name stands for another number in a spec, or for none.
_SAID = {
    "constant": "value",
    "kaiming_uniform": "gain",
    "kaiming_normal": "gain",
    "normal": "std",
    "truncated_normal": "std",
}


def words_of(node: Node, dialect: Dialect) -> dict[str, Any]:
    """The arguments of an op's call, then ``init`` where it is not the dialect's."""
    assert node.op is not None
    init = initialisers(node.init, dialect.init_of(node.op.op))
    return {**arguments(node.op, dialect), **({"init": init} if init else {})}


def arguments(op: Op, dialect: Dialect) -> dict[str, Any]:
    """What differs from the op's own defaults; what the dialect has its own default for is always said."""
    changed = dialect.defaults_of(op.op)
    return {name: value for name, value in _fields(op).items() if name in changed or value != _default(op, name)}


def varying(calls: Sequence[Node], dialect: Dialect) -> dict[str, Any]:
    """The words of a repeated op whose copies differ: ``repeat`` lists what does, one item a copy.

    Raises:
        CompileError: when the copies differ in what a list cannot hold.
    """
    written = [words_of(node, dialect) for node in calls]
    names = [name for name in _fields(calls[0].op) if any(name in words for words in written)]
    columns = {(name,): [_fields(node.op)[name] for node in calls] for name in names}
    columns |= _initialiser_columns(calls, dialect)
    changing = [path for path, column in columns.items() if any(value != column[0] for value in column)]
    if any(None in columns[path] for path in changing):
        raise _not_writable(calls[0])
    items_of = {path: f"=item[{index}]" if len(changing) > 1 else "=item" for index, path in enumerate(changing)}
    words: dict[str, Any] = {}
    for path, column in columns.items():
        _put(words, path, items_of.get(path, column[0]))
    items = [[columns[path][copy] for path in changing] for copy in range(len(calls))]
    init = words.pop("init", {})
    words["repeat"] = [item[0] for item in items] if len(changing) == 1 else items
    return words | ({"init": _short(init)} if init else {})


def _initialiser_columns(calls: Sequence[Node], dialect: Dialect) -> dict[tuple[str, ...], list[Any]]:
    """For each word of an initialiser that any of the copies needs, what all of them have there."""
    first = calls[0]
    assert first.op is not None
    known = dialect.init_of(first.op.op)
    if any(node.init.keys() != first.init.keys() for node in calls):
        raise _not_writable(first)
    columns: dict[tuple[str, ...], list[Any]] = {}
    for weight in first.init:
        given = [node.init[weight] for node in calls]
        if all(init == known.get(weight) for init in given):
            continue
        words = dict.fromkeys(word for init in given for word in _initialiser(init))
        columns |= {("init", weight, word): [getattr(init, word) for init in given] for word in words}
    return columns


def _put(words: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for word in path[:-1]:
        words = words.setdefault(word, {})
    words[path[-1]] = value


def initialisers(given: Mapping[str, Initialiser], known: Mapping[str, Initialiser]) -> dict[str, Any]:
    """By weight, those that are not ``known``; the kernel's alone stands for itself."""
    rows = {weight: _initialiser(init) for weight, init in given.items() if known.get(weight) != init}
    return _short(rows)


def _short(rows: dict[str, Any]) -> dict[str, Any]:
    return rows["weight"] if set(rows) == {"weight"} else rows


def _initialiser(init: Initialiser) -> dict[str, Any]:
    plain = Initialiser(init.kind)
    said = {name for name, value in init._asdict().items() if value != getattr(plain, name)} - {"kind"}
    said |= {_SAID[init.kind]} if init.kind in _SAID else set()
    return {"kind": init.kind, **{name: value for name, value in init._asdict().items() if name in said}}


def _fields(op: Op | None) -> dict[str, Any]:
    assert op is not None
    return {name: _plain(value) for name, value in op}


def _default(op: Op, name: str) -> Any:
    return _plain(type(op).model_fields[name].get_default(call_default_factory=True))


def _plain(value: Any) -> Any:
    return [_plain(item) for item in cast("Sequence[Any]", value)] if isinstance(value, list | tuple) else value


def _not_writable(node: Node) -> CompileError:
    span = node.place.span if node.place else None
    return CompileError((NotWritable.at(span, "the copies of this op differ in what a list cannot hold"),))
