"""What passes a card unchanged. Who reads it behind the card reads it where it came from: no wire runs through a card.

Of copies on a stack, the last may pass on what one before it made; that leaves the card where the copy made it.
"""

from __future__ import annotations

from collections.abc import Mapping

from graphbuilder.analysis.collapse import Run
from graphbuilder.backends.graphviz.read.scene import OUTSIDE, End, Link, Region
from graphbuilder.ir import Value


def passed(region: Region, run: Run, inputs: tuple[End, ...], given: tuple[End, ...]) -> tuple[End, ...]:
    """The values that are read behind a card of what is ``given``, and of ``inputs`` where these pass it.

    ``region`` is what is in the card, one of the copies of ``run``. It then gives only what is made in it.
    """
    passing = {link.slot: link.source.port for link in region.links if link.source.item == link.target == OUTSIDE}
    if not passing:
        return given
    region.links = [link for link in region.links if link.source.item or link.target]
    made = {given[link.slot]: link.source for link in region.links if link.target == OUTSIDE}
    found = list(_last(run, passing, inputs, given))
    for slot in passing:
        if found[slot] in made:
            region.links.append(Link(made[found[slot]], OUTSIDE, slot))
            found[slot] = given[slot]
    return tuple(found)


def _last(run: Run, passing: Mapping[int, int], inputs: tuple[End, ...], given: tuple[End, ...]) -> tuple[End, ...]:
    """Where what the last copy gives comes from: each passes on what it reads at the inputs that ``passing`` names."""

    def leaving() -> tuple[End, ...]:
        return tuple(read[passing[slot]] if slot in passing else end for slot, end in enumerate(given))

    first, *others = run.nodes
    read = inputs
    found, before = leaving(), first
    for copy in others:
        carried = dict(zip((Value(before.name, port) for port in before.results), found, strict=True))
        read = tuple(carried.get(value, end) for value, end in zip(copy.inputs, read, strict=True))
        found, before = leaving(), copy
    return found
