"""Places in texts, and what is said there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import accumulate

# What a file brings is told as far as it can be recognised: of what is quoted, and of a whole text, the two ends.
_QUOTED = re.compile(r"`[^`]{241,}`")
_LONGEST = 2_000


def shortened(text: str) -> str:
    """``text`` of at most 2,000 characters; of what is quoted at length in it, 120. An ellipsis is what is left out."""
    if len(text) <= 240:
        return text
    text = _QUOTED.sub(lambda found: f"`{found[0][1:81]}…{found[0][-40:]}", text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 500]}…{text[-499:]}"


@dataclass(frozen=True, slots=True)
class Source:
    """A text that spans point into: the path as the person wrote it, and the text itself."""

    path: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a source; lines and columns count from 1, in code points, and the end is exclusive."""

    source: Source
    line: int
    column: int
    end_line: int
    end_column: int

    @property
    def path(self) -> str:
        return self.source.path

    @property
    def order(self) -> tuple[str, int, int]:
        """The key that sorts spans as a reader meets them."""
        return (self.path, self.line, self.column)

    @property
    def text(self) -> str:
        """What stands there."""
        start, end = self.offsets
        return self.source.text[start:end]

    @property
    def offsets(self) -> tuple[int, int]:
        """Where it begins and ends in the text of its source."""
        starts = _starts(self.source.text)
        return starts[self.line - 1] + self.column - 1, starts[self.end_line - 1] + self.end_column - 1

    def part(self, word: str) -> Span:
        """Where ``word`` stands in it; the whole where that is written otherwise, or on several lines."""
        start, end = self.offsets
        at = self.source.text.find(word, start, end) - start  # the text of a long list is not copied for each item
        if at < 0 or self.line != self.end_line:
            return self
        return replace(self, column=self.column + at, end_column=self.column + at + len(word))

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@lru_cache(maxsize=8)
def _starts(text: str) -> list[int]:
    """Where the lines of ``text`` begin, and where one behind them would."""
    return [0, *accumulate(len(line) + 1 for line in text.split("\n"))]


@dataclass(frozen=True, slots=True)
class Label:
    """A second place that an error speaks of, and what it says there."""

    span: Span
    text: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", shortened(self.text))


@dataclass(frozen=True, slots=True)
class Way:
    """How a mistake is come to from elsewhere, as through blocks: in words, and by its steps, the nearest first."""

    note: str
    steps: tuple[Label, ...]
