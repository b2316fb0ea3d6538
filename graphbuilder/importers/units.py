"""Small blocks: runs of steps such as convolution, norm and activation, where a block for them shortens the file.

A body that is there once and has neither shortcut nor branches is no block: its steps stand where it is used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from itertools import pairwise

from graphbuilder.importers.sizes import is_one
from graphbuilder.importers.tree import CONTAINERS, Body, Group, Item, Leaf, Sub, bodies, leaves
from graphbuilder.ir import Value

Pattern = tuple[str, ...]

_CONVOLUTIONS = ("conv", "dwconv", "sepconv", "linear", "stdconv", "convtranspose")
_AROUND = ("activation", "normalisation")
_LONGEST = 4
# A block's head, its `args`, and the lines before and behind its body.
_HEAD = 5
_WORTH = 4
_MOST = 3


def with_units(model: Body, kept: Collection[str] = ()) -> Body:
    """``model`` with recurring runs gathered, and what is used once written out.

    Args:
        kept: the calls whose modules remain blocks all the same: heads that stand beside the others.
    """
    _inline(model, kept)
    for _ in range(_MOST):
        pattern = _best(model)
        if pattern is None:
            break
        for body in list(bodies(model)):
            _fold(body, pattern, pattern)
        inactive = _inactive(pattern, model)
        for body in list(bodies(model)) if inactive else ():
            _fold(body, inactive, pattern)
    _pair(model)
    return model


def _inactive(pattern: Pattern, model: Body) -> Pattern:
    """``pattern`` without its activation, where it begins or ends with one: the same block with a condition."""
    ops = {leaf.call.op: leaf.op for leaf in leaves(model.main)}
    left = tuple(name for name in pattern if ops[name].family != "activation")
    return left if 1 < len(left) < len(pattern) and left in (pattern[1:], pattern[:-1]) else ()


def _pair(model: Body) -> None:
    """Gather depthwise and pointwise units into separable ones, where that shortens the file."""
    distinct = {shape(body): body for body in bodies(model)}.values()
    found = sum(len(_pairs(items)) for body in distinct for items in body.lists.values())
    if found - 2 - _HEAD < _WORTH:
        return
    for body in list(bodies(model)):
        for items in body.lists.values():
            for depthwise, pointwise in _pairs(items):
                at = items.index(depthwise)
                pair = Body(depthwise.reads[0], [depthwise, pointwise], kind="separable")
                items[at : at + 2] = [Sub(pair, pointwise.key)]


def _pairs(items: list[Item]) -> list[tuple[Sub, Sub]]:
    """Units of a depthwise convolution, each with the unit of a 1x1 convolution that alone reads it."""
    read = Counter(value.node for item in items for value in item.reads)
    return [
        (above, item)
        for above, item in pairwise(items)
        if isinstance(above, Sub) and isinstance(item, Sub)
        and above.body.kind == "depthwise" and item.body.kind == "unit" and _is_pointwise(item) and not item.owner
        and item.reads == (Value(above.key),) and read[above.key] == 1
    ]  # fmt: skip


def _is_pointwise(unit: Sub) -> bool:
    return any(is_one(leaf.call.args["kernel"]) for leaf in leaves(unit.body.main) if leaf.call.op == "conv")


def shape(body: Body) -> str:
    """What a body is made of, arguments left out; like bodies in a row count once, however many they are."""
    lists = [f"{where}:{_shape(items)}" for where, items in body.lists.items() if items]
    return f"({body.join.op if body.join else ''} {' '.join(lists)})"


def _shape(items: list[Item]) -> str:
    words: list[str] = []
    for item in items:
        word = item.call.op if isinstance(item, Leaf) else shape(_body(item))
        if isinstance(item, Leaf) or not words or words[-1] != word:
            words.append(word)
    return ",".join(words)


def _body(item: Sub | Group) -> Body:
    return item.body if isinstance(item, Sub) else item.subs[0].body


def _inline(model: Body, kept: Collection[str]) -> None:
    """Write out plain bodies that are used in one place alone, or in like places of like bodies."""
    distinct = {shape(body): body for body in bodies(model)}.values()
    used = (item for body in distinct for items in body.lists.values() for item in items)
    counts = Counter(_shape(item.body.main) for item in used if isinstance(item, Sub))
    for body in bodies(model):
        for items in body.lists.values():
            items[:] = [piece for item in items for piece in ([item] if item.key in kept else _pieces(item, counts))]


def _pieces(item: Item, counts: Counter[str]) -> list[Item]:
    if not isinstance(item, Sub) or not item.body.is_plain or item.body.kind in CONTAINERS or item.owner:
        return [item]
    return item.body.main if counts[_shape(item.body.main)] == 1 else [item]


def _best(model: Body) -> Pattern | None:
    """The run of ops that saves the most lines as a block, if one saves any."""
    distinct = {shape(body): body for body in bodies(model)}.values()
    runs = [run for body in distinct for items in body.lists.values() for run in _runs(items)]
    whole = {id(body.main[0]) for body in distinct if body.is_plain and body.main and all(_is_leaf(body.main))}
    windows = {tuple(run[start : start + size]) for run in runs for size in range(2, _LONGEST + 1)
               for start in range(len(run) - size + 1)}  # fmt: skip
    patterns = sorted(
        pattern for pattern in ({tuple(leaf.call.op for leaf in each) for each in windows if _fits(each)})
    )
    saved = {pattern: _saved(pattern, runs, whole) for pattern in patterns}
    best = max(saved, key=lambda pattern: (saved[pattern], len(pattern)), default=None)
    return best if best and saved[best] >= _WORTH else None


def _is_leaf(items: list[Item]) -> Iterator[bool]:
    return (isinstance(item, Leaf) for item in items)


def _saved(pattern: Pattern, runs: list[list[Leaf]], whole: set[int]) -> int:
    """The lines that a block of ``pattern`` saves; ``whole`` are the first steps of bodies that are nothing else."""
    kept = [run for run in runs if len(run) > len(pattern) or id(run[0]) not in whole]
    found = sum(len(list(_places(run, pattern))) for run in kept)
    return found * (len(pattern) - 1) - len(pattern) - _HEAD


def _fits(window: tuple[Leaf, ...]) -> bool:
    """Whether a run is what people make a block of: one convolution with what norms and activates it."""
    convolutions = [leaf for leaf in window if leaf.call.op in _CONVOLUTIONS]
    around = [leaf for leaf in window if leaf.op.family in _AROUND]
    norms = sum(leaf.op.family == "normalisation" for leaf in window)
    return len(convolutions) == 1 and len(around) == len(window) - 1 and norms <= 1 and len(around) - norms <= 1


def _runs(items: list[Item]) -> Iterator[list[Leaf]]:
    """Ops one behind the other that nothing else reads, and that have weights of their own."""
    run: list[Leaf] = []
    read = Counter(value.node for item in items for value in item.reads)
    for item in items:
        leaf = item if isinstance(item, Leaf) and not item.owner else None
        if leaf and run and leaf.reads == (Value(run[-1].key),) and read[run[-1].key] == 1:
            run.append(leaf)
            continue
        if len(run) > 1:
            yield run
        run = [leaf] if leaf and len(leaf.reads) == 1 else []
    if len(run) > 1:
        yield run


def _places(run: list[Leaf], pattern: Pattern) -> Iterator[int]:
    start = 0
    ops = tuple(leaf.call.op for leaf in run)
    while start + len(pattern) <= len(run):
        if ops[start : start + len(pattern)] == pattern:
            yield start
            start += len(pattern)
        else:
            start += 1


def _fold(body: Body, pattern: Pattern, kept: Pattern) -> None:
    """Gather every run of ``pattern``, but those that are a whole body, or in one that is ``kept``."""
    for items in body.lists.values():
        ops = tuple(item.call.op if isinstance(item, Leaf) else "" for item in items)
        if body.is_plain and ops in (pattern, kept):
            continue
        for run in list(_runs(items)):
            for start in _places(run, pattern):
                _gather(items, run[start : start + len(pattern)])


def _gather(items: list[Item], run: list[Leaf]) -> None:
    at = items.index(run[0])
    kind = "depthwise" if any(leaf.call.op == "dwconv" for leaf in run) else "unit"
    items[at : at + len(run)] = [Sub(Body(run[0].reads[0], list(run), kind=kind), run[-1].key)]
