"""Devices, as the few numbers that bound them. A device that is not listed is measured, elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Device:
    """What a device does at most.

    Attributes:
        name: what it is called.
        bandwidth: bytes a second between memory and chip, read and written together.
        matrix: floating-point operations a second of products of matrices, by the type of the numbers; "float32" is
            of full single precision, without TF32.
        vector: floating-point operations a second of everything else, in single precision.
        launch: seconds from one kernel's start to the next one's at least, where they are launched one by one.
        source: where the numbers are from.
    """

    name: str
    bandwidth: float
    matrix: Mapping[str, float]
    vector: float
    launch: float
    source: str

    def data(self) -> dict[str, Any]:
        """The device as plain values, for JSON."""
        return {**asdict(self), "matrix": dict(self.matrix)}


_SHEET = "peaks of the data sheet, without sparsity; the launch is estimated"
_LAUNCH = 2e-6

DEVICES: Mapping[str, Device] = {
    "h200": Device(
        "NVIDIA H200",
        4.3e12,
        {"float32": 60e12, "bfloat16": 790e12, "float16": 790e12},
        60e12,
        _LAUNCH,
        "a copy and products of matrices, as measured on such cards; the launch is estimated",
    ),
    "h100": Device(
        "NVIDIA H100 SXM",
        3.35e12,
        {"float32": 67e12, "bfloat16": 989e12, "float16": 989e12},
        67e12,
        _LAUNCH,
        _SHEET,
    ),
    "a100": Device(
        "NVIDIA A100 SXM 80 GB",
        2.039e12,
        {"float32": 19.5e12, "bfloat16": 312e12, "float16": 312e12},
        19.5e12,
        _LAUNCH,
        _SHEET,
    ),
}
