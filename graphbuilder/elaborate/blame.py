"""Which mistakes a setting or an override of a variant caused: those that are not there without it, found by leaving it
out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from graphbuilder.diagnostics import CompileError, Diagnostic, Label, Sink, Span
from graphbuilder.document import Place
from graphbuilder.document.writing import shown
from graphbuilder.elaborate.context import Limits
from graphbuilder.elaborate.elaborate import elaborate
from graphbuilder.elaborate.mistakes import Mistakes
from graphbuilder.elaborate.trying import affordable, repairs, smaller, told
from graphbuilder.spec.merged import Merged
from graphbuilder.spec.model import Spec
from graphbuilder.spec.overriding import overriding, without
from graphbuilder.spec.unknown import UNKNOWN

# Each takes another elaboration, of a spec that fails anyway and is of a common size: a tenth of a second.
_SETTINGS, _OVERRIDES = 8, 6
_STEPS = 1_200
# Where values meet that do not fit, none of the places is the wrong one.
_SHAPES = "GB2"


# A spec and settings, made anew; what is wrong with the spec goes into the sink.
_Made = Callable[[Sink], tuple[Spec | None, Mapping[str, Any]]]


class _Cause(NamedTuple):
    """What may have caused mistakes: what says so, where a variant wrote it, and the spec and settings without it."""

    label: Label
    override: Place | None
    without: _Made


def blamed(
    spec: Spec, settings: Mapping[str, Any], diagnostics: tuple[Diagnostic, ...], limits: Limits
) -> tuple[Diagnostic, ...]:
    """``diagnostics``, each that a setting or an override caused with the line that declares or overrides.

    A mistake that an override caused in an inherited file is one of the override, and is told there.
    """
    overrides = affordable(_OVERRIDES, spec.place.document)
    causes = [*islice(_settings(spec, settings), _SETTINGS), *islice(_overrides(spec, settings), overrides)]
    if not causes:
        return diagnostics
    few = smaller(limits, _STEPS)
    # What was found before the elaboration is not there in any case.
    mistakes = _mistakes(few, partial(_as_set, spec, settings))
    found = {told(each) for each in mistakes if each.severity == "error"}
    left = [(cause, _mistakes(few, cause.without)) for cause in causes]
    sink = Sink()
    for each in diagnostics:
        of_it = [cause for cause, rest in left if told(each) in found and repairs(each, diagnostics, rest)]
        sink.add(_caused(each, of_it))
    return sink.diagnostics


def _settings(spec: Spec, settings: Mapping[str, Any]) -> Iterator[_Cause]:
    for name in [name for name, value in settings.items() if value is not UNKNOWN]:
        text = f"`{name}` is set to {shown(settings[name])} instead of this"
        rest = {other: value for other, value in settings.items() if other != name}
        yield _Cause(Label((spec.place_of("params") / name).span, text), None, partial(_as_set, spec, rest))


def _overrides(spec: Spec, settings: Mapping[str, Any]) -> Iterator[_Cause]:
    document = spec.place.document
    if not isinstance(document, Merged):
        return
    for place in overriding(document):
        label = Label(place.span, "without this override it would be sound")
        yield _Cause(label, place, partial(_without, document, place, settings))


def _as_set(spec: Spec, settings: Mapping[str, Any], _: Sink) -> tuple[Spec, Mapping[str, Any]]:
    return spec, settings


def _without(
    document: Merged, override: Place, settings: Mapping[str, Any], sink: Sink
) -> tuple[Spec | None, Mapping[str, Any]]:
    return without(document, override, sink), settings


def _mistakes(limits: Limits, made: _Made) -> Sequence[Diagnostic]:
    """What is wrong with a spec and its settings."""
    sink = Sink(limits.mistakes)
    try:
        spec, settings = made(sink)
        if spec is not None:
            elaborate(spec, settings, sink, limits)
    except CompileError as error:
        return error.diagnostics
    return sink.diagnostics


def _caused(diagnostic: Diagnostic, causes: Sequence[_Cause]) -> Diagnostic:
    """Only what has a place came from the spec; the rest is of the settings themselves, which say where they belong."""
    for cause in causes if diagnostic.span else ():
        if cause.override and _belongs_there(diagnostic, cause.label.span):
            diagnostic = _told_at(cause.label, diagnostic)
        elif not (cause.override and Mistakes([diagnostic]).at(cause.override)):
            diagnostic = replace(diagnostic, related=(*diagnostic.related, cause.label))
    return diagnostic


def _belongs_there(diagnostic: Diagnostic, override: Span) -> bool:
    """Whether a mistake that an override caused is told in a file that knows nothing of it."""
    elsewhere = diagnostic.span is not None and diagnostic.span.path != override.path
    return elsewhere and not diagnostic.code.startswith(_SHAPES)


def _told_at(override: Label, diagnostic: Diagnostic) -> Diagnostic:
    assert diagnostic.span is not None, "only what stands elsewhere is told here"
    there = Label(diagnostic.span, "it does not fit here")
    label = diagnostic.label or override.text
    return replace(diagnostic, span=override.span, label=label, related=(there, *diagnostic.related))
