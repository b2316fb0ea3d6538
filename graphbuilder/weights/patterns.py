"""The pattern language of mappings: text with numbers in it.

``block{b}_conv`` matches ``block7_conv``; ``{b:5..12}`` matches no number outside 5 to 12, and ``{m:b|c|d}`` one of
these words, whose number is its place, from 0. A range in a list stands for its numbers: ``{b:2..3|7}`` is
``{b:2|3|7}``. In what a rule leads to, ``{b}``, ``{b+1}`` and ``{b-5}`` write the number that was found, and
``{k:conv|batchnorm}`` the word at that place. ``{query+key+value}`` is each of these words in turn, and so several
names for one: on the left joined in that order, ``zeros`` among them being no name but zeros; on the right parted.
Nothing else is special, and nothing matches any text, so that two rules overlap only where their ranges do. In
``ignore`` alone, ``*`` is any text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice, pairwise
from typing import NamedTuple

Numbers = Mapping[str, int]

_NUMBER = "0|[1-9][0-9]{0,8}"
_NAME = "[a-z][a-z0-9_]*"
_RANGE = rf"(?:{_NUMBER})\.\.(?:{_NUMBER})"
_WORD = rf"(?:{_RANGE}|\w+(?:\.\w+)*)"
_WORDS = rf"{_WORD}(?:\|{_WORD})+"
_HOLE = re.compile(rf"\{{({_NAME})(?::(?:({_WORDS})|({_NUMBER})\.\.({_NUMBER})))?\}}")
_SLOT = re.compile(rf"\{{({_NAME})(?:([+-])({_NUMBER})|:({_WORDS}|{_RANGE}))?\}}")
# Two words or more; `{b+1}` is a sum.
_SEVERAL = re.compile(rf"\{{(?!{_NAME}\+(?:{_NUMBER})\}})(\w+(?:\.\w+)*(?:\+\w+(?:\.\w+)*)+)\}}", re.ASCII)
_BRACE = re.compile(r"\{[^{}]*\}?|\}")
_PATH = re.compile(r"\w+(?:\.\w+)*", re.ASCII)

_MOST_WORDS = 10_000

# Among what is joined, no name but zeros, of the size that is left.
ZEROS = "zeros"


_ONE_LIST = "write the whole names in one: `{q.weight+k.weight+v.weight}`"


class PatternError(Exception):
    """A pattern or a template is not one; the message says why, and ``help`` what is one."""

    def __init__(
        self,
        message: str,
        help: str = "a placeholder is `{b}`, a range of numbers `{b:5..12}`, a choice of words `{b:conv|dense}`",
    ) -> None:
        super().__init__(message)
        self.help = help


class Pattern(NamedTuple):
    """The left side of a rule, taken apart."""

    text: str
    regex: re.Pattern[str]
    ranges: Mapping[str, tuple[int, int]]
    words: Mapping[str, tuple[str, ...]]

    @property
    def head(self) -> str:
        """What a name that it matches begins with."""
        return self.text.partition("{")[0]

    def match(self, name: str) -> Numbers | None:
        """The numbers in ``name`` by placeholder, a word's being its place, or None where it does not match."""
        found = self.regex.fullmatch(name)
        if found is None:
            return None
        numbers = {
            key: self.words[key].index(value) if key in self.words else int(value)
            for key, value in found.groupdict().items()
        }
        inside = all(low <= numbers[key] <= high for key, (low, high) in self.ranges.items())
        return numbers if inside else None


class Template(NamedTuple):
    """The right side of a rule."""

    text: str

    def write(self, numbers: Numbers) -> str:
        """The text with ``numbers`` in their places."""

        def written(slot: re.Match[str]) -> str:
            number = numbers[slot[1]]
            if slot[4]:
                return words_of(slot[4])[number]
            return str(number + (int(f"{slot[2]}{slot[3]}") if slot[2] else 0))

        return _SLOT.sub(written, self.text)

    @property
    def anywhere(self) -> str:
        """The text for no number in particular: 0 for each, and the first of words."""
        return _SLOT.sub(lambda slot: words_of(slot[4])[0] if slot[4] else "0", self.text)


