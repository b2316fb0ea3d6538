"""One row of the table: what was asked, what came out."""

from __future__ import annotations

from typing import Any, NamedTuple

CHECKS = "checks"
# What is asked for by name, in order of what is wanted most, with the share of the time for everything that it may take
# at most; what one leaves is there for the next. The first word is the group, whose rows run in one process.
SHARES: dict[str, float] = {
    CHECKS: 0.25,
    "inference-large": 0.2,
    "inference-middle": 0.16,
    "inference-one": 0.16,
    "inception-large": 0.05,
    "inception-middle": 0.05,
    "training-large": 0.2,
    "training-middle": 0.2,
    "inception-training": 0.1,
    "recompute-large": 0.15,
    "recompute-middle": 0.15,
    "first-middle": 0.15,
    "others-mobilenet_v2": 0.2,
    "others-resnext50": 0.2,
    "others-inception_v3": 0.2,
}


def group_of(key: str) -> str:
    return key.partition("-")[0]


class Row(NamedTuple):
    """A comparison, ours beside theirs.

    Attributes:
        name: where: the device is told once, for all rows.
        against: what ours is compared with.
        target: the least ratio that is asked for, theirs over ours.
        ours, theirs: median seconds of a run; None where it was not run.
        ratio: the median of the rounds' ratios, theirs over ours: above 1, ours is faster. Where the row is of memory,
            their bytes over ours.
        rounds: how many.
        more: other numbers by what they are.
        note: what there is to say, and why a row is empty.
    """

    name: str
    against: str
    target: float
    ours: float | None = None
    theirs: float | None = None
    ratio: float | None = None
    rounds: int = 0
    more: dict[str, Any] = {}  # noqa: RUF012  (never written to)
    note: str = ""

    @property
    def reached(self) -> bool | None:
        return None if self.ratio is None else self.ratio >= self.target


class Check(NamedTuple):
    """A comparison of numbers with double precision; ``error`` is over the largest number."""

    name: str
    error: float
    allowed: float

    @property
    def passed(self) -> bool:
        return self.error <= self.allowed
