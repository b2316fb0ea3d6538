"""What a spec holds, gone through step by step as it is written: nothing is computed or built."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from graphbuilder.spec.model import Block, Spec, Step


def all_steps(spec: Spec) -> Iterator[Step]:
    """The steps of the model and of all blocks."""
    yield from spec.model.body
    for block in spec.blocks.values():
        yield from steps_of(block)


def steps_of(block: Block) -> Iterator[Step]:
    """The steps of a block, those of its side paths too."""
    yield from main_steps(block)
    for steps in side_paths(block):
        yield from steps


def main_steps(block: Block) -> list[Step]:
    """The steps of a block that share one set of names."""
    return [*block.before, *(block.body or ()), *block.after]


def side_paths(block: Block) -> Iterator[list[Step]]:
    """The branches of a block and its shortcut, as far as these are steps."""
    yield from (block.branches or {}).values()
    if isinstance(block.shortcut, list):
        yield block.shortcut


def with_steps(spec: Spec, change: Callable[[Step], Step]) -> Spec:
    """``spec`` with every step, those of its blocks too, given way to what ``change`` makes of it."""
    model = spec.model.model_copy(update={"body": list(map(change, spec.model.body))})
    blocks = {name: _with_steps(block, change) for name, block in spec.blocks.items()}
    return spec.model_copy(update={"model": model, "blocks": blocks})


def _with_steps(block: Block, change: Callable[[Step], Step]) -> Block:
    lists = {"before": block.before, "body": block.body, "after": block.after, "shortcut": block.shortcut}
    words: dict[str, Any] = {word: list(map(change, steps)) for word, steps in lists.items() if isinstance(steps, list)}
    if block.branches:
        words["branches"] = {name: list(map(change, steps)) for name, steps in block.branches.items()}
    return block.model_copy(update=words)


def values_of(block: Block) -> list[Any]:
    """The values of a block that may be expressions, but for those of its steps."""
    return [block.args, block.let, block.shortcut_when]


def words_of(step: Step) -> list[Any]:
    """The values of a step that may be expressions."""
    return [step.args, step.when, step.repeat, step.init]
