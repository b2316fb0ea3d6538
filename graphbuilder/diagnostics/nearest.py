"""The word that a person may have meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from operator import eq

from graphbuilder.diagnostics.remedies import Help, Meant

_LONGEST = 100
# Comparing two words takes the product of their lengths: this much of it is spent on one word, and so many letters of
# candidates are looked at before, a millisecond or two each. A run may tell a hundred mistakes.
_PAIRS = 8_000
_LETTERS = 6_000
_TRIED = 5
# How much alike two words must be, and two of which one is so short that any two letters in common make them alike.
_ALIKE = 0.6
_SHORT, _SHORT_ALIKE = 3, 0.75
_MUCH_ALIKE = 0.8
# Of names of which any may have been meant, those that are tried.
_ONE_OF = 3
# A mistake that is made again and again has the same few words each time; candidates may be very many.
_REMEMBERED = 16


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that is most like ``word``, letter case aside, or None where none is near.

    Words of more than 100 characters are like none. Of many candidates only those that have the most letters in the
    same places are compared, and of very many only those that begin or end as it does. Words of three letters or fewer
    must be nearly the same, have the same letters, or be the beginning (`int` of `integer`): `p` is not like `op`, and
    `po` is.
    """
    return _nearest(word, tuple(candidates)) if len(word) <= _LONGEST else None


@lru_cache(_REMEMBERED)
def _nearest(word: str, candidates: Sequence[str]) -> str | None:
    from difflib import get_close_matches  # only a mistake needs it

    folded = {candidate.casefold(): candidate for candidate in _compared(word, candidates)}
    if word.casefold() in folded:
        return folded[word.casefold()]
    found = get_close_matches(word.casefold(), _one_more_or_less(word.casefold(), folded) or folded, _TRIED, _ALIKE)
    turned = word[::-1].casefold() if len(word) == len("id") else ""
    near = next((each for each in found if _alike(word.casefold(), each)), turned if turned in folded else None)
    return folded[near] if near is not None else None


def _one_more_or_less(word: str, candidates: Iterable[str]) -> list[str]:
    """Those with a letter more or less than a ``word`` that is not short: none is more like it, and they are found
    soon."""
    near = (each for each in candidates if abs(len(each) - len(word)) == 1)
    return [each for each in near if one_slip(word, each)] if len(word) > _SHORT + 1 else []


def _compared(word: str, candidates: Iterable[str]) -> Iterator[str]:
    """As many of the candidates as there is time for; most slips leave the letters before them where they were."""
    ranked = sorted(_likely(word, list(candidates)), key=lambda each: -sum(map(eq, each, word)))
    return _within(_PAIRS, ranked, lambda each: len(word) * len(each))


def _likely(word: str, candidates: Sequence[str]) -> Iterator[str]:
    """The candidates; of very many those that share a half with ``word``, as after a slip in the other."""
    if sum(map(len, candidates)) > _LETTERS:
        begin, end = word[: len(word) // 2], word[len(word) // 2 :]
        candidates = [each for each in candidates if each.startswith(begin) or each.endswith(end)]
    return _within(_LETTERS, candidates, len)


def _within(most: int, words: Iterable[str], cost: Callable[[str], int]) -> Iterator[str]:
    """The first of ``words``, which together cost no more than ``most``."""
    for word in words:
        most -= cost(word)
        if most < 0:
            return
        yield word


def _alike(word: str, candidate: str) -> bool:
    """Whether two words that are near are so for their length."""
    from difflib import SequenceMatcher

    short, long = sorted((word, candidate), key=len)
    if len(short) > _SHORT or (len(short) == _SHORT and long.startswith(short)) or sorted(short) == sorted(long):
        return True
    return SequenceMatcher(None, candidate, word).ratio() >= _SHORT_ALIKE


def one_slip(word: str, meant: str) -> bool:
    """Whether one letter too many, missing or wrong, or two letters in each other's place, make ``word`` of ``meant``.

    A digit more makes a name of its own.
    """
    start = _begin_alike(word, meant)
    one, other = word[start:], meant[start:]
    end = _begin_alike(one[::-1], other[::-1])
    one, other = one[: len(one) - end], other[: len(other) - end]
    if not f"{one}{other}".isalpha():
        return False
    return len(one) <= 1 >= len(other) or (len(one) == 2 and one == other[::-1])


def one_letter_off(word: str, candidates: Iterable[str]) -> list[str]:
    """The first few of ``candidates`` of which one slip makes the name ``word`` of three letters, where any other
    letter makes another name."""
    if len(word) != _SHORT:
        return []
    short = (each for each in candidates if abs(len(each) - _SHORT) <= 1)
    near = (each for each in _within(_LETTERS // 8, short, len) if one_slip(word, each))
    return [*islice(near, _ONE_OF)]


def much_alike(word: str, candidate: str) -> bool:
    """Whether two words differ by so little that the one can hardly be meant as another."""
    from difflib import SequenceMatcher

    one, other = word[:_LONGEST].casefold(), candidate[:_LONGEST].casefold()
    return one_slip(one, other) or SequenceMatcher(None, other, one).ratio() >= _MUCH_ALIKE


def _begin_alike(one: str, other: str) -> int:
    """How many letters both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


def by_likeness(word: str, candidates: Sequence[str]) -> list[str]:
    """The first hundred of ``candidates``, those that are most like ``word`` first, or of that number."""
    from difflib import SequenceMatcher

    known, matcher = list(candidates[:_LONGEST]), SequenceMatcher(None, b=word[:_LONGEST].casefold())
    if word.isdecimal() and len(word) < len(str(_LONGEST)):
        return sorted(known, key=lambda each: known.index(each) != int(word))

    def likeness(candidate: str) -> float:
        matcher.set_seq1(candidate[:_LONGEST].casefold())
        return matcher.ratio()

    return sorted(known, key=likeness, reverse=True)


def meant(
    word: str, candidates: Iterable[str], otherwise: str | None = None, *, form: str = "{}", quote: str = "`"
) -> Help:
    """The remedy for ``word`` where one of ``candidates`` was wanted: the nearest, as ``form`` has it, or what else
    there is to say."""
    known = list(candidates)
    near = nearest(word, known)
    names = [near] if near else one_letter_off(word, known) if otherwise else []
    told = tuple(form.replace("{}", name) for name in names)
    return Meant(told, quote=quote, otherwise=otherwise, sure=near is not None) if told else otherwise
