"""The space between two rows: which horizontal stretch runs on which track.

The classical channel: wires come in at the top, leave at the bottom, and change sides on tracks. Wires of one value
share a track. Knows only numbers.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
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
    right: float

    def right_of(self, place: float) -> bool:
        """Whether a track runs to the right of ``place``."""
        return self.right > place + _SAME

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
    bent = [net for net in nets.values() if net.high - net.low > 0.5]
    places = sorted({place for pin in pins for place in (pin.above, pin.below)})
    placed: list[tuple[_Net, int]] = []
    for net in _ordered(bent, places):
        least = max((track + 1 for other, track in placed if _over(other, net)), default=0)
        taken = {track for other, track in placed if _overlap(net, other)}
        placed.append((net, next(track for track in range(least, len(placed) + least + 1) if track not in taken)))
    ways: dict[Hashable, list[tuple[int, float]]] = {}
    for net, track in sorted(placed, key=lambda one: one[0].half == "lower"):
        ways.setdefault(net.key, []).append((track, net.below[0]))
    right = max((net.high for net in bent), default=0.0)
    return Plan(ways, max((track + 1 for _, track in placed), default=0), right)


def _over(upper: _Net, lower: _Net) -> bool:
    """Whether ``upper`` must turn off before ``lower`` arrives at the same place."""
    if upper.key == lower.key:
        return upper.half == "upper"
    return any(abs(upper.above - below) < _SAME for below in lower.below)


def _overlap(one: _Net, other: _Net) -> bool:
    return one.low < other.high + _APART and other.low < one.high + _APART


def _ordered(nets: list[_Net], places: list[float]) -> list[_Net]:
    """Nets so that each stands behind those that must be over it; where they wait for each other, one is cut in two."""
    waiting, done = list(nets), list[_Net]()
    while waiting:
        free = [net for net in waiting if not any(_over(other, net) for other in waiting if other is not net)]
        if free:
            done.append(free[0])
            waiting.remove(free[0])
            continue
        whole = [net for net in waiting if not net.half]
        cut = min(whole, key=lambda net: (net.above in net.below, len(net.below))) if whole else waiting[0]
        waiting.remove(cut)
        waiting += _halves(cut, places) if whole else []
        done += [] if whole else [cut]
    return done


def _halves(net: _Net, places: list[float]) -> list[_Net]:
    """``net`` by way of a place where no wire comes or goes, near where it starts."""
    side = 1 if net.below[0] > net.above else -1
    jog = net.above + side * _APART
    while any(abs(jog - place) < _APART - 1 for place in places):
        jog += side * _SAME
    places.append(jog)
    return [_Net(net.key, net.above, [jog], "upper"), _Net(net.key, jog, net.below, "lower")]
