"""What is said of a step that cannot be built, and of a path that has none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from graphbuilder.diagnostics import Diagnostic
from graphbuilder.diagnostics.catalogue.references import BadShare, EmptyPath, UnknownOp
from graphbuilder.diagnostics.nearest import meant
from graphbuilder.document import Place
from graphbuilder.elaborate.context import Context
from graphbuilder.ops.other_names import op_remedy
from graphbuilder.spec.model import Step


def empty_path(steps: Sequence[Step], place: Place) -> Diagnostic:
    """The diagnostic for a path without steps: none is written, or every one is left out."""
    if not steps:
        remedy = 'write at least one; { op = "identity" } passes on what it reads'
        return EmptyPath.at(place.span, "this path has no steps", help=remedy)
    if any(step.when is not True for step in steps):
        word, remedy = "when", "let the `when` of one step be true"
    else:
        word, remedy = "repeat", "let one step be repeated at least once"
    elsewhere = "" if place.keys[0] == "model" else f", or put the `{word}` on the step that uses this block"
    return EmptyPath.at(place.span, "every step of this path is left out", help=f"{remedy}{elsewhere}")


def unknown_owner(owner: str, known: Iterable[str], step: Step) -> Diagnostic:
    """The diagnostic for weights shared with a step that is not there."""
    message = f"no step `{owner}` in this body whose weights could be shared"
    remedy = meant(owner, known, f'write that step, with `id = "{owner}"`, into this body')
    return BadShare.at(step.place_of("share").span, message, help=remedy)


def unknown_op(name: str, context: Context, step: Step) -> Diagnostic:
    """The diagnostic for an op that the catalogue lacks."""
    block = f'`{name}` is a block: use = "{name}"' if name in context.spec.blocks else None
    return UnknownOp.at(
        step.place_of("op").span, f"there is no op `{name}`", help=block or op_remedy(name, context.ops)
    )
