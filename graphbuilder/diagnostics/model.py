"""What an error is: data with a place, collected on the way and drawn once at the end.

Nothing here knows how a diagnostic is drawn, nor what the codes are.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, NamedTuple

from graphbuilder.diagnostics.example import Example
from graphbuilder.diagnostics.nearest import much_alike
from graphbuilder.diagnostics.places import Label, Span, Way, shortened
from graphbuilder.diagnostics.remedies import Help, Meant, Remedy, Write

Severity = Literal["error", "warning"]

_QUOTES = "\"'"
# Of the places of one mistake, those that are told besides the first.
_MOST_PLACES = 4
_HERE = "and here"


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
        told = _told(help or cls.advice, span)
        edits = (*untried, *told.untried)
        return Diagnostic(cls, message, span, label, related, notes, told.words, edits, meant=told.meant)


class _Told(NamedTuple):
    """What is told of a help, the names of which one may have been meant, and the edit that is to be tried."""

    words: str | None
    meant: Meant | None = None
    untried: tuple[Remedy, ...] = ()


def _told(help: Help, span: Span | None) -> _Told:
    """The parts of ``help`` for a mistake at ``span``."""
    match help:
        case Meant():
            return _Told(help.untried, help)
        case Write():
            return _Told(str(help), untried=(help.instead_of(span),) if span else ())
        case _:
            return _Told(help or None)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake: the rule it breaks, what happened, where, and what to do.

    Attributes:
        help: what to do, in words.
        meant: the names that may have been meant, of which the words tell.
        untried: remedies of which nobody knows yet whether they repair it; none of them is shown.
        remedy: one that was tried on the whole spec, after which the mistake is gone and no new one is there.
        is_error: whether it is an error though its rule only warns.
        alone: whether it is a mistake of its own though its rule tells of what many places lack once.
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
    alone: bool = False
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
        told = _told(help, self.span)
        return replace(self, help=told.words, meant=told.meant, untried=(*self.untried, *told.untried))

    @property
    def times(self) -> int:
        """At how many places the mistake is told to be."""
        return 1 + [label.text for label in self.related].count(_HERE)

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


def told_once(diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """Of those ``everywhere`` that say the same, the first with the places of others, unless each may be a slip of its
    own. What is written so again and again is no slip of a name that is hardly like it."""
    rows: dict[object, list[Diagnostic]] = {}
    for number, each in enumerate(diagnostics):
        same = each.rule.everywhere and not each.alone and each.remedy is None and not _is_slip(each)
        rows.setdefault((each.code, each.message) if same else number, []).append(each)
    for first, *others in rows.values():
        spans = [each.span for each in others if each.span][:_MOST_PLACES]
        labels = tuple(Label(span, _HERE) for span in spans)
        told = first.with_help(first.meant.otherwise) if labels and first.meant else first
        yield replace(told, related=(*first.related, *labels)) if labels else told


def _is_slip(diagnostic: Diagnostic) -> bool:
    """Whether what is written is much like the name that may have been meant, or there is nothing else to say."""
    meant, remedy = diagnostic.meant, next(diagnostic.renamings, None)
    if meant is None or remedy is None:
        return False
    return meant.otherwise is None or (meant.sure and much_alike(remedy.span.text.strip(_QUOTES), meant.names[0]))


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

    def warn(self, rule: type[Rule], keys: Hashable, make: Callable[[], Diagnostic]) -> None:
        """Keep the warning that ``make`` gives. It is not made, but counted by its ``rule`` and the ``keys`` of its
        place, where no more are kept: there may be very many."""
        if self._warnings == self._most:
            self._beyond.add((rule.code, keys, ""))
        else:
            self.add(make())

    @property
    def beyond(self) -> int:
        """How many warnings there were besides those that are kept."""
        return len(self._beyond)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        def order(diagnostic: Diagnostic) -> tuple[bool, tuple[str, int, int]]:
            return (diagnostic.span is None, diagnostic.span.order if diagnostic.span else ("", 0, 0))

        return tuple(told_once(sorted(self._seen.values(), key=order)))

    def has_error_at(self, span: Span | None) -> bool:
        """Whether an error at ``span`` is among them."""
        return any(each.span == span and each.severity == "error" for each in self._seen.values())

    @property
    def failed(self) -> bool:
        return any(diagnostic.severity == "error" for diagnostic in self._seen.values())

    def raise_if_failed(self) -> None:
        """Raise ``CompileError`` with all that was collected when any of it is an error."""
        if self.failed:
            raise CompileError(self.diagnostics)
