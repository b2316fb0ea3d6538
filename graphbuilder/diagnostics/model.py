"""What an error is: data with a place, collected on the way and drawn once at the end.

Nothing here knows how a diagnostic is drawn, nor what the codes are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import accumulate
from typing import ClassVar, Literal

from graphbuilder.diagnostics.example import Example
from graphbuilder.diagnostics.words import either

Severity = Literal["error", "warning"]

# What a file brings is told as far as it can be recognised: of what is quoted, and of a whole text, the two ends.
_QUOTED = re.compile(r"`[^`]{241,}`")
_LONGEST = 2_000
# Of the places of one mistake, those that are told besides the first.
_MOST_PLACES = 4


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
        at = self.text.find(word)
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


Help = str | Meant | None
"""What there is to do about a mistake."""


class Rule:
    """One rule that a spec can break; a subclass is an entry of the catalogue of codes.

    The docstring of a subclass is its explanation. ``bad`` is a whole spec that breaks the rule and ``good`` its
    repair; a rule that no spec alone can break (a missing file, say) has an ``example`` in their place. Tests run them.
    ``several`` is for a rule that one place can break more than once, as by lacking two keys: its message
    then tells one mistake from another. ``everywhere`` is for one that a single mistake can make at many places, as by
    lacking what all of them name: it is told at the first. ``advice`` is the remedy where a place knows of no better
    one.
    """

    code: ClassVar[str]
    title: ClassVar[str]
    severity: ClassVar[Severity] = "error"
    several: ClassVar[bool] = False
    everywhere: ClassVar[bool] = False
    advice: ClassVar[str | None] = None
    bad: ClassVar[str] = ""
    good: ClassVar[str] = ""
    example: ClassVar[Example | None] = None

    @classmethod
    def at(
        cls,
        span: Span | None,
        message: str,
        *,
        label: str = "",
        related: tuple[Label, ...] = (),
        notes: tuple[str, ...] = (),
        help: Help = None,
        untried: tuple[Remedy, ...] = (),
    ) -> Diagnostic:
        """A diagnostic of this rule at ``span``; ``label`` stands under the carets."""
        told = help or cls.advice
        meant = told if isinstance(told, Meant) else None
        words = meant.untried if meant else str(told) if told else None
        return Diagnostic(cls, message, span, label, related, notes, words, untried, meant=meant)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake: the rule it breaks, what happened, where, and what to do.

    Attributes:
        help: what to do, in words.
        meant: the names that may have been meant, of which the words tell.
        untried: remedies of which nobody knows yet whether they repair it; none of them is shown.
        remedy: one that was tried on the whole spec, after which the mistake is gone and no new one is there.
        is_error: whether it is an error though its rule only warns.
        ways: how it is come to from elsewhere, of which the words are remarks, too.
    """

    rule: type[Rule]
    message: str
    span: Span | None = None
    label: str = ""
    related: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str | None = None
    untried: tuple[Remedy, ...] = ()
    remedy: Remedy | None = None
    is_error: bool = False
    meant: Meant | None = None
    ways: tuple[Way, ...] = ()

    def __post_init__(self) -> None:
        # The one place where what a file brings becomes what is told.
        object.__setattr__(self, "message", shortened(self.message))
        object.__setattr__(self, "label", shortened(self.label))
        object.__setattr__(self, "notes", tuple(map(shortened, self.notes)))
        object.__setattr__(self, "help", shortened(self.help) if self.help else self.help)

    @property
    def code(self) -> str:
        return self.rule.code

    @property
    def remarks(self) -> tuple[str, ...]:
        """All that is said besides: its notes, then how it is come to."""
        return (*self.notes, *(shortened(way.note) for way in self.ways))

    @property
    def severity(self) -> Severity:
        return "error" if self.is_error else self.rule.severity

    def as_error(self) -> Diagnostic:
        """The same, a warning as an error."""
        return replace(self, is_error=True)

    def with_notes(self, *notes: str) -> Diagnostic:
        """The same mistake with further notes behind its own."""
        return replace(self, notes=(*self.notes, *notes))

    def by_way(self, *ways: Way) -> Diagnostic:
        """The same mistake, come to so."""
        return replace(self, ways=(*self.ways, *ways))

    def with_help(self, help: Help) -> Diagnostic:
        """The same mistake with this to do about it."""
        meant = help if isinstance(help, Meant) else None
        return replace(self, help=meant.untried if meant else str(help) if help else None, meant=meant)

    @property
    def renamings(self) -> Iterator[Remedy]:
        """The names that may have been meant, each in the place of the word that was written."""
        place = (self.meant and self.meant.span) or self.span
        return self.meant.instead_of(place) if self.meant and place else iter(())

    def repaired_by(self, remedy: Remedy) -> Diagnostic:
        """The same mistake with a remedy that was tried."""
        return replace(self, help=remedy.help, remedy=remedy, untried=(), meant=None)

    def __str__(self) -> str:
        where = f"{self.span}: " if self.span else ""
        return f"{where}{self.severity}[{self.code}]: {self.message}"


