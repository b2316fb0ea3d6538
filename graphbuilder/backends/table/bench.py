"""What a bench says: what was measured, as data. How it looks stands in ``bench_rows``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median
from typing import Any, NamedTuple

from graphbuilder.analysis.roofline import Device
from graphbuilder.backends.table.roofline import Roofline

OURS = "graphbuilder"


class Case(NamedTuple):
    """What is run: a network on a batch, in one type of numbers."""

    network: str
    batch: int
    dtype: str


@dataclass(frozen=True)
class Measurement:
    """One contender in one case.

    Attributes:
        case: what was run.
        contender: who ran it; ``OURS`` for the network as compiled.
        detail: what exactly that was: the name of a model, a mode.
        seconds: of every round.
        build: seconds until it could be called.
        first: seconds of its first call, which may compile.
        peak: bytes that a call holds beyond what stood before; None where the system does not tell.
        speed: how often as fast ours is, the median of the rounds' ratios; 1 for ours.
        difference: how far its answers are from the plain network's in the same type, over the largest of these; None
            where its weights are others.
        floor: the least seconds of the device, where they are known.
    """

    case: Case
    contender: str
    detail: str
    seconds: Sequence[float]
    build: float
    first: float
    peak: int | None
    speed: float
    difference: float | None
    floor: float | None

    @property
    def median(self) -> float:
        """The median of the rounds, in seconds."""
        return median(self.seconds)

    @property
    def p90(self) -> float:
        """What nine in ten rounds took at most, in seconds."""
        return sorted(self.seconds)[ceil(0.9 * len(self.seconds)) - 1]

    @property
    def rate(self) -> float:
        """Samples a second, by the median."""
        return self.case.batch / self.median

    @property
    def reached(self) -> float | None:
        """The part of what the device could do: the floor over the median."""
        return None if self.floor is None else self.floor / self.median

    def data(self) -> dict[str, Any]:
        """The measurement as plain values, for JSON; times are seconds."""
        return {
            **self.case._asdict(),
            "contender": self.contender,
            "detail": self.detail,
            "rounds": len(self.seconds),
            "median": self.median,
            "p90": self.p90,
            "samples_per_second": self.rate,
            "build": self.build,
            "first_call": self.first,
            "peak_bytes": self.peak,
            "ours_is_faster_by": self.speed,
            "difference": self.difference,
            "floor": self.floor,
            "part_of_floor": self.reached,
        }


@dataclass(frozen=True)
class Bench:
    """Measurements on one machine; ``str()`` of it is the table.

    Attributes:
        machine: what they were taken on.
        device: its roof.
        measurements: case by case, ours first.
        rooflines: of each case, with the time of every call, where that was asked for.
        training: whether steps of training were measured, and not forwards in evaluation.
    """

    machine: Mapping[str, Any]
    device: Device
    measurements: tuple[Measurement, ...]
    rooflines: tuple[Roofline, ...] = ()
    training: bool = False

    def data(self) -> dict[str, Any]:
        """Everything as plain values, for JSON."""
        return {
            "machine": dict(self.machine),
            "device": self.device.data(),
            "training": self.training,
            "measurements": [each.data() for each in self.measurements],
            "by_block": [each.data() for each in self.rooflines],
        }

    def text(self) -> str:
        """The tables, as wide as they need to be."""
        from graphbuilder.backends.table.bench_rows import text

        return text(self)

    def markdown(self) -> str:
        """The tables for a README."""
        from graphbuilder.backends.table.bench_rows import markdown

        return markdown(self)

    def __str__(self) -> str:
        return self.text()

    def _repr_markdown_(self) -> str:
        return self.markdown()
