"""The most memory that a call holds beyond what stood before."""

from __future__ import annotations

import ctypes
import re
import sys
from collections.abc import Callable
from pathlib import Path

import torch

_SELF = Path("/proc/self")


def peak_of(run: Callable[[], object], place: torch.device) -> int | None:
    """Bytes; on a GPU those of torch's allocator, elsewhere the resident memory of the process.

    None where the system does not tell: only Linux does, and only where it lets the mark be reset.
    """
    if place.type != "cuda":
        return _resident(run)
    torch.cuda.synchronize(place)
    torch.cuda.reset_peak_memory_stats(place)
    before = torch.cuda.memory_allocated(place)
    run()
    torch.cuda.synchronize(place)
    return torch.cuda.max_memory_allocated(place) - before


def _resident(run: Callable[[], object]) -> int | None:
    if sys.platform != "linux":
        return None
    # What was freed and is still held by the allocator would be taken again unseen.
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
    try:
        (_SELF / "clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return None
    before = _told("VmRSS")
    run()
    return max(0, _told("VmHWM") - before)


def _told(name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", (_SELF / "status").read_text(encoding="ascii"), re.MULTILINE)
    assert found, "Linux tells it of every process"
    return 1024 * int(found[1])
