"""The steps of a body that are left when those are taken away that no output needs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from graphbuilder.document import Place
from graphbuilder.elaborate.names import Named, dependencies, paths_of


def living(bodies: Sequence[Sequence[Named]], unneeded: Collection[Place]) -> tuple[list[Named], ...]:
    """``bodies``, of one scope and one behind the other, without the steps at ``unneeded`` and those that read them.

    What reads a step that nobody needs is left out by its ``when``, or is not needed either. Where a step is taken away
    whose weights others share, the first of them takes its place. A path keeps its last step: it may not be empty.
    """
    steps = {named.name: named for body in bodies for named in body}
    gone = _gone(bodies, steps, unneeded)
    for body in bodies:
        if body and gone.issuperset(named.name for named in body):
            gone -= _behind(body[-1], steps)
    left = [[named for named in body if named.name not in gone] for body in bodies]
    owners = {named.name: _owner(named, steps) for body in left for named in body}
    new = heirs(owners.items())
    return tuple([_inheriting(named, owners[named.name], steps, new) for named in body] for body in left)


def heirs(owners: Collection[tuple[str, str]]) -> dict[str, str]:
    """By each owner of weights that is not left, the first of those that are and share them: their owner instead.

    Args:
        owners: what is left, in order, each with the owner of its weights, which may be itself.
    """
    left = {name for name, _ in owners}
    found: dict[str, str] = {}
    for name, owner in owners:
        if owner not in left:
            found.setdefault(owner, name)
    return found


def _gone(bodies: Sequence[Sequence[Named]], steps: Mapping[str, Named], unneeded: Collection[Place]) -> set[str]:
    readers: dict[str, list[str]] = {}
    for named, ahead in _with_previous(bodies):
        for name in _reads(named, ahead):
            readers.setdefault(name, []).append(named.name)
    gone: set[str] = set()
    pending = [name for name, named in steps.items() if named.step.place in unneeded]
    while pending:
        name = pending.pop()
        if name not in gone:
            gone.add(name)
            pending += readers.get(name, ())
    return gone


def _with_previous(bodies: Sequence[Sequence[Named]]) -> Iterator[tuple[Named, str | None]]:
    """Each step and the one before it, which for the first of a body is the last of the body before."""
    previous = None
    for body in bodies:
        for named in body:
            yield named, named.previous or previous
        previous = body[-1].name if body else previous


def _reads(named: Named, previous: str | None) -> Iterator[str]:
    paths = paths_of(named.step)
    yield from (path.partition(".")[0] for path in paths)
    if not paths and previous is not None:
        yield previous


def _behind(last: Named, steps: Mapping[str, Named]) -> set[str]:
    """A step and all that it depends on."""
    found: set[str] = set()
    pending = [last.name]
    while pending:
        name = pending.pop()
        if name in steps and name not in found:
            found.add(name)
            pending += dependencies(steps[name])
    return found


def _owner(named: Named, steps: Mapping[str, Named]) -> str:
    """The step that owns the weights which ``named`` runs."""
    passed: set[str] = set()
    while isinstance(named.step.share, str) and named.step.share in steps and named.name not in passed:
        passed.add(named.name)
        named = steps[named.step.share]
    return named.name


def _inheriting(named: Named, owner: str, steps: Mapping[str, Named], new: Mapping[str, str]) -> Named:
    """A step whose weights were those of one that is gone: it owns them, or shares those of who does now."""
    step = named.step
    if owner == named.name or owner not in new:
        return named
    if new[owner] != named.name:
        return named._replace(step=step.model_copy(update={"share": new[owner]}))
    own = {"id": step.id, "from_": step.from_, "title": step.title, "when": step.when}
    return named._replace(step=steps[owner].step.model_copy(update=own))
