"""The least time of kernels on a device, and what sets it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.analysis.roofline.calls import flow
from graphbuilder.analysis.roofline.devices import Device
from graphbuilder.analysis.roofline.kernels import FUSIONS, Fusion, Kernel, planned
from graphbuilder.analysis.roofline.training import learned

Bound = Literal["memory", "arithmetic", "launches"]
WIDTHS: Mapping[str, int] = {"float32": 4, "bfloat16": 2, "float16": 2}


class Floor(NamedTuple):
    """What kernels cost at least, for a whole batch.

    Attributes:
        kernels: how many there are.
        bytes: read and written.
        flops: floating-point operations, two a multiply-accumulate.
        memory: seconds of those kernels that memory bounds; ``arithmetic`` and ``launches`` of the others.
    """

    kernels: int = 0
    bytes: int = 0
    flops: int = 0
    memory: float = 0.0
    arithmetic: float = 0.0
    launches: float = 0.0

    @property
    def seconds(self) -> float:
        """All of them one after the other."""
        return self.memory + self.arithmetic + self.launches

    @property
    def bound(self) -> Bound | None:
        """What takes most of the time; None of no kernel."""
        parts: dict[Bound, float] = {
            "memory": self.memory,
            "arithmetic": self.arithmetic,
            "launches": self.launches,
        }
        return max(parts, key=lambda name: parts[name]) if self.kernels else None

    @property
    def intensity(self) -> float:
        """Floating-point operations for every byte; 0 where nothing is read or written."""
        return self.flops / self.bytes if self.bytes else 0.0

    def data(self) -> dict[str, Any]:
        """The floor as plain values, for JSON."""
        return {
            "kernels": self.kernels,
            "bytes": self.bytes,
            "flops": self.flops,
            "intensity": self.intensity,
            "seconds": self.seconds,
            "bound": self.bound,
            "seconds_by_bound": {"memory": self.memory, "arithmetic": self.arithmetic, "launches": self.launches},
        }


@dataclass(frozen=True)
class Floors:
    """The floors of a network on a device.

    Attributes:
        device: what they are computed for.
        batch: samples in the batch.
        dtype: the type of all numbers.
        fusion: what ``by_path`` is fused by.
        training: whether they are of a step of training, forward and backward.
        totals: the whole network by what is fused.
        by_path: what the kernels at a path, and below it, cost; a path at which none starts is not there. "" is all.
    """

    device: Device
    batch: int
    dtype: str
    fusion: Fusion
    totals: Mapping[Fusion, Floor]
    by_path: Mapping[str, Floor]
    training: bool = False

    def at(self, paths: Iterable[str]) -> Floor:
        """What is at any of ``paths``, none of which lies below another."""
        return summed(self.by_path[path] for path in paths if path in self.by_path)


def floors(
    typed: TypedGraph, device: Device, *, batch: int, dtype: str, fusion: Fusion, training: bool = False
) -> Floors:
    """How long ``device`` needs at least for an evaluation of ``batch`` samples, or for a step of training on them.

    Each kernel takes as long as the slowest of its bytes, its products of matrices, its other operations, and its
    launch; kernels run one after the other. Maps that stay in a cache from one kernel to the next are charged all the
    same, so a device with much of it, and little to do, may be faster.
    """
    calls, plan = flow(typed, training=training), learned if training else planned

    def cost(kernel: Kernel) -> Floor:
        return _floor(kernel, device, batch, dtype)

    totals: dict[Fusion, Floor] = {}
    for each in FUSIONS:
        totals[each] = summed(map(cost, plan(calls, each)))
    parts: dict[str, list[Floor]] = {}
    for kernel in plan(calls, fusion):
        for path in _upwards(kernel.path):
            parts.setdefault(path, []).append(cost(kernel))
    by_path = {path: summed(found) for path, found in parts.items()}
    return Floors(device, batch, dtype, fusion, totals, {**by_path, "": totals[fusion]}, training)


def _floor(kernel: Kernel, device: Device, batch: int, dtype: str) -> Floor:
    width = WIDTHS[dtype]
    moved = ((kernel.reads + kernel.writes) * batch + kernel.weights) * width + kernel.places * batch
    memory = moved / device.bandwidth
    arithmetic = max(kernel.matrix * batch / device.matrix[dtype], kernel.vector * batch / device.vector)
    flops = (kernel.matrix + kernel.vector) * batch
    if device.launch > max(memory, arithmetic):
        return Floor(1, moved, flops, launches=device.launch)
    if memory >= arithmetic:
        return Floor(1, moved, flops, memory=memory)
    return Floor(1, moved, flops, arithmetic=arithmetic)


def summed(floors: Iterable[Floor]) -> Floor:
    """All of them, one after the other."""
    kept = tuple(floors)
    return Floor(
        sum(each.kernels for each in kept),
        sum(each.bytes for each in kept),
        sum(each.flops for each in kept),
        sum(each.memory for each in kept),
        sum(each.arithmetic for each in kept),
        sum(each.launches for each in kept),
    )


def _upwards(path: str) -> Iterator[str]:
    """``a.b.c``, ``a.b``, ``a``."""
    while path:
        yield path
        path = path.rpartition(".")[0]
