"""One call as a step: what it calls, and with which words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from graphbuilder.backends.toml.arguments import varying, words_of
from graphbuilder.backends.toml.reading import written_out
from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.usage import NotWritable
from graphbuilder.ir import Dialect, Graph, Node

Namer = Callable[[Graph], str]


class Word(NamedTuple):
    """What a step is named after, the word that says what it calls, and all words behind."""

    base: str
    callee: dict[str, Any]
    words: dict[str, Any]


def word_of(node: Node, dialect: Dialect, name: Namer) -> Word:
    """The words of a step, its id and source aside; ``name`` gives the block that a body is written as."""
    if not node.owns:
        return Word(node.module, {"share": node.module}, {})
    op = node.op
    if op is not None:
        return Word(op.op, {"op": op.op}, words_of(node, dialect))
    assert isinstance(node.callee, Graph)
    match node.callee.kind:
        case "block":
            block = name(node.callee)
            return Word(block, {"use": block}, {})
        case "repeat":
            return _repeated(node.callee, dialect, name)
        case _:
            span = node.place.span if node.place else None
            raise CompileError((NotWritable.at(span, f"`{node.name}` cannot be written as a step"),))


def _repeated(repeat: Graph, dialect: Dialect, name: Namer) -> Word:
    """A repeat by its copies: a count where they are alike, else a list of what differs."""
    *copies, join = (*written_out(repeat), None) if repeat.nodes[-1].name != "merge" else written_out(repeat)
    merged = {"merge": join.op.op} if join is not None and join.op is not None else {}
    shared = {"share": True} if len(copies) > 1 and not copies[-1].owns else {}
    word = _copies(copies, len(repeat.nodes) - len(written_out(repeat)), dialect, name)
    return word._replace(words={**word.words, **merged, **shared})


def _copies(copies: list[Node], beyond: int, dialect: Dialect, name: Namer) -> Word:
    """The word for ``copies`` and as many more like the last of them."""
    first, count = copies[0], len(copies) + beyond
    if first.op is not None:
        alike = all(node.op == first.op and node.init == first.init for node in copies)
        words = {**words_of(first, dialect), "repeat": count} if alike else varying(copies, dialect)
        return Word(first.op.op, {"op": first.op.op}, words)
    names = [name(node.callee) for node in copies if isinstance(node.callee, Graph)]
    if len(set(names)) == 1:
        return Word(names[0], {"use": names[0]}, {"repeat": count})
    return Word(names[0], {"use": names + names[-1:] * beyond}, {})
