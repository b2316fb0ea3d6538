"""The space between two rows: which horizontal stretch runs on which track.

The classical channel: wires come in at the top, leave at the bottom, and change sides on tracks. Wires of one value
share a track. Knows only numbers.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Literal, NamedTuple

_SAME = 3.0
_APART = 6.0


class Pin(NamedTuple):
    """A wire of a net from ``above`` to ``below``."""

    net: Hashable
    above: float
    below: float


@dataclass(slots=True, eq=False)
class _Net:
    """One net, or one half of a net that must change sides in between, at ``jog``."""

    key: Hashable
    above: float
    below: list[float]
    half: Literal["", "upper", "lower"] = ""

    @property
    def low(self) -> float:
        return min(self.above, *self.below)

    @property
    def high(self) -> float:
        return max(self.above, *self.below)


@dataclass(frozen=True, slots=True)
class Plan:
    """The tracks of every net that needs some, counted from the top: one, or two and the place between them."""

    ways: dict[Hashable, list[tuple[int, float]]]
    count: int
    spans: tuple[tuple[float, float], ...]

    def meets(self, low: float, high: float) -> bool:
        """Whether a track runs anywhere between two places across."""
        return any(start < high and end > low + _SAME for start, end in self.spans)

    def corners(self, pin: Pin) -> list[tuple[int, float]]:
        """Where the wire of ``pin`` turns, each a track and a place across."""
        corners, here = list[tuple[int, float]](), pin.above
        ways = self.ways[pin.net]
        for number, (track, jog) in enumerate(ways):
            there = jog if number + 1 < len(ways) else pin.below
            corners += [(track, here), (track, there)]
            here = there
        return corners


def tracks(pins: Sequence[Pin]) -> Plan:
    """Tracks for all nets that do not run straight."""
    nets: dict[Hashable, _Net] = {}
    for net, above, below in pins:
        nets.setdefault(net, _Net(net, above, [])).below.append(below)
    bent = [net for net in nets.values() if net.high - net.low > 0.4]
    places = sorted({place for pin in pins for place in (pin.above, pin.below)})
    ordered = _ordered(bent, places)
    overs = _overs(ordered)
    placed: dict[_Net, int] = {}
    for net in ordered:
        least = max((placed[other] + 1 for other in overs[net] if other in placed), default=0)
        taken = {track for other, track in placed.items() if _overlap(net, other)}
        placed[net] = next(track for track in range(least, len(placed) + least + 1) if track not in taken)
    ways: dict[Hashable, list[tuple[int, float]]] = {}
    for net, track in sorted(placed.items(), key=lambda one: one[0].half == "lower"):
        ways.setdefault(net.key, []).append((track, net.below[0]))
    spans = tuple((net.low, net.high) for net in bent)
    return Plan(ways, max((track + 1 for track in placed.values()), default=0), spans)


def _overs(nets: Sequence[_Net]) -> dict[_Net, list[_Net]]:
    """For each net those that must turn off before it arrives at the same place."""
    sorted_nets = sorted(nets, key=lambda net: net.above)
    starts = [net.above for net in sorted_nets]
    upper_halves = {net.key: net for net in nets if net.half == "upper"}
    overs: dict[_Net, list[_Net]] = {}
    for net in nets:
        spans = [(bisect_right(starts, low - _SAME), bisect_left(starts, low + _SAME)) for low in net.below]
        near = dict.fromkeys(other for start, end in spans for other in sorted_nets[start:end])
        overs[net] = [other for other in near if other.key != net.key]
        if net.half == "lower" and net.key in upper_halves:
            overs[net].append(upper_halves[net.key])
    return overs


def _overlap(one: _Net, other: _Net) -> bool:
    return one.low < other.high + _APART and other.low < one.high + _APART


def _ordered(nets: list[_Net], places: list[float]) -> list[_Net]:
    """Nets so that each stands behind those that must be over it; where they wait for each other, one is cut in two."""
    waiting, done = list(nets), list[_Net]()
    while waiting:
        free = _freed(waiting)
        done += free
        gone = set(free)
        waiting = [net for net in waiting if net not in gone]
        if not waiting:
            break
        whole = [net for net in waiting if not net.half]
        cut = min(whole, key=lambda net: (net.above in net.below, len(net.below))) if whole else waiting[0]
        waiting.remove(cut)
        waiting += _halves(cut, places) if whole else []
        done += [] if whole else [cut]
    return done


def _freed(waiting: list[_Net]) -> list[_Net]:
    """Those of ``waiting`` that can be ordered, the first that may come first."""
    overs = _overs(waiting)
    number = {net: index for index, net in enumerate(waiting)}
    left = {net: len(others) for net, others in overs.items()}
    under: dict[_Net, list[_Net]] = {}
    for net, others in overs.items():
        for other in others:
            under.setdefault(other, []).append(net)
    heap = [number[net] for net in waiting if not left[net]]
    freed: list[_Net] = []
    while heap:
        freed.append(waiting[heappop(heap)])
        for net in under.get(freed[-1], ()):
            left[net] -= 1
            if not left[net]:
                heappush(heap, number[net])
    return freed


def _halves(net: _Net, places: list[float]) -> list[_Net]:
    """``net`` by way of a place where no wire comes or goes, near where it starts."""
    side = 1 if net.below[0] > net.above else -1
    jog = net.above + side * _APART
    while any(abs(jog - place) < _APART - 1 for place in places):
        jog += side * _SAME
    places.append(jog)
    return [_Net(net.key, net.above, [jog], "upper"), _Net(net.key, jog, net.below, "lower")]
