"""Rules of a mapping that differ in one word on either side, as one rule with a list of words.

``conv2d_{b}`` to ``unit_{b}.conv`` and ``batch_normalization_{b}`` to ``unit_{b}.batchnorm`` are
``{w:conv2d|batch_normalization}_{b}`` to ``unit_{b}.{w:conv|batchnorm}``. What is matched stays the same.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from graphbuilder.weights.patterns import PatternError, pattern, template

Rule = tuple[str, str]

_PIECE = re.compile(r"\{[^}]*\}|[A-Za-z0-9]+|.")
_WORDS = re.compile(r"\w+(?:\.\w+)*")
_LETTERS = "wvutsrqpnmlkji"
# How many pieces, joints among them, a word may have on either side.
_LONGEST = (5, 3)
_MOST_WORDS = 32


class _Key(NamedTuple):
    """A rule around a word on either side."""

    before: str
    behind: str
    ours_before: str
    ours_behind: str


class _Words(NamedTuple):
    rule: Rule
    theirs: str
    ours: str


def worded(rules: Sequence[Rule]) -> list[Rule]:
    """``rules`` with as many as can be made one of them so, where the first of those stands."""
    found = list(rules)
    refused: set[_Key] = set()
    while True:
        alike: dict[_Key, dict[str, _Words]] = defaultdict(dict)
        for rule in found:
            for key, words in _cuts(rule):
                alike[key].setdefault(words.theirs, words)
        usable = {key: list(of.values()) for key, of in alike.items() if 1 < len(of) <= _MOST_WORDS}
        left = [key for key in usable if key not in refused]
        if not left:
            return found
        # As many rules as can be, and then as short words.
        best = max(left, key=lambda key: (len(usable[key]), sum(map(len, key))))
        made = _made(best, usable[best])
        if made is None:
            refused.add(best)
            continue
        gone = [words.rule for words in usable[best]]
        found[found.index(gone[0])] = made
        found = [rule for rule in found if rule not in gone]


def _cuts(rule: Rule) -> Iterator[tuple[_Key, _Words]]:
    """Every word on the left side with every word on the right side."""
    for before, theirs, behind in _spans(rule[0], _LONGEST[0]):
        if not before + behind:
            continue  # names with nothing in common
        for ours_before, ours, ours_behind in _spans(rule[1], _LONGEST[1]):
            yield _Key(before, behind, ours_before, ours_behind), _Words(rule, theirs, ours)


def _spans(text: str, longest: int) -> Iterator[tuple[str, str, str]]:
    """Each run of at most ``longest`` pieces that is a word, with what stands before and behind."""
    pieces = _PIECE.findall(text)
    for start in range(len(pieces)):
        for stop in range(start + 1, min(start + longest, len(pieces)) + 1):
            word = "".join(pieces[start:stop])
            if _WORDS.fullmatch(word) and word[0] != "_" and word[-1] != "_":
                yield "".join(pieces[:start]), word, "".join(pieces[stop:])


def _made(key: _Key, words: Sequence[_Words]) -> Rule | None:
    """The rule for all ``words``, if the language of mappings can tell them apart."""
    letter = next(each for each in _LETTERS if f"{{{each}" not in key.before + key.behind)
    theirs = "|".join(each.theirs for each in words)
    ours = {each.ours for each in words}
    right = ours.pop() if len(ours) == 1 else f"{{{letter}:{'|'.join(each.ours for each in words)}}}"
    rule = (f"{key.before}{{{letter}:{theirs}}}{key.behind}", f"{key.ours_before}{right}{key.ours_behind}")
    try:
        template(rule[1], pattern(rule[0]))
    except PatternError:
        return None
    return rule
