"""Names of a variant that were meant to be inherited ones: what is declared by them changes nothing.

Only what nothing reads can be such a name. One slip of the pen away from an inherited name it is a mistake, and not
merely of no use: the network that would be built is the inherited one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import cast

from graphbuilder.diagnostics import Meant, Sink
from graphbuilder.diagnostics.catalogue.grammar import OverrideUnknown
from graphbuilder.diagnostics.nearest import nearest, one_letter_off, one_slip
from graphbuilder.document import Place
from graphbuilder.elaborate.mentions import uses
from graphbuilder.elaborate.names import paths_of
from graphbuilder.spec.load import checked
from graphbuilder.spec.merged import Merged
from graphbuilder.spec.model import Spec

_OR_NAMED = "did you mean {}? If not, name what each step reads: from = ..."

# Each is compared with all that is inherited.
_LOOKED_FOR = 40


def inherited_near(places: Iterable[Place]) -> Iterator[tuple[Place, str | None]]:
    """For the new name at each of ``places`` the inherited one that is most like it and left as it is by the file that
    wrote it; it is looked for in the first ones alone."""
    for number, place in enumerate(places):
        yield place, _near(place) if number < _LOOKED_FOR else None


def _near(place: Place) -> str | None:
    variant, (table, name) = _written_by(place), map(str, place.keys)
    if variant is None:
        return None
    own, inherited = _names(variant.child.data, table), _names(variant.parent.data, table)
    if name in inherited:
        return None
    left = [each for each in inherited if each not in own]
    # Steps name blocks, so that one that nothing uses may be short and still no name of its own.
    return nearest(name, left) or (next(iter(one_letter_off(name, left)), None) if table == "blocks" else None)


def _written_by(place: Place) -> Merged | None:
    """The document of the file that wrote what stands at ``place``, over what that extends; None where it extends
    nothing."""
    document = place.document
    while isinstance(document, Merged):
        if document.origin(place.keys).document is document.child:
            return document
        document = document.parent
    return None


def _names(data: Mapping[str, object], table: str) -> Collection[str]:
    rows = data.get(table)
    return cast("dict[str, object]", rows) if isinstance(rows, dict) else ()


def reported(place: Place, near: str | None, kind: str, sink: Sink, unread: Callable[[Spec], bool]) -> bool:
    """Whether what is declared at ``place``, and read by nothing, was meant for the inherited name ``near``: then it is
    reported.

    What a file declares that another one extends has to be ``unread`` in its own network, too.
    """
    if near is None or not one_slip(str(place.keys[-1]), near):
        return False
    return _reported(place, Meant((near,)), kind, sink, unread)


def _reported(place: Place, near: Meant, kind: str, sink: Sink, unread: Callable[[Spec], bool]) -> bool:
    variant = _written_by(place)
    own = checked(variant, complete=True, sink=Sink()) if variant and variant is not place.document else None
    if own is not None and not unread(own):
        return False
    message = f"nothing uses the {kind} `{place.keys[-1]}`, and the inherited `{near.names[0]}` stays as it is"
    sink.add(OverrideUnknown.at(place.key_span, message, help=near))
    return True


def misnamed_blocks(spec: Spec) -> list[str]:
    """The blocks that nothing uses and that may be meant for inherited ones: nothing in them need be told."""
    if not isinstance(spec.place.document, Merged):
        return []
    used = uses(spec)
    near = inherited_near(block.place for name, block in spec.blocks.items() if name not in used)
    return [str(place.keys[-1]) for place, each in near if each and one_slip(str(place.keys[-1]), each)]


def misnamed_inputs(spec: Spec, sink: Sink) -> list[str]:
    """The inputs that nothing names and that were meant for inherited ones, each reported."""
    if not isinstance(spec.place.document, Merged):
        return []
    found: list[str] = []
    for place, near in inherited_near(spec.place / "inputs" / name for name in _unnamed(spec)):
        name = str(place.keys[-1])

        def unread(own: Spec, name: str = name) -> bool:
            return name in _unnamed(own)

        only = _only_inherited(place)
        if reported(place, near, "input", sink, unread) or (
            only and _reported(place, Meant((only,), _OR_NAMED), "input", sink, unread)
        ):
            found.append(name)
    return found


def _only_inherited(place: Place) -> str | None:
    """The one input that is inherited and left as it is; beside another, steps cannot read it without its name."""
    variant = _written_by(place)
    if variant is None or "model" in variant.child.data:
        return None
    own, inherited = _names(variant.child.data, "inputs"), [*_names(variant.parent.data, "inputs")]
    return inherited[0] if len(inherited) == 1 and len(own) == 1 and inherited[0] not in own else None


def _unnamed(spec: Spec) -> list[str]:
    """The inputs that nothing names."""
    read = [path for step in spec.model.body for path in paths_of(step)]
    read += [output.from_ for output in (spec.outputs or {}).values()]
    named = {path.split(".")[0] for path in read}
    return [name for name in spec.inputs if name not in named]
