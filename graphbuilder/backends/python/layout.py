"""Lays out Python expressions as a formatter would: on one line where that fits, else opened at the outermost bracket.

A ``Doc`` is a piece of source that may be broken; nothing here knows what the source means.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

WIDTH = 100
INDENT = "    "


class Group(NamedTuple):
    """``head`` items ``tail``: a call, a tuple, a generator.

    Attributes:
        separator: what stands between the items on one line; only commas stay when they are on lines of their own.
        bare: has no brackets of its own, so it gets some when it is broken.
    """

    head: str
    items: tuple[Doc, ...]
    tail: str
    separator: str = ", "
    bare: bool = False

    @property
    def is_infix(self) -> bool:
        """Whether operators hold it together, so that it needs brackets as a part of another expression."""
        return self.bare and self.separator == " "


Doc = str | Group


def call(target: str, arguments: Iterable[Doc]) -> Doc:
    """``target(a, b)``."""
    items = tuple(arguments)
    return Group(f"{target}(", items, ")") if items else f"{target}()"


def sequence(items: Iterable[Doc], brackets: str = "()") -> Doc:
    """``(a, b)`` or ``[a, b]``; a tuple of one keeps its comma."""
    docs = tuple(items)
    alone = "," if brackets == "()" and len(docs) == 1 else ""
    return Group(brackets[0], docs, alone + brackets[1])


def infix(operator: str, items: Iterable[Doc]) -> Doc:
    """``a + b + c``."""
    first, *others = items
    return Group("", (first, *(prefixed(f"{operator} ", each) for each in others)), "", separator=" ", bare=True)


def words(head: str, items: Iterable[Doc], tail: str) -> Doc:
    """``head`` words ``tail``: what is inside is one expression, such as a generator."""
    return Group(head, tuple(items), tail, separator=" ")


def method(value: Doc, name: str, arguments: Iterable[Doc]) -> Doc:
    """``value.name(a, b)``; calls on the result of calls are one chain, whose first line a short name begins."""
    last = prefixed(".", call(name, arguments))
    if isinstance(value, str) and len(value) <= len(INDENT) and value.isidentifier():
        return prefixed(value, last)
    return Group("", (*_chain(value), last), "", separator="", bare=True)


def _chain(value: Doc) -> tuple[Doc, ...]:
    """The links of a chain, an index behind it on its last one; anything else is one link."""
    if isinstance(value, str) or not value.bare or value.is_infix:
        return (value,)
    *links, last = value.items
    return (*links, suffixed(last, value.tail))


def prefixed(prefix: str, doc: Doc) -> Doc:
    """``prefix`` directly before ``doc``."""
    return prefix + doc if isinstance(doc, str) else doc._replace(head=prefix + doc.head)


def suffixed(doc: Doc, suffix: str) -> Doc:
    """``suffix`` directly behind ``doc``."""
    return doc + suffix if isinstance(doc, str) else doc._replace(tail=doc.tail + suffix)


def flat(doc: Doc) -> str:
    """All of ``doc`` on one line."""
    if isinstance(doc, str):
        return doc
    return doc.head + doc.separator.join(map(flat, doc.items)) + doc.tail


def lines(doc: Doc, depth: int) -> list[str]:
    """The lines of a statement at ``depth`` levels of indentation."""
    whole = INDENT * depth + flat(doc)
    if isinstance(doc, str) or not doc.items or len(whole) <= WIDTH:
        return [whole]
    opening, closing = ("(", ")") if doc.bare else ("", "")
    return [INDENT * depth + doc.head + opening, *_inside(doc, depth + 1), INDENT * depth + closing + doc.tail]


def _inside(doc: Group, depth: int) -> list[str]:
    together = INDENT * depth + flat(doc._replace(head="", tail=""))
    if len(together) <= WIDTH:
        return [together]
    comma = "," if doc.separator == ", " and (len(doc.items) > 1 or doc.tail.startswith(",")) else ""
    return [line for item in doc.items for line in lines(suffixed(item, comma), depth)]
