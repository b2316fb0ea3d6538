"""The names of steps, and what each of them reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from graphbuilder.spec.model import Step
from graphbuilder.spec.names import numbered


class Named(NamedTuple):
    """A step with the name it goes by, and the step it reads when it names none (None for the first)."""

    name: str
    step: Step
    previous: str | None


def name_steps(*parts: Sequence[Step], taken: Collection[str] = ()) -> tuple[list[Named], ...]:
    """Names for the lists of steps that share one set of names: the id, else the op or block, counted in written
    order, those that a variant inserted behind all others."""
    steps = [step for part in parts for step in part]
    used = {*taken, *(step.id for step in steps if step.id)}
    counts: dict[str, Iterator[str]] = {}
    order = sorted(range(len(steps)), key=lambda at: steps[at].generation)
    named = {at: steps[at].id or _counted(steps[at], counts, used) for at in order}
    names = iter([named[at] for at in range(len(steps))])
    return tuple(_chain([next(names) for _ in part], part) for part in parts)


def base_name(step: Step) -> str:
    """What a step without an id is named after."""
    return step.op or next(iter(step.blocks), step.share if isinstance(step.share, str) else "step")


def _counted(step: Step, counts: dict[str, Iterator[str]], used: set[str]) -> str:
    """The next free name; a block ``unit_2`` and the second ``unit`` would both be ``unit_2``.

    A step that shares another's weights never takes that one's name, also where there is no such step.
    """
    base = base_name(step)
    name = next(each for each in counts.setdefault(base, numbered(base)) if each not in used and each != step.share)
    used.add(name)
    return name


def _chain(names: Sequence[str], steps: Sequence[Step]) -> list[Named]:
    previous = (None, *names[:-1]) if names else ()
    return [Named(*row) for row in zip(names, steps, previous, strict=True)]


def paths_of(step: Step) -> tuple[str, ...]:
    """The paths that a step's ``from`` names."""
    match step.from_:
        case None:
            return ()
        case str(path):
            return (path,)
        case list(paths):
            return tuple(paths)
        case table:
            return tuple(table.values())


def dependencies(named: Named) -> Iterator[str]:
    """The names in the body that must be built before this step."""
    paths = paths_of(named.step)
    yield from (path.partition(".")[0] for path in paths)
    if not paths and named.previous is not None:
        yield named.previous
    if isinstance(named.step.share, str):
        yield named.step.share
