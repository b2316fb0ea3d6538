"""What attention adds to its scores where a trace shows a table that is looked up by a constant index.

Which number of the table goes where is found by looking up the numbers' own places in it. It is expressible where that
is the order in which ``relativebias`` has the offsets of two places: Swin's, and BEiT's with a class token ahead.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import torch
from torch import Tensor

from graphbuilder.importers.torch.terms import Made, Tensors, Unknown, kind_of
from graphbuilder.ir import Value

_VIEWS = ("view", "reshape", "permute", "transpose", "unbind", "select", "split", "chunk", "contiguous", "clone")
# A class token has numbers of its own: for what it sees, for what sees it, for itself.
_OF_TOKEN = 3


def relative_bias(mask: Any, query: Any, name: str, tensors: Tensors) -> list[Made]:
    """The ops that give the bias ``mask`` for the scores of ``query``, the last of them the bias itself.

    Args:
        name: of the call that attends; the ops are counted behind it.

    Raises:
        Unknown: it is no table of offsets.
    """
    tables = tensors.fixed.learnt(mask)
    if len(tables) != 1 or not tables <= tensors.state.keys():
        raise Unknown("a bias of attention that is made of the module's own tensors, but is no table of them")
    (table,) = tables
    heads, count = (int(size) for size in mask.meta["val"].shape[-3:-1])
    index = _index(mask, table, tensors)
    wanted = ((window, token) for window, token in _windows(count) if torch.equal(_places(window, token, heads), index))
    window, token = next(wanted, (None, False))
    if window is None:
        raise Unknown("a bias of attention that is looked up, but not in the order of Swin's and BEiT's offsets")
    args = {"heads": heads, "window": list(window), **({"token": True} if token else {})}
    *steps, read = _tokens(query, count, name, tensors)
    return [*steps, Made("relativebias", args, read.inputs, {"weight": tensors.state[table]})]


def _index(mask: Any, table: str, tensors: Tensors) -> Tensor:
    """For every score of every head the place of its number in the table, counted row by row."""
    own = tensors.fixed.own(table)
    places = torch.arange(own.numel()).to(own.dtype).reshape(own.shape)
    heads, queries, keys = mask.meta["val"].shape[-3:]
    found = tensors.fixed.value(mask, {table: places})
    return found.round().long().reshape(-1, heads, queries, keys)


def _windows(count: int) -> Iterator[tuple[tuple[int, int], bool]]:
    """The windows that have so many places, the squarest first, and those that have them with a class token."""
    for token in (False, True):
        places = count - token
        sides = [side for side in range(1, places + 1) if places % side == 0]
        for side in sorted(sides, key=lambda side: abs(side - places // side)):
            yield (side, places // side), token


def _places(window: tuple[int, int], token: bool, heads: int) -> Tensor:
    """What ``relativebias`` looks up: 1 x heads x queries x keys, in a table of offsets x heads."""
    height, width = window
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    rows, columns = (axis.flatten().unsqueeze(1) - axis.flatten() for axis in (rows, columns))
    offsets = (rows + height - 1) * (2 * width - 1) + columns + width - 1
    if token:
        first = (2 * height - 1) * (2 * width - 1)
        offsets = torch.nn.functional.pad(offsets, (1, 0, 1, 0), value=first)
        offsets[1:, 0], offsets[0, 0] = first + 1, first + 2
    return (offsets * heads + torch.arange(heads).view(-1, 1, 1)).unsqueeze(0)


def _tokens(query: Any, count: int, name: str, tensors: Tensors) -> Iterator[Made]:
    """What the tokens of ``query`` are made of, in windows of ``count``, behind the reshape that this takes."""
    node = query
    while kind_of(node) in _VIEWS or getattr(node.target, "__name__", "") == "getitem":
        node = node.args[0]
    source = node.args[0] if kind_of(node) == "linear" else query
    *places, channels = (int(size) for size in source.meta["val"].shape[1:])
    value = tensors.value(source)
    if places[-1] != count:
        if prod(places) % count:
            raise Unknown("a bias of attention for other tokens than its linear layer reads")
        shape = [prod(places) // count, count, channels]
        yield Made("reshape", {"shape": shape}, (value,), {})
        value = Value(f"{name}#0")
    yield Made("", {}, (value,), {})
