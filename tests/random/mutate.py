"""Valid specs bent: letters, words, lines and values changed as a slip of the hand or a stranger would change them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from random import Random

from tests.random.networks import Network

SPECS = Path(__file__).parents[2] / "specs"
TOKEN = re.compile(r'"[^"\n]*"|\'[^\'\n]*\'|[A-Za-z_][A-Za-z0-9_]*|-?\d+(?:\.\d+)?|[^\sA-Za-z0-9_]')
LETTERS = "abcdefghijklmnopqrstuvwxyz_0123456789.,=[]{}\"'#-+*/% \n"
ODD = (
    "\0",
    "\x1b[31m",
    "\u202e",
    "\ufeff",
    "\r",
    "\u2028",
    "é",
    "\U0001d54f",
    "\\",
    "\\u0000",
    '"""',
    "'''",
    "\t",
    "\x7f",
)
NUMBERS = ("0", "-1", "1", "3", "1000000", "2147483648", "9223372036854775807", "1e308", "nan", "inf", "-0.0", "0.5")
OTHERS = ("true", "false", '"64"', '"=out"', "[]", "{}", "[1, 2]", "1979-05-27", '""', '"="', "[[1], [2]]", '"=1/0"')
# Words of the language in places where they are not expected.
_WORDS = """
    op use id title from repeat merge share when init body shortcut shortcut_when branches before after
    args let inputs outputs params defaults model blocks steps extends format name dialect in item i n
    in_channels conv relu project identity add concat training layout kind out kernel true
"""
WORDS = _WORDS.split()

Mutation = Callable[[Random, str], str]


@cache
def texts() -> tuple[str, ...]:
    """What is bent: the specs that are shipped, variants among them, which lie in ``SPECS``, and random ones."""
    return (*(path.read_text() for path in sorted(SPECS.glob("*.toml"))), *(Network(seed).text for seed in range(90)))


def bent(seed: int) -> str:
    """The text of one trial."""
    random = Random(f"mutated {seed}")
    return mutated(random, random.choice(texts()))


def mutated(random: Random, text: str) -> str:
    """``text`` with one change, or a few."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        mutation = random.choices(list(MUTATIONS), list(MUTATIONS.values()))[0]
        text = mutation(random, text) if text else text
    return text


def _place(random: Random, text: str) -> int:
    return random.randrange(len(text))


def _typo(random: Random, text: str) -> str:
    at = _place(random, text)
    return text[:at] + random.choice(LETTERS) + text[at + random.choice((0, 1)) :]


def _transposed(random: Random, text: str) -> str:
    at = _place(random, text)
    return text[:at] + text[at : at + 2][::-1] + text[at + 2 :]


def _odd(random: Random, text: str) -> str:
    at = _place(random, text)
    return text[:at] + random.choice(ODD) + text[at:]


def _cut(random: Random, text: str) -> str:
    return text[: _place(random, text)]


def _without(random: Random, text: str) -> str:
    """A stretch gone."""
    at = _place(random, text)
    return text[:at] + text[at + random.randint(1, 30) :]


def _doubled(random: Random, text: str) -> str:
    at = _place(random, text)
    stretch = text[at : at + random.randint(1, 60)]
    return text[:at] + stretch * random.choice((2, 2, 3, 40)) + text[at + len(stretch) :]


def _run(random: Random, text: str) -> str:
    """A letter or two over and over, as a key that stays down."""
    at = _place(random, text)
    letters = "".join(random.choices(LETTERS, k=random.choice((1, 1, 2))))
    return text[:at] + letters * random.choice((300, 3_000, 12_000)) + text[at:]


def _line(random: Random, text: str) -> str:
    """A line gone, said twice, or somewhere else."""
    lines = text.splitlines(keepends=True)
    at = random.randrange(len(lines))
    line = lines.pop(at)
    for _ in range(random.choice((0, 1, 2))):
        lines.insert(random.choice((at, random.randrange(len(lines) + 1))), line)
    return "".join(lines)


def _token(random: Random, text: str, choose: Callable[[str], str | None]) -> str:
    """One token that ``choose`` has something for, replaced."""
    tokens = list(TOKEN.finditer(text))
    random.shuffle(tokens)
    for token in tokens:
        other = choose(token.group())
        if other is not None:
            return text[: token.start()] + other + text[token.end() :]
    return text


def _number(random: Random, text: str) -> str:
    digits = re.compile(r"-?\d")
    return _token(random, text, lambda token: random.choice(NUMBERS) if digits.match(token) else None)


def _typed(random: Random, text: str) -> str:
    """A value of another type."""
    values = re.compile(r'"|\d|true|false')
    return _token(random, text, lambda token: random.choice(OTHERS) if values.match(token) else None)


def _worded(random: Random, text: str) -> str:
    """A word of the language, or of this text, in place of another, within quotes or without."""
    words = [*WORDS, *re.findall(r"[A-Za-z_]\w*", text)]

    def choose(token: str) -> str | None:
        if token[0] in "\"'":
            return f'"{random.choice(words)}"'
        return random.choice(words) if token[0].isalpha() else None

    return _token(random, text, choose)


def _swapped(random: Random, text: str) -> str:
    tokens = list(TOKEN.finditer(text))
    if len(tokens) < 2:
        return text
    one, other = sorted(random.sample(tokens, 2), key=lambda token: token.start())
    between = text[one.end() : other.start()]
    return text[: one.start()] + other.group() + between + one.group() + text[other.end() :]


def _expression(random: Random, text: str) -> str:
    """A string made an expression, or one bent."""
    bits = ("=", "=-", "=(", "=not ", "=1 + ", "=[", "=max(", "=i + ", "=item[", "=in_shape[9] + ", "=1 // 0 + ")

    def choose(token: str) -> str | None:
        return f'"{random.choice(bits)}{token[1:-1].strip("=")}"' if token[0] == '"' else None

    return _token(random, text, choose)


MUTATIONS: Mapping[Mutation, int] = {
    _typo: 4,
    _transposed: 1,
    _odd: 1,
    _cut: 1,
    _without: 2,
    _doubled: 2,
    _run: 1,
    _line: 3,
    _number: 4,
    _typed: 4,
    _worded: 6,
    _swapped: 2,
    _expression: 2,
}
