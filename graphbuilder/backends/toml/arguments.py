"""An op's arguments and initialisers as a spec writes them, computed and without what an op takes by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.usage import NotWritable
from graphbuilder.ir import Dialect, Initialiser, Node, Op

# Kinds whose short name in a spec stands for another number than the initialiser's own default.
_SCALED = {"kaiming_uniform": "gain", "kaiming_normal": "gain", "normal": "std", "truncated_normal": "std"}


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
    columns = {name: [_fields(node.op)[name] for node in calls] for name in names}
    changing = [name for name in names if any(value != columns[name][0] for value in columns[name])]
    inits = [words.get("init") for words in written]
    if any(init != inits[0] for init in inits) or any(None in columns[name] for name in changing):
        raise _not_writable(calls[0])
    items = [[columns[name][copy] for name in changing] for copy in range(len(calls))]
    words = {name: columns[name][0] for name in names if name not in changing}
    words |= {name: "=item" if len(changing) == 1 else f"=item[{index}]" for index, name in enumerate(changing)}
    words = {name: words[name] for name in names}
    words["repeat"] = [item[0] for item in items] if len(changing) == 1 else items
    return words | ({"init": inits[0]} if inits[0] else {})


def initialisers(given: Mapping[str, Initialiser], known: Mapping[str, Initialiser]) -> dict[str, Any]:
    """By weight, those that are not ``known``; the kernel's alone stands for itself."""
    rows = {weight: _initialiser(init) for weight, init in given.items() if known.get(weight) != init}
    return rows["weight"] if set(rows) == {"weight"} else rows


def _initialiser(init: Initialiser) -> dict[str, Any]:
    plain = Initialiser(init.kind)
    said = {name for name, value in init._asdict().items() if value != getattr(plain, name)} - {"kind"}
    said |= {_SCALED[init.kind]} if init.kind in _SCALED else set()
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
