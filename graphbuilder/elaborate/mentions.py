"""What a spec mentions by name, and how often: in expressions, in paths, and in the uses of its blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from graphbuilder.elaborate.names import name_steps, paths_of
from graphbuilder.elaborate.walks import all_steps, main_steps, steps_of, values_of, words_of
from graphbuilder.spec.expressions import Expression, expressions_in
from graphbuilder.spec.model import Block, Spec, Step
from graphbuilder.spec.names import FACTS, INPUT, SCOPE

# What a path may begin with besides the names of steps, inputs and branches.
JOINTS = ("before", "shortcut", "merge", INPUT)


class Uses(NamedTuple):
    """What the uses of a block name: its inputs, in tables, and its arguments, of which some have a plain value."""

    inputs: Counter[str]
    arguments: Counter[str]
    plain: dict[str, Any]


def uses(spec: Spec) -> Counter[str]:
    """How many steps name each block, whether there is one or not."""
    return Counter(name for step in all_steps(spec) for name in step.blocks)


def uses_of_blocks(spec: Spec) -> Mapping[str, Uses]:
    """What the uses of each block name."""
    found = {name: Uses(Counter(), Counter(), {}) for name in spec.blocks}
    for step in all_steps(spec):
        for name in [name for name in dict.fromkeys(step.blocks) if name in found]:
            found[name].inputs.update(step.from_.keys() if isinstance(step.from_, dict) else ())
            found[name].arguments.update(step.args.keys())
            plain = {word: value for word, value in step.args.items() if not isinstance(value, Expression)}
            found[name].plain.update(plain)
    return found


def in_expressions(block: Block) -> Iterator[str]:
    """What the expressions of a block read, in the order written."""
    return (name for expression in expressions_of(block) for name in expression.places)


def expressions_of(block: Block) -> Iterator[Expression]:
    """The expressions of a block, in the order written."""
    return expressions_in([*values_of(block), *(words_of(step) for step in steps_of(block))])


def in_paths(steps: Iterable[Step], outputs: Iterable[str]) -> Counter[str]:
    """What the paths of ``steps`` and ``outputs`` begin with."""
    return Counter(path.partition(".")[0] for path in (*_paths(steps), *outputs))


def inside_others(spec: Spec) -> Collection[str]:
    """The names that paths lead to from outside a block."""
    paths = [*_paths(all_steps(spec)), *(each.from_ for each in (spec.outputs or {}).values())]
    paths += [path for block in spec.blocks.values() for path in outputs_of(block)]
    return {part for path in paths for part in path.split(".")[1:]}


def inputs_read(block: Block, declared: Collection[str]) -> Counter[str]:
    """What paths of a block begin with, and of what its expressions read facts; not the names that are ``declared``."""
    facts = [name.rpartition("_") for name in in_expressions(block) if name not in declared]
    heads = in_paths(steps_of(block), outputs_of(block))
    return heads + Counter(head for head, _, fact in facts if head and fact in FACTS)


def outputs_of(block: Block) -> Iterable[str]:
    """The paths that a block gives."""
    return block.outputs.values() if isinstance(block.outputs, dict) else block.outputs or ()


def _paths(steps: Iterable[Step]) -> Iterator[str]:
    for step in steps:
        yield from paths_of(step)
        yield from (step.share,) if isinstance(step.share, str) else ()


def step_names(steps: Sequence[Step]) -> Iterator[str]:
    """What the steps of one scope are called."""
    return (named.name for part in name_steps(steps) for named in part)


def known_in_expressions(spec: Spec, block: Block) -> set[str]:
    """What expressions of a block may read, but for facts of its inputs."""
    return {*block.args, *block.let, *spec.params, *SCOPE}


def known_in_paths(block: Block) -> set[str]:
    """What paths of a block may begin with, but for its inputs and the steps of its side paths."""
    return {*(block.branches or ()), *step_names(main_steps(block)), *JOINTS}
