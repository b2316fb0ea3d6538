"""Numbers as a person reads them in a table."""

from __future__ import annotations

from graphbuilder.ir import TensorType


def counted(number: int) -> str:
    """``22,855,952``."""
    return f"{number:,}"


def scaled(number: int) -> str:
    """Three significant digits and a power of a thousand: ``8.36 G``, ``728``."""
    return str(number) if number < 1000 else _scaled(number / 1000, 1000, ("k", "M", "G", "T", "P"))


def memory(number: int) -> str:
    """Bytes in powers of 1024: ``87.4 MiB``."""
    return f"{number} B" if number < 1000 else _scaled(number / 1024, 1024, ("KiB", "MiB", "GiB", "TiB"))


def duration(seconds: float) -> str:
    """Three significant digits of microseconds, milliseconds or seconds: ``41.6 µs``, ``86.2 ms``, ``1.24 s``."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= 0.9995 * size:
            return f"{seconds / size:.{_decimals(seconds / size)}f} {unit}"
    return f"{1e6 * seconds:.{_decimals(1e6 * seconds)}f} µs"


def share(part: int, whole: int) -> str:
    """``12.3 %``; nothing for no part."""
    return f"{100 * part / whole:.1f} %" if part else ""


def bar(part: int, whole: int, width: int = 8) -> str:
    """A bar of ``width`` characters for the whole, in eighths of a character."""
    full, rest = divmod(round(8 * width * part / whole) if whole else 0, 8)
    return "█" * full + (" ▏▎▍▌▋▊▉"[rest] if rest else "")


def shape(types: tuple[TensorType, ...]) -> str:
    """``728x19x19``, several after one another."""
    return ", ".join(map(str, types))


def _scaled(value: float, step: int, units: tuple[str, ...]) -> str:
    unit, *larger = units
    if value >= 999.5 and larger:
        return _scaled(value / step, step, tuple(larger))
    return f"{value:.{_decimals(value)}f} {unit}"


def _decimals(value: float) -> int:
    """How many digits behind the point make three in all."""
    return 2 if value < 9.995 else 1 if value < 99.95 else 0
