"""What there is to do about a mistake: words, and edits of the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from graphbuilder.diagnostics.places import Span
from graphbuilder.diagnostics.words import either


@dataclass(frozen=True, slots=True)
class Remedy:
    """An edit that may repair a mistake: what stands at ``span`` gives way to ``text``; ``help`` says so.

    One may be made of several ``edits``, and of what lies between them.
    """

    help: str
    span: Span
    text: str
    edits: int = 1

    @property
    def applied(self) -> str:
        """The whole text of the source, edited."""
        start, end = self.span.offsets
        return self.span.source.text[:start] + self.text + self.span.source.text[end:]

    def touches(self, other: Remedy) -> bool:
        """Whether both change one stretch of a text."""
        (start, end), (other_start, other_end) = self.span.offsets, other.span.offsets
        return start < other_end and other_start < end

    def together_with(self, other: Remedy) -> Remedy:
        """Both edits of one text, of which neither touches the other, as one of what lies between them, too."""
        first, last = sorted((self, other), key=lambda each: each.span.offsets)
        between = self.span.source.text[first.span.offsets[1] : last.span.offsets[0]]
        span = replace(first.span, end_line=last.span.end_line, end_column=last.span.end_column)
        text = f"{first.text}{between}{last.text}"
        return Remedy(f"{first.help}, and {last.help}", span, text, self.edits + other.edits)


@dataclass(frozen=True, slots=True)
class Meant:
    """Names of which one may have been meant by a word: told as the remedy, and tried in its place.

    Attributes:
        names: as a spec has them, the likeliest first.
        asking: what is told; ``{}`` stands for the names.
        quote: what a name stands in where it is told.
        span: where the word stands, unless that is the place of the mistake.
        otherwise: what is told where a name was tried that is not much like the word, and does not fit.
        sure: whether the names are told before they are tried; else they are told of which one fits.
    """

    names: tuple[str, ...]
    asking: str = "did you mean {}?"
    quote: str = "`"
    span: Span | None = None
    otherwise: str | None = None
    sure: bool = True

    def __str__(self) -> str:
        return self.asking.replace("{}", either([f"{self.quote}{name}{self.quote}" for name in self.names]))

    @property
    def untried(self) -> str | None:
        """What is told before any of the names is tried."""
        return str(self) if self.sure else self.otherwise

    def chosen(self, name: str) -> Meant:
        """The same of one of the names, which fits."""
        return replace(self, names=(name,), sure=True)

    def instead_of(self, span: Span) -> Iterator[Remedy]:
        """Each of the names in the place of the word, in quotes where it has them."""
        quote = span.text[:1] if span.text[:1] in ("'", '"') else ""
        for name in self.names:
            yield Remedy(f"write {quote}{name}{quote}", span, f"{quote}{name}{quote}")


@dataclass(frozen=True, slots=True)
class Write:
    """What is to be written in the place of a mistake: told as the remedy, and tried there.

    Attributes:
        text: as a spec has it.
        telling: what is told; ``{}`` stands for the text.
    """

    text: str
    telling: str = "write {}"

    def __str__(self) -> str:
        return self.telling.replace("{}", self.text)

    def instead_of(self, span: Span) -> Remedy:
        """The edit that writes it at ``span``."""
        return Remedy(str(self), span, self.text)


Help = str | Meant | Write | None
"""What there is to do about a mistake."""
