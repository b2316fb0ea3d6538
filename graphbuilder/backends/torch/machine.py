"""What a measurement was taken on: without it, a time says nothing."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch


def device_name(place: torch.device) -> str:
    """The name of the card, or of the processor."""
    if place.type == "cuda":
        return torch.cuda.get_device_name(place)
    return _processor() or platform.processor() or platform.machine()


def machine(place: torch.device, packages: Iterable[str]) -> dict[str, Any]:
    """The device, its surroundings and the versions of ``packages``, as plain values."""
    cuda = {"cuda": torch.version.cuda} if place.type == "cuda" else {}
    return {
        "device": device_name(place),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        **cuda,
        "python": platform.python_version(),
        "packages": {name: found for name in ("torch", *packages) if (found := _version(name))},
    }


def _processor() -> str:
    """As Linux tells it; elsewhere nothing."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
