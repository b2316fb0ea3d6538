"""What a step says of its copies, and means nothing without them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from graphbuilder.diagnostics.nearest import nearest
from graphbuilder.spec.expressions import free_names
from graphbuilder.spec.names import OF_COPIES, STEP_WORDS


class OfCopies(NamedTuple):
    """A word that is of copies: what it does, and what to do where there are none."""

    word: str
    message: str
    help: str


def without_copies(step: Mapping[str, Any]) -> Iterator[OfCopies]:
    """What ``step``, of which there are no copies, says of them."""
    if "merge" in step:
        yield OfCopies("merge", "`merge` joins the copies of a `repeat`", "add `repeat`, or leave it out")
    if step.get("share") is True and {"op", "use"} & step.keys():
        message = "`share` gives the copies of a `repeat` one set of weights"
        yield OfCopies("share", message, 'add `repeat`, or name the step whose weights these are: share = "..."')


def may_repeat(step: Mapping[str, Any]) -> bool:
    """Whether a ``repeat`` is missing or misspelt in ``step``, as other mistakes in it tell."""
    strange = [word for word in step if word not in STEP_WORDS]
    return any(nearest(word, ("repeat",)) for word in strange) or not {*OF_COPIES}.isdisjoint(free_names(step))
