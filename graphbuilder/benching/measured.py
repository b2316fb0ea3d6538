"""A device measured by a copy and by products of matrices: the roof for what runs on it."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import torch

from graphbuilder.analysis.roofline import DEVICES, Device
from graphbuilder.backends.torch.chosen import DTYPES
from graphbuilder.backends.torch.machine import device_name

ROUNDS, BUDGET = 200, 1.0  # rounds at most, and seconds, for each number
# As small as they may be: the best of many short rounds finds moments in which a busy machine is free.
_COPIED = {"cpu": 2**27, "cuda": 2**31}  # bytes: far more than a cache holds
_SIDES = {"cpu": 1024, "cuda": 8192}


def roof(place: torch.device) -> Device:
    """The roof of the device: known by its name, else measured.

    A known card's peaks are those of its kind; what is measured is the best of many rounds.
    """
    name = device_name(place)
    known = next((each for key, each in DEVICES.items() if key in name.lower()), None)
    return known or measured(place)


def measured(place: torch.device) -> Device:
    """The device's bandwidth by a copy that no cache holds, its arithmetic by products of matrices in every type, and
    its launches by the smallest op that there is."""
    matrix = {name: _products(place, numbers) for name, numbers in DTYPES.items() if _multiplies(place, numbers)}
    threads = torch.get_num_threads()
    return Device(
        device_name(place),
        _bandwidth(place),
        matrix,
        # Elsewhere than in units for matrices, single precision has the rate of its products.
        matrix["float32"],
        _launch(place),
        f"measured here by a copy and products of matrices, on {threads} thread{'s' if threads > 1 else ''}",
    )


def _bandwidth(place: torch.device) -> float:
    source = torch.ones(_COPIED[place.type] // 4, device=place)
    target = torch.empty_like(source)
    return 2 * 4 * source.numel() / _best(place, lambda: target.copy_(source))


def _products(place: torch.device, numbers: torch.dtype) -> float:
    side = _SIDES[place.type]
    one, other = (torch.ones(side, side, device=place, dtype=numbers) for _ in range(2))
    return 2 * side**3 / _best(place, lambda: one @ other)


def _multiplies(place: torch.device, numbers: torch.dtype) -> bool:
    """Whether half precision is more than a courtesy: without units for it, a CPU takes minutes."""
    if place.type == "cuda" or numbers == torch.float32:
        return True
    one = torch.ones(256, 256, dtype=numbers)
    return _best(place, lambda: one @ one) < 0.05


def _launch(place: torch.device) -> float:
    one = torch.ones(1, device=place)
    count = 100

    def launched() -> None:
        for _ in range(count):
            one.add_(1)

    return _best(place, launched) / count


def _best(place: torch.device, run: Callable[[], object]) -> float:
    """The least seconds of a run, after one that does not count."""
    least, start = float("inf"), perf_counter()
    for number in range(ROUNDS):
        begun = perf_counter()
        run()
        if place.type == "cuda":
            torch.cuda.synchronize(place)
        if number:
            least = min(least, perf_counter() - begun)
        if number > 1 and perf_counter() - start > BUDGET:
            break
    return least