def pieces(text: str) -> dict[str, str]:
    """What a side of a rule stands for: the side with each word of its ``{query+key}``, by that; itself without one.

    Raises:
        PatternError: when a word comes twice, or there are two such lists.
    """
    found = [*_SEVERAL.finditer(text)]
    if not found:
        return {"": text}
    if len(found) > 1:
        raise PatternError(f"`{found[0][0]}` and `{found[1][0]}`: a side of a rule has one such list", _ONE_LIST)
    words = found[0][1].split("+")
    if twice := _repeated(words):
        raise PatternError(f"`{found[0][0]}` has the word `{twice}` twice", _ONE_LIST)
    return {word: f"{text[: found[0].start()]}{word}{text[found[0].end() :]}" for word in words}


def pattern(text: str) -> Pattern:
    """``text`` as the left side of a rule.

    Raises:
        PatternError: when a brace is no placeholder, a name or a word comes twice, or two placeholders touch and it
            cannot be told where the first ends.
    """
    literals = _HOLE.split(text)[:: _HOLE.groups + 1]
    holes = list(_HOLE.finditer(text))
    _refuse_braces(literals, _why_no_hole)
    twice = _repeated([hole[1] for hole in holes])
    if twice:
        raise PatternError(f"the placeholder `{{{twice}}}` comes twice: give each a name of its own")
    words = {hole[1]: words_of(hole[2]) for hole in holes if hole[2]}
    for hole in holes:
        if hole[2] and (twice := _repeated(words[hole[1]])):
            raise PatternError(f"`{hole[0]}` has the word `{twice}` twice")
        if hole[3] and int(hole[3]) > int(hole[4]):
            raise PatternError(f"`{hole[0]}` has no number in its range")
    _refuse_touching(holes, literals, words)
    parts = [re.escape(literals[0])]
    for hole, literal in zip(holes, literals[1:], strict=True):
        choice = "|".join(map(re.escape, words[hole[1]])) if hole[2] else _NUMBER
        parts += [f"(?P<{hole[1]}>{choice})", re.escape(literal)]
    ranges = {hole[1]: (int(hole[3]), int(hole[4])) for hole in holes if hole[3]}
    return Pattern(text, re.compile("".join(parts)), ranges, words)


def template(text: str, left: Pattern) -> Template:
    """``text`` as the right side of the rule with that ``left`` side.

    Raises:
        PatternError: when a brace is no placeholder, or names none of the left side, or the words are not as many; when
            what it writes is no name of ours, or a copy below 0.
    """
    forms = "`{b}`, `{b+1}`, `{b-5}` or `{b:x|y}`"
    _refuse_braces(_SLOT.split(text)[:: _SLOT.groups + 1], lambda brace: _why(brace, forms))
    for slot in _SLOT.finditer(text):
        if slot[1] not in left.regex.groupindex:
            known = ", ".join(f"`{{{name}}}`" for name in left.regex.groupindex) or "none"
            raise PatternError(f"`{{{slot[1]}}}` is no placeholder of the left side, which has {known}")
        if slot[4] and slot[1] not in left.words:
            raise PatternError(f"`{slot[0]}` needs as many words on the left side, where `{slot[1]}` is a number")
        if slot[4] and len(words_of(slot[4])) != len(left.words[slot[1]]):
            raise PatternError(
                f"`{slot[0]}` needs as many words as the left side has for `{slot[1]}`, {len(left.words[slot[1]])}"
            )
        _refuse_below_zero(slot, left)
    found = Template(text)
    if not _PATH.fullmatch(found.anywhere):
        path = "our names are letters, digits and `_` with dots between them; copies are 0, 1, 2, and none from the end"
        raise PatternError(f"`{text}` is no name of a step or a weight", path)
    return found


def _refuse_below_zero(slot: re.Match[str], left: Pattern) -> None:
    """Refuse a difference that is negative for the first of what ``left`` matches, where it says which that is."""
    least = 0 if slot[1] in left.words else left.ranges.get(slot[1], (None,))[0]
    if least is not None and slot[2] == "-" and least < int(slot[3]):
        first = "its first word" if slot[1] in left.words else least
        message = f"`{slot[0]}` is {least - int(slot[3])} where `{slot[1]}` is {first}"
        raise PatternError(message, "copies are counted from 0, and so are the words of a list")


