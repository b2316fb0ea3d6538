"""Remedies tried before one is shown: each edit is made in memory, and the whole spec read again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial, reduce
from pathlib import Path
from time import thread_time
from typing import Any, NamedTuple

from graphbuilder.diagnostics import CompileError, Diagnostic, Remedy, Sink, Span, told_once
from graphbuilder.diagnostics.catalogue.arguments import ArgumentMissing, ArgumentType, ArgumentUnknown, ArgumentValue
from graphbuilder.diagnostics.catalogue.expressions import ExpressionName, ExpressionType
from graphbuilder.diagnostics.catalogue.references import Ambiguous, TapNeedsId, UnknownBlock, UnknownOp, UnknownStep
from graphbuilder.diagnostics.catalogue.shapes import CannotCombine, CannotConcatenate
from graphbuilder.diagnostics.nearest import much_alike
from graphbuilder.document import Document, parse
from graphbuilder.elaborate.context import Limits
from graphbuilder.elaborate.elaborate import elaborate
from graphbuilder.spec import sound_part
from graphbuilder.spec.merged import characters

# Each takes another elaboration, of a spec that fails anyway and is not large: half a second for so many at most. More
# of them are tried while little time is spent.
_TRIED, _MORE, _SECONDS = 5, 40, 0.25
# So many characters are read for that, those of the files that the spec extends counted.
_CHARACTERS = 100_000
_STEPS = 600
_TERMS = 20_000
# What is wrong with a name is so whatever the values are: a remedy elsewhere brings it to light, and is not its cause.
_NAMES = (ExpressionName, UnknownStep, UnknownOp, UnknownBlock, ArgumentUnknown, ArgumentMissing, Ambiguous, TapNeedsId)
# What is wrong where a name is of another kind than what is read.
_KINDS = (ExpressionType, ArgumentType, ArgumentValue)
_QUOTES = "\"'"
_MEETING = (CannotCombine, CannotConcatenate)
# What a line of a file belongs to: `blocks.stem` also below `[blocks.stem.branches]`. Nothing that was taken is given
# back, so that a long line is gone through once.
_TABLE = re.compile(r"^\[++ *+(\w++ *+(?:\. *+[^.\]\s]++)?)[^\[\]{}\n]*+\]++ *+(?:#.*)?$", re.MULTILINE)


def tried(
    diagnostics: tuple[Diagnostic, ...],
    document: Document,
    folder: Path | None,
    settings: Mapping[str, Any],
    limits: Limits,
    whole: Document | None = None,
) -> tuple[Diagnostic, ...]:
    """``diagnostics`` of ``document``, each with the first of its remedies after which it is gone and no other comes.

    Names that may have been meant are tried together, the others one by one, and those of several edits behind them.
    Without one, a side path may have what brings it to the shape of the others, and to light what they hid elsewhere.

    Args:
        folder: where the document lies, for ``extends``.
        settings: values for params, already checked against them.
        limits: those of the run; what is tried may have fewer steps.
        whole: the document with those that it extends, where these could be had.
    """
    path, whole = document.source.path, whole or document
    after = partial(_mistakes, path=path, folder=folder, settings=settings, limits=smaller(limits))
    names = {number: [*near(each, path)] for number, each in enumerate(diagnostics)}
    first = [_Trial(number, remedies[0]) for number, remedies in names.items() if remedies]
    found, in_vain = list(diagnostics), dict[int, bool]()
    for number, remedy in _renamed(_apart(first), diagnostics, _Trials(after, whole), in_vain):
        found[number] = _repaired(found[number], remedy)
    left = {number: (*_choices(each, path), *names[number][1:]) for number, each in enumerate(found)}
    rest = [_Trial(number, remedy) for number, remedies in left.items() for remedy in remedies]
    for number, remedy in _first_to_mend(sorted(rest, key=_edits), diagnostics, found, _Trials(after, whole)).items():
        found[number] = _repaired(found[number], remedy)
    unfit = {told(diagnostics[number]) for number, fits in in_vain.items() if not fits}
    kept = [_kept(each, number in in_vain, told(each) not in unfit) for number, each in enumerate(found)]
    return tuple(told_once(kept))


class _Trial(NamedTuple):
    """A remedy for the mistake of a number."""

    number: int
    remedy: Remedy


class _Trials:
    """What is told of a text after edits, for as many of them as there is time."""

    def __init__(self, after: Callable[[str], tuple[Diagnostic, ...]], whole: Document) -> None:
        self._after = after
        self._sure, self._most = affordable(_TRIED, whole), affordable(_MORE, whole)
        self._done, self._begun = 0, thread_time()

    def after(self, remedy: Remedy) -> tuple[Diagnostic, ...] | None:
        """What is told then; None where there is no time left."""
        late = self._done >= self._sure and thread_time() - self._begun > _SECONDS
        if late or self._done >= self._most:
            return None
        self._done += 1
        return self._after(remedy.applied)


def _choices(diagnostic: Diagnostic, path: str) -> Iterator[Remedy]:
    """The remedies that are still to be tried in the file at ``path``: that of a text that is not TOML with its others,
    since the network may tell which is meant."""
    if diagnostic.remedy and diagnostic.untried:
        yield diagnostic.remedy
    yield from (each for each in diagnostic.untried if each.span.path == path)


def _edits(trial: _Trial) -> int:
    return trial.remedy.edits


def _apart(trials: Sequence[_Trial]) -> list[_Trial]:
    """Those that touch none before them."""
    found: list[_Trial] = []
    for trial in trials:
        if not any(trial.remedy.touches(other.remedy) for other in found):
            found.append(trial)
    return found


def _kept(diagnostic: Diagnostic, in_vain: bool, fits: bool) -> Diagnostic:
    """The mistake without a name that is of another kind than what is read, at this place or at another; or that was
    tried ``in_vain``, where something else is to be said of what is hardly like it."""
    first = next(diagnostic.renamings, None)
    if diagnostic.remedy or diagnostic.meant is None or first is None:
        return diagnostic
    if fits and not (in_vain and not _is_near(diagnostic, first)):
        return diagnostic
    return diagnostic.with_help(diagnostic.meant.otherwise)


def _fits(remedy: Remedy, diagnostic: Diagnostic, before: Sequence[Diagnostic], after: Sequence[Diagnostic]) -> bool:
    """Whether a name brings nothing of a wrong kind that has to do with its line; only in expressions, others may."""
    if diagnostic.rule is not ExpressionName:
        return True
    lines = _lines(remedy)

    def there(diagnostics: Sequence[Diagnostic]) -> Counter[tuple[str, str]]:
        kinds = (each for each in diagnostics if each.rule in _KINDS)
        return Counter(told(each) for each in kinds if any(span.line in lines for span in _spans(each)))

    return not there(after) - there(before)


def _spans(diagnostic: Diagnostic) -> list[Span]:
    """Where a mistake is, and what it has to do with."""
    return [*([diagnostic.span] if diagnostic.span else ()), *(label.span for label in diagnostic.related)]


def _lines(remedy: Remedy) -> range:
    """The lines of what ``remedy`` writes."""
    return range(remedy.span.line, remedy.span.line + remedy.text.count("\n") + 1)


def _is_near(diagnostic: Diagnostic, remedy: Remedy) -> bool:
    """Whether the name of ``remedy`` is meant by what is written, though something else does not fit then: it is much
    like it, or known to be called so elsewhere."""
    if diagnostic.meant is None or diagnostic.meant.otherwise is None:
        return True
    return diagnostic.meant.sure and much_alike(remedy.span.text.strip(_QUOTES), remedy.text.strip(_QUOTES))


def _renamed(
    rows: Sequence[_Trial], before: Sequence[Diagnostic], trials: _Trials, in_vain: dict[int, bool]
) -> Iterator[_Trial]:
    """Those of ``rows``, names that may have been meant, that mend their mistakes: tried together, and by halves where
    one of them brings others, until one alone is tried ``in_vain``: it may fit there all the same."""
    left = trials.after(reduce(Remedy.together_with, (row.remedy for row in rows))) if rows else None
    if left is None:
        return
    sound = [row for row in rows if mends(row.remedy, before[row.number], before, left)]
    # Equal calls are told once, by the first of them.
    unsound = {told(before[row.number]) for row in rows if row not in sound}
    mended = [row for row in sound if told(before[row.number]) not in unsound]
    yield from mended
    rest = [row for row in rows if row not in mended]
    if mended:
        yield from _renamed(rest, before, trials, in_vain)
    elif len(rest) > 1:
        half = len(rest) // 2
        yield from _renamed(rest[:half], before, trials, in_vain)
        yield from _renamed(rest[half:], before, trials, in_vain)
    else:
        in_vain.update({row.number: _fits(row.remedy, before[row.number], before, left) for row in rest})


def _first_to_mend(
    rows: Sequence[_Trial], before: Sequence[Diagnostic], found: Sequence[Diagnostic], trials: _Trials
) -> dict[int, Remedy]:
    """By the number of each mistake that has none yet, the first remedy that mends it; without one, the first that
    brings to light what the mistake hid."""
    sure, alone = dict[int, Remedy](), dict[int, Remedy]()
    for number, remedy in rows:
        is_open = number not in sure and (found[number].remedy is None or found[number].untried)
        left = trials.after(remedy) if is_open else None
        if left is not None and mends(remedy, before[number], before, left):
            sure[number] = remedy
        elif left is not None and _reveals(remedy, before[number], before, left):
            alone.setdefault(number, remedy)
    return {**alone, **sure}


def affordable(most: int, whole: Document) -> int:
    """How many times, ``most`` at most, a spec may be read again that ``whole`` holds."""
    return min(most, _CHARACTERS // (1 + characters(whole)))


def near(diagnostic: Diagnostic, path: str) -> Iterator[Remedy]:
    """The name that may have been meant by a mistake in the file at ``path``, in place of what is written there."""
    return (each for each in diagnostic.renamings if each.span.path == path)


def _repaired(diagnostic: Diagnostic, remedy: Remedy) -> Diagnostic:
    """A name that was meant is asked for as before, or where that was not sure, now."""
    if remedy in diagnostic.untried or diagnostic.meant is None:
        return diagnostic.repaired_by(remedy)
    if diagnostic.meant.sure:
        return replace(diagnostic, remedy=remedy)
    return replace(diagnostic, remedy=remedy, help=str(diagnostic.meant.chosen(remedy.text.strip(_QUOTES))))


def smaller(limits: Limits, steps: int = _STEPS) -> Limits:
    """``limits`` for what is tried."""
    return replace(limits, steps=min(limits.steps, steps), terms=min(limits.terms, _TERMS))


def mends(remedy: Remedy, diagnostic: Diagnostic, before: Sequence[Diagnostic], after: Sequence[Diagnostic]) -> bool:
    """Whether ``remedy`` repairs ``diagnostic`` and is the cause of no other error.

    A mistake in a name that was not seen for the repaired one is none of its making; nor is what else a step that runs
    at last does not fit, where the remedy is the name that was meant; of several the one is meant that fits.
    """
    lines = _lines(remedy)
    sole = diagnostic.meant is not None and len(diagnostic.meant.names) == 1
    named = sole and remedy not in diagnostic.untried and _is_near(diagnostic, remedy)
    caused = [each for each in after if not (named or each.rule in _NAMES) or not each.span or each.span.line in lines]
    left, there = (list(map(told, each)).count(told(diagnostic)) for each in (after, before))
    return left < there and repairs(diagnostic, before, caused) and _fits(remedy, diagnostic, before, after)


def _reveals(remedy: Remedy, diagnostic: Diagnostic, before: Sequence[Diagnostic], after: Sequence[Diagnostic]) -> bool:
    """Whether ``remedy`` brings a side path to the shape of the others, and what else comes is of other blocks alone:
    of values that part and meet there, which are none of its making."""
    here, there = diagnostic.span, remedy.span
    if diagnostic.rule not in _MEETING or not here or not here.order <= there.order or there.end_line > here.end_line:
        return False
    inside, same = {_table(here)}, told(diagnostic)
    rest = [each for each in after if told(each) == same or each.rule not in _MEETING or not _beyond(each, inside)]
    return mends(remedy, diagnostic, before, rest)


def _beyond(diagnostic: Diagnostic, inside: set[str]) -> bool:
    """Whether the whole of a mistake lies in one block, which is not ``inside``."""
    found = {_table(span) for span in _spans(diagnostic)}
    return len(found) == 1 and found != inside and found.pop().startswith("blocks.")


def _table(span: Span) -> str:
    """What the line of ``span`` belongs to."""
    headers = _TABLE.findall("\n".join(span.source.text.split("\n")[: span.line]))
    return headers[-1].replace(" ", "") if headers else ""


def repairs(diagnostic: Diagnostic, before: Iterable[Diagnostic], after: Iterable[Diagnostic]) -> bool:
    """Whether from ``before`` to ``after`` an edit ``diagnostic`` has gone and no other error has come.

    That a step or a param is not needed any more is a warning, and no error.
    """
    errors = _counted(each for each in after if each.severity == "error")
    return not errors - _counted(each for each in before if each is not diagnostic)


def _counted(diagnostics: Iterable[Diagnostic]) -> Counter[tuple[str, str]]:
    """How often each mistake is made, also where one tells of several places."""
    return Counter(said for each in diagnostics for said in [told(each)] * each.times)


def _mistakes(
    text: str, path: str, folder: Path | None, settings: Mapping[str, Any], limits: Limits
) -> tuple[Diagnostic, ...]:
    """What is told of ``text``."""
    sink = Sink(limits.mistakes)
    try:
        document = parse(text, path, max_bytes=limits.bytes, sink=sink)
        spec = sound_part(document, sink, folder=folder, max_bytes=limits.bytes)
        if spec is not None:
            elaborate(spec, settings, sink, limits)
    except CompileError as error:
        return error.diagnostics
    return sink.diagnostics


def told(diagnostic: Diagnostic) -> tuple[str, str]:
    """What tells one mistake from another, wherever it stands after an edit."""
    return diagnostic.code, diagnostic.message
