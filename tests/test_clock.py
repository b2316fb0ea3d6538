"""Costs are compared so that noise alone fails nothing, and what costs too much fails among noise too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, repeat

import pytest

from tests import clock


def given(seconds: Iterator[float]) -> Callable[[], float]:
    return lambda: next(seconds)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([4.0], [1.0, 1.0]),
        ([12.0], [3.0, 3.0]),  # others work all the time
        ([12.0, 13.0, 11.0, 4.0], [1.0] * 5),  # others begin and end
        ([12.0, 4.0], [1.0, 3.0, 1.0]),
    ],
)
def test_noise_fails_nothing(one: list[float], other: list[float]) -> None:
    assert clock.ratio(given(iter(one)), given(iter(other)), 5) < 5


def test_what_costs_too_much_fails() -> None:
    noisy = chain([18.0, 6.1, 17.0], repeat(6.0))
    assert clock.ratio(given(noisy), given(repeat(1.0)), 5) == 6


def test_seconds_are_as_long_as_the_machine_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "slowness", lambda: 2.0)
    assert clock.least(given(repeat(1.5)), 1) == 0.75
    assert clock.least(given(repeat(2.5)), 1) == 1.25


def test_others_are_asked_of_nothing_where_all_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(clock, "slowness")
    assert clock.seconds(lambda: None, 1) < 1