def glob(text: str) -> re.Pattern[str]:
    """A pattern of ``ignore``: ``*`` is any text, all else itself."""
    return re.compile(".*".join(map(re.escape, re.split(r"\*+", text))), re.DOTALL)


def part(text: str) -> re.Pattern[str]:
    """A pattern of ``--weights-except``: a weight of ours, or a block with all below it; ``*`` is any text."""
    return re.compile(rf"(?:{glob(text).pattern})(?:\..*)?", re.DOTALL)


@lru_cache(maxsize=1_000)
def words_of(choice: str) -> tuple[str, ...]:
    """The words of a list, each number of a range one of them.

    Raises:
        PatternError: there are more than 10,000, or a range has no number.
    """
    found = tuple(islice(_each_word(choice), _MOST_WORDS + 1))
    if len(found) > _MOST_WORDS:
        raise PatternError(f"`{choice}` has more than {_MOST_WORDS:,} words")
    return found


def _each_word(choice: str) -> Iterator[str]:
    for part in choice.split("|"):
        low, dots, high = part.partition("..")
        if not dots:
            yield part
            continue
        if int(low) > int(high):
            raise PatternError(f"the range `{part}` has no number")
        yield from map(str, range(int(low), int(high) + 1))


def _repeated(names: Sequence[str]) -> str | None:
    """The first that is there twice."""
    return next((name for at, name in enumerate(names) if name in names[:at]), None)


def _refuse_touching(
    holes: Sequence[re.Match[str]], literals: Sequence[str], words: Mapping[str, tuple[str, ...]]
) -> None:
    """Refuse placeholders without text between them, unless whatever they match can be taken apart in one way."""
    run: list[re.Match[str]] = []
    for hole, literal in zip(holes, literals[1:], strict=True):
        run.append(hole)
        if literal:
            _refuse_run(run, words)
            run = []
    _refuse_run(run, words)


def _refuse_run(run: Sequence[re.Match[str]], words: Mapping[str, tuple[str, ...]]) -> None:
    choices = [words.get(hole[1]) for hole in run]
    for at, (first, second) in enumerate(pairwise(choices)):
        if not _ends(first, second):
            touching = f"`{run[at][0]}` and `{run[at + 1][0]}`"
            raise PatternError(f"{touching} touch, and it cannot be told where the first ends")


def _ends(first: Sequence[str] | None, second: Sequence[str] | None) -> bool:
    """Whether what stands before something else can be told from it; None is a number.

    A number ends where no digit follows. A word ends where none that it begins goes on as what follows may begin.
    """
    if first is None:
        return second is not None and not any(word[0].isdigit() for word in second)
    longer = [(word, at) for word in first for at in range(1, len(word)) if word[:at] in first]
    return not any(second is not None or word[at].isdigit() for word, at in longer)


def _refuse_braces(literals: Sequence[str], why: Callable[[str], str]) -> None:
    for literal in literals:
        if found := _BRACE.search(literal):
            raise PatternError(f"`{found[0]}` is no placeholder: {why(found[0])}")


def _why_no_hole(brace: str) -> str:
    if re.fullmatch(rf"\{{{_NAME}[+-].*\}}", brace):
        return "sums stand on the right side, as in `{b-1}` for `{b}`"
    return _why(brace, "`{b}`, `{b:2..4}` or `{b:x|y}`")


def _why(brace: str, forms: str) -> str:
    if not (brace.startswith("{") and brace.endswith("}")):
        return "a brace has no other, and names have none"
    name, colon, rest = brace[1:-1].partition(":")
    if colon and re.fullmatch(_NAME, name) and re.fullmatch(_WORD, rest):
        return "one word is no list: write at least two, or the word itself without braces"
    if colon and re.fullmatch(_NAME, name):
        return "a list has words of letters, digits, `_` and dots, or ranges such as `2..4`, with `|` between them"
    return f"write {forms}, the name in small letters"
