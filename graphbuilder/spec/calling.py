"""Calls in expressions: whether a function is given what it takes, and how it is written. Nothing is computed here."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from graphbuilder.diagnostics import Help, Meant
from graphbuilder.diagnostics.nearest import nearest
from graphbuilder.spec.arithmetic import FUNCTIONS


def fits(node: ast.Call, name: str) -> bool:
    """Whether the arguments are as many as the function takes, and each is given once."""
    function, positional = FUNCTIONS[name], len(node.args)
    given = [keyword.arg or "**" for keyword in node.keywords]
    free = function.keywords[max(positional - 1, 0) :]
    fewest, most = function.fewest, function.most
    return fewest <= positional <= most - len(given) and len({*given}) == len(given) and {*given} <= {*free}


def usage(name: str) -> str:
    """How the function ``name`` is called, to be shown."""
    usages = {
        "min": "`min(a, b)` or `min(list)`",
        "max": "`max(a, b)` or `max(list)`",
        "round": "`round(x)` or `round(x, digits)`",
        "make_divisible": "`make_divisible(x, divisor=8, min_value=8)`",
    }
    return usages.get(name, f"`{name}(list)`" if name in ("sum", "len") else f"`{name}(x)`")


def no_function(name: str, arguments: Sequence[str]) -> Help:
    """What to do about a call, with ``arguments`` as they are written, of a function that expressions do not have."""
    if name == "range" and len(arguments) == 1:
        return f"`repeat` takes the count itself: write {arguments[0]}"
    near = nearest(name, FUNCTIONS)
    is_item = len(arguments) == 1 and arguments[0].isalnum()
    item = f" An item of a list is `{name}[{arguments[0]}]`" if is_item else ""
    there = f"there are {', '.join(FUNCTIONS)}" + ("." if item else "")
    return Meant((near,), f"did you mean {{}}?{item}") if near else f"{there}{item}"
