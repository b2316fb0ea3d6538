"""Names of a variant that were meant to be inherited ones: what is declared by them changes nothing.

Only what nothing reads can be such a name. One slip of the pen away from an inherited name it is a mistake, and not
merely of no use: the network that would be built is the inherited one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import cast

from graphbuilder.diagnostics import Meant, Sink
from graphbuilder.diagnostics.catalogue.grammar import OverrideUnknown
from graphbuilder.diagnostics.nearest import nearest
from graphbuilder.document import Place
from graphbuilder.elaborate.names import paths_of
from graphbuilder.spec.merged import Merged
from graphbuilder.spec.model import Spec


def inherited_near(place: Place) -> str | None:
    """The inherited name, left as it is by the variant, that is most like the new one at ``place``."""
    document, (table, name) = place.document, map(str, place.keys)
    if not isinstance(document, Merged):
        return None
    own, inherited = _names(document.child.data, table), _names(document.parent.data, table)
    return nearest(name, [each for each in inherited if each not in own]) if name not in inherited else None


def _names(data: Mapping[str, object], table: str) -> Collection[str]:
    rows = data.get(table)
    return cast("dict[str, object]", rows) if isinstance(rows, dict) else ()


def reported(place: Place, kind: str, sink: Sink) -> bool:
    """Whether what is declared at ``place``, and read by nothing, was meant for an inherited name: then it is
    reported."""
    near, name = inherited_near(place), str(place.keys[-1])
    if near is None or not _one_slip(name, near):
        return False
    message = f"nothing uses the {kind} `{name}`, and the inherited `{near}` stays as it is"
    sink.add(OverrideUnknown.at(place.key_span, message, help=Meant((near,))))
    return True


def _one_slip(word: str, meant: str) -> bool:
    """Whether one letter too many, missing or wrong, or two letters in each other's place, make ``word`` of ``meant``.

    A digit more makes a name of its own.
    """
    start = _alike(word, meant)
    one, other = word[start:], meant[start:]
    end = _alike(one[::-1], other[::-1])
    one, other = one[: len(one) - end], other[: len(other) - end]
    if not f"{one}{other}".isalpha():
        return False
    return len(one) <= 1 >= len(other) or (len(one) == 2 and one == other[::-1])


def _alike(one: str, other: str) -> int:
    """How many letters both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


def misnamed_inputs(spec: Spec, sink: Sink) -> list[str]:
    """The inputs that nothing names and that were meant for inherited ones, each reported."""
    if not isinstance(spec.place.document, Merged):
        return []
    read = [path for step in spec.model.body for path in paths_of(step)]
    read += [output.from_ for output in (spec.outputs or {}).values()]
    named = {path.split(".")[0] for path in read}
    places = {name: spec.place / "inputs" / name for name in spec.inputs if name not in named}
    return [name for name, place in places.items() if reported(place, "input", sink)]
