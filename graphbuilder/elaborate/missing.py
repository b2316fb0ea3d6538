"""Several blocks that steps use and that are not there, nor any that is called like them: the file may end too early,
and this is told once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from graphbuilder.diagnostics import Diagnostic, Label, Span
from graphbuilder.diagnostics.catalogue.references import UnknownBlock
from graphbuilder.diagnostics.words import all_of
from graphbuilder.elaborate.walks import all_steps
from graphbuilder.spec.model import Spec, Step

# Of such blocks, those that are looked for, and of these those that are named.
_MOST, _NAMED = 100, 8


def missing_blocks(spec: Spec, ops: Collection[str], near: Callable[[str], str | None]) -> Mapping[str, Span]:
    """Such blocks, to which ``near`` knows none that is called alike, each with the place that uses it first; none
    where it is one alone."""
    first: dict[str, Step] = {}
    for step in all_steps(spec):
        for name in step.blocks:
            if name not in spec.blocks and name not in ops:
                first.setdefault(name, step)
    few = list(first.items())[:_MOST]
    found = {name: place_of_use(step, name) for name, step in few if near(name) is None}
    return found if len(found) > 1 else {}


def place_of_use(step: Step, name: str) -> Span:
    """Where ``step`` names the block."""
    return step.place_of("use").span.part(f'"{name}"')


def none_of(missing: Mapping[str, Span]) -> Diagnostic:
    """The diagnostic for these blocks."""
    names = [f"`{name}`" for name in missing][:_NAMED]
    more = [f"{len(missing) - len(names):,} more"] if len(missing) > len(names) else []
    place, *others = sorted(missing.values(), key=lambda span: span.order)
    labels = tuple(Label(span, "nor this one") for span in others[: _NAMED - 1])
    message = f"there are no blocks {all_of([*names, *more])}"
    return UnknownBlock.at(place, message, related=labels, help="write them, unless the file ends too early")
