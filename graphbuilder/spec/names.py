"""What may be called what, and which name was probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that ``name`` was probably meant to be, or None when nothing is near."""
    from difflib import get_close_matches  # noqa: PLC0415  (only a mistake needs it)

    lowered = {candidate.lower(): candidate for candidate in known}
    found = get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    return lowered[found[0]] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A remedy that names the nearest known name, or None when nothing is near."""
    found = nearest(name, known)
    return f"did you mean `{found}`?" if found else None
