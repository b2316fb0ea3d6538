"""The word that a person may have meant."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

_LONGEST = 100
_MOST = 1_000


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that is most like ``word``, letter case aside, or None where none is near.

    Words of more than 100 characters are like none: comparing takes the product of two lengths. Of very many
    candidates only the first are compared.
    """
    from difflib import get_close_matches  # only a mistake needs it

    short = (candidate for candidate in candidates if len(candidate) <= _LONGEST)
    folded = {candidate.casefold(): candidate for candidate in islice(short, _MOST)}
    if len(word) > _LONGEST:
        return None
    found = get_close_matches(word.casefold(), folded, n=1)
    return folded[found[0]] if found else None


def meant(word: str, candidates: Iterable[str], otherwise: str | None = None, *, form: str = "`{}`") -> str | None:
    """The remedy for ``word`` where one of ``candidates`` was wanted: the nearest, written in ``form``, or what else
    there is to say."""
    near = nearest(word, candidates)
    return f"did you mean {form.replace('{}', near)}?" if near else otherwise
