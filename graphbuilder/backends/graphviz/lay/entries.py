"""Where wires enter a box and where they leave it: points (along, across) in the box's own coordinates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import copysign

from graphbuilder.backends.graphviz.lay import metrics as m
from graphbuilder.backends.graphviz.lay.parts import LabelMark, Point
from graphbuilder.backends.graphviz.read.scene import Link

_SIDE, _MOST_APART = 10.0, 6.0
"""How much of the side of a circle wires enter, and how far apart they do at most."""

Entries = dict[Link, tuple[Point, ...]]


def join_entries(links: Sequence[Link], places: Mapping[Link, float], lane: float) -> Entries:
    """Into a circle: the trunk from before, the lanes from their side. What has no place comes down ``lane``."""
    half = m.JOIN / 2
    ordered = sorted(links, key=lambda link: places.get(link, 0.0))
    found = {link: places.get(link, -lane if link is not ordered[-1] else 0.0) for link in ordered}
    entries: Entries = {link: ((0.0, 0.0),) for link, place in found.items() if abs(place) < half}
    for side in (-1.0, 1.0):
        lanes = sorted({place for place in found.values() if place * side >= half}, key=abs)
        depths = dict(zip(lanes, side_depths(len(lanes)), strict=True))
        beside = ((link, place) for link, place in found.items() if place in depths)
        entries |= {link: ((0.0, at), (half + depths[at], at), (half + depths[at], side * half)) for link, at in beside}
    return {link: entries[link] for link in ordered}


def out_of_order(entries: Entries) -> list[LabelMark]:
    """The numbers of readings, beside where each enters, if these do not stand from left to right in their order."""
    found = sorted(entries, key=lambda link: (entries[link][-1][1], link.slot))
    if [link.slot for link in found] == sorted(link.slot for link in found):
        return []
    places: dict[Point, list[str]] = {}
    for link in found:
        places.setdefault(entries[link][-1], []).append(str(link.slot + 1))
    return [LabelMark(", ".join(n), at - m.ORDER, across - m.ORDER, order=True) for (at, across), n in places.items()]


def side_depths(count: int) -> list[float]:
    """How far behind its middle wires enter a circle from one side, the nearest first: no wire then meets another."""
    between = min(_MOST_APART, _SIDE / max(1, count - 1))
    return [between * (number - (count - 1) / 2) for number in range(count)]


def bar_entries(links: Sequence[Link], places: Mapping[Link, float], along: float, across: float) -> Entries | None:
    """Into a box of usual size: lanes and sizes from their side; None where branches need one that is wider."""
    aside = [link for link in links if link.size and abs(places.get(link, 0.0)) > across / 2]
    if len(aside) == len(links) - 1 == 1:
        side = _from_side(places[aside[0]], along, across)
        return {link: side if link in aside else ((0.0, 0.0),) for link in links}
    if not any(abs(place) < 1 for place in places.values()) or max(places.values()) >= 1:
        return None
    lanes = {link: place for link in links if (place := places.get(link, 0.0)) < -across / 2}
    return {
        link: _from_side(lanes[link], along, across) if link in lanes else ((0.0, places.get(link, 0.0)),)
        for link in links
    }


def spread(links: Sequence[Link], half: float) -> Entries:
    """Readings of several values apart on one side of a box."""
    sources = list(dict.fromkeys(link.source for link in links))
    step = 2 * half / max(1, len(sources))
    return {link: ((0.0, step * (sources.index(link.source) + 0.5) - half),) for link in links}


def port_places(ports: Sequence[int], across: float, straight: int | None) -> dict[int, float]:
    """Where the outputs of a box leave it: evenly, or one in its middle and the others to the left."""
    if straight is None or straight not in ports:
        step = across / (len(ports) + 1)
        return {port: step * (number + 1) - across / 2 for number, port in enumerate(ports)}
    others = [port for port in ports if port != straight]
    step = across / 2 / (len(others) + 1)
    return {straight: 0.0, **{port: step * (number + 1) - across / 2 for number, port in enumerate(others)}}


def _from_side(place: float, along: float, across: float) -> tuple[Point, ...]:
    """Down beside a box, and into it."""
    return (0.0, place), (along / 2, place), (along / 2, copysign(across / 2, place))
