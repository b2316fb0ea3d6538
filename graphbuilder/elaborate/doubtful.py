"""Names that may have been meant by one that is hardly like them: each is told only where the network takes it.

An argument that nothing takes, beside the one that is missing, may be called anything. Of a name of three letters any
other letter makes another name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from graphbuilder.diagnostics import Meant, Remedy, Span
from graphbuilder.diagnostics.nearest import one_slip
from graphbuilder.document import Place
from graphbuilder.spec.merged import own

_TRIED = 3
_SHORT = 3


def one_letter_off(word: str, candidates: Iterable[str]) -> Iterator[str]:
    """The first of ``candidates`` that one slip of the pen makes the short name ``word`` of."""
    near = (each for each in candidates if len(word) == _SHORT and one_slip(word, each))
    return islice(near, _TRIED)


def if_it_fits(names: Iterable[str], span: Span) -> tuple[Remedy, ...]:
    """Each of ``names`` in place of the word at ``span``, to be tried."""
    meant = [Meant((name,)) for name in names]
    return tuple(replace(remedy, help=str(each)) for each in meant for remedy in each.instead_of(span))


def as_key(names: Iterable[str], place: Place) -> tuple[Remedy, ...]:
    """Each of ``names`` in place of the key at ``place``, to be tried; none where another file wrote it."""
    found = own(place)
    return if_it_fits(names, found.key_span) if found else ()


def paired(strangers: Sequence[str], lacking: Collection[str]) -> Mapping[str, str]:
    """The argument that is missing, by the one that nothing takes, where there is one of each: they are one mistake."""
    return dict(zip(strangers, lacking, strict=True)) if len(strangers) == len(lacking) == 1 else {}