class CompileError(Exception):
    """A spec, or what came with it, cannot be used; carries every diagnostic of the run, and says them with remedies.

    Attributes:
        diagnostics: errors and warnings, in reading order.
    """

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__(diagnostics)
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        from graphbuilder.diagnostics.draw import plain  # as late as in a traceback

        return "\n".join(map(plain, self.diagnostics))


def _told_once(diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """Of those ``everywhere`` that say the same, the first with the places of others, unless names may have been meant:
    each may then be a slip of its own."""
    rows: dict[object, list[Diagnostic]] = {}
    for number, each in enumerate(diagnostics):
        is_slip = each.remedy is not None or (each.meant is not None and each.meant.sure)
        same = each.rule.everywhere and not is_slip
        rows.setdefault((each.code, each.message) if same else number, []).append(each)
    for first, *others in rows.values():
        spans = [each.span for each in others if each.span][:_MOST_PLACES]
        labels = tuple(Label(span, "and here") for span in spans)
        yield replace(first, related=(*first.related, *labels)) if labels else first


class Enough(CompileError):
    """As many errors as a run may have; the rest is not looked for."""


class Sink:
    """Collects the diagnostics of one run: one error a mistake, in reading order.

    With ``most`` the run ends at so many errors, and no more warnings are kept.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._errors = self._warnings = 0
        self._seen: dict[tuple[str, object, str], Diagnostic] = {}
        self._beyond: set[tuple[str, object, str]] = set()

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep ``diagnostic`` unless the same rule was already broken, in the same way, at the same place.

        Raises:
            Enough: when it is the last that is kept.
        """
        place = diagnostic.span.order if diagnostic.span else None
        message = "" if diagnostic.span and not diagnostic.rule.several else diagnostic.message
        key = (diagnostic.code, place, message)
        if key in self._seen:
            return
        if diagnostic.severity == "warning" and self._warnings == self._most:
            self._beyond.add(key)
            return
        self._seen[key] = diagnostic
        self._warnings += diagnostic.severity == "warning"
        self._errors += diagnostic.severity == "error"
        if self._most is not None and self._errors >= self._most:
            raise Enough(self.diagnostics)

    @property
    def beyond(self) -> int:
        """How many warnings there were besides those that are kept."""
        return len(self._beyond)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        def order(diagnostic: Diagnostic) -> tuple[bool, tuple[str, int, int]]:
            return (diagnostic.span is None, diagnostic.span.order if diagnostic.span else ("", 0, 0))

        return tuple(_told_once(sorted(self._seen.values(), key=order)))

    @property
    def failed(self) -> bool:
        return any(diagnostic.severity == "error" for diagnostic in self._seen.values())

    def raise_if_failed(self) -> None:
        """Raise ``CompileError`` with all that was collected when any of it is an error."""
        if self.failed:
            raise CompileError(self.diagnostics)
