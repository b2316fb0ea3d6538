"""Numbers as a person reads them in a table."""

from __future__ import annotations

from graphbuilder.ir import TensorType


def counted(number: int) -> str:
    """``22,855,952``."""
    return f"{number:,}"


def scaled(number: int) -> str:
    """Three significant digits and a power of a thousand: ``8.36 G``, ``728``."""
    if number < 1000:
        return str(number)
    value, unit = float(number), ""
    for unit in ("k", "M", "G", "T", "P"):
        value /= 1000
        if float(f"{value:.3g}") < 1000:
            break
    return f"{_three(value)} {unit}"


def memory(number: int) -> str:
    """Bytes in powers of 1024: ``87.4 MiB``."""
    if number < 1024:
        return f"{number} B"
    value, unit = float(number), ""
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        value /= 1024
        if value < 1000:
            break
    return f"{_three(value)} {unit}"


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


def _three(value: float) -> str:
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{digits}f}"
