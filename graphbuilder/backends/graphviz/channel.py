"""The space between two rows: which horizontal stretch runs on which track.

The classical channel: wires come in at the top, leave at the bottom, and change sides on tracks. Wires of one value
share a track. Knows only numbers.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

_SAME = 3.0
_APART = 6.0


class Pin(NamedTuple):
    """A wire of a net from ``above`` to ``below``."""

    net: Hashable
    above: float
    below: float


@dataclass(slots=True)
class _Net:
    key: Hashable
    above: float
    below: list[float]

    @property
    def low(self) -> float:
        return min(self.above, *self.below)

    @property
    def high(self) -> float:
        return max(self.above, *self.below)


@dataclass(frozen=True, slots=True)
class Plan:
    """The track of every net that needs one, counted from the top."""

    track: dict[Hashable, int]
    count: int
    right: float

    def right_of(self, place: float) -> bool:
        """Whether a track runs to the right of ``place``."""
        return self.right > place + _SAME


def tracks(pins: Sequence[Pin]) -> Plan:
    """Tracks for all nets that do not run straight."""
    nets: dict[Hashable, _Net] = {}
    for net, above, below in pins:
        nets.setdefault(net, _Net(net, above, [])).below.append(below)
    bent = [net for net in nets.values() if net.high - net.low > 0.5]
    placed: list[tuple[_Net, int]] = []
    for net in _ordered(bent):
        least = max((track + 1 for other, track in placed if _over(other, net)), default=0)
        taken = {track for other, track in placed if _overlap(net, other)}
        placed.append((net, next(track for track in range(least, len(placed) + least + 1) if track not in taken)))
    right = max((net.high for net in bent), default=0.0)
    return Plan({net.key: track for net, track in placed}, max((track + 1 for _, track in placed), default=0), right)


def _over(upper: _Net, lower: _Net) -> bool:
    """Whether ``upper`` must turn off before ``lower`` arrives at the same place."""
    return any(abs(upper.above - below) < _SAME for below in lower.below)


def _overlap(one: _Net, other: _Net) -> bool:
    return one.low < other.high + _APART and other.low < one.high + _APART


def _ordered(nets: list[_Net]) -> list[_Net]:
    """Nets so that each stands behind those that must be over it; where they wait for each other, as they came."""
    waiting, done = list(nets), list[_Net]()
    while waiting:
        free = [net for net in waiting if not any(_over(other, net) for other in waiting if other is not net)]
        done.append((free or waiting)[0])
        waiting.remove(done[-1])
    return done
