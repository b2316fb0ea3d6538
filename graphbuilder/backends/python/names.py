"""Names in the Python that is written: of classes, of locals, and of what stands in a docstring."""

from __future__ import annotations

import re
from collections.abc import Container
from keyword import iskeyword

RESERVED = frozenset(
    [
        "torch",
        "nn",
        "F",
        "OrderedDict",
        "reduce",
        "init_weights",
        "recomputed",
        "self",
        "super",
        "range",
        "enumerate",
        "zip",
        "isinstance",
        "tuple",
        "float",
        "max",
        "min",
        "ValueError",
    ]
)


def camel(name: str) -> str:
    """``sep_conv`` as ``SepConv``; an underscore stays where two digits would meet.

    A network may be called anything. What no class may be called is left out, so that no name can become code.
    """
    joined = ""
    for part in filter(None, re.split("[^A-Za-z0-9]+", name)):
        apart = "_" if joined[-1:].isdigit() and part[0].isdigit() else ""
        joined += apart + part[0].upper() + part[1:]
    return f"Network{joined}" if not joined or joined[0].isdigit() or iskeyword(joined) else joined


def identifier(name: str) -> str:
    """A port as an identifier: ``2.c4`` as ``x2_c4``."""
    cleaned = re.sub(r"\W", "_", name)
    return f"x{cleaned}" if cleaned[:1].isdigit() else cleaned


def unused(name: str, taken: Container[str]) -> str:
    """``name``, or the first of ``name_2``, ``name_3`` ... that is not taken."""
    if name not in taken and name not in RESERVED:
        return name
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


def quoted(text: str) -> str:
    """``text`` as it may stand in a docstring: one line, nothing that ends it or hides in it."""
    visible = "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text)
    safe = visible.replace("\\", "\\\\")
    return safe.replace('"', "'") if '"""' in safe or safe.endswith('"') else safe
