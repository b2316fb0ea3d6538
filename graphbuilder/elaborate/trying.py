"""Remedies tried before one is shown: each edit is made in memory, and the whole spec read again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from graphbuilder.diagnostics import CompileError, Diagnostic, Sink
from graphbuilder.document import Document, parse
from graphbuilder.elaborate.context import Limits
from graphbuilder.elaborate.elaborate import elaborate
from graphbuilder.spec import sound_part

# Each takes another elaboration, of a spec that fails anyway and is not large: half a second for all of them at most.
_TRIED = 5
_STEPS = 600
_TERMS = 20_000


def tried(
    diagnostics: tuple[Diagnostic, ...],
    document: Document,
    folder: Path | None,
    settings: Mapping[str, Any],
    limits: Limits,
) -> tuple[Diagnostic, ...]:
    """``diagnostics`` of ``document``, each with the first of its remedies after which it is gone and no other comes.

    Args:
        folder: where the document lies, for ``extends``.
        settings: values for params, already checked against them.
        limits: those of the run; what is tried may have fewer steps.
    """
    few = smaller(limits)
    found = list(diagnostics)
    trials = ((number, remedy) for number, each in enumerate(diagnostics) for remedy in each.untried)
    wanted = ((number, remedy) for number, remedy in trials if found[number].remedy is None)
    for number, remedy in islice(wanted, _TRIED):
        left = _mistakes(remedy.applied, document.source.path, folder, settings, few)
        if repairs(diagnostics[number], diagnostics, left):
            found[number] = diagnostics[number].repaired_by(remedy)
    return tuple(found)


def smaller(limits: Limits, steps: int = _STEPS) -> Limits:
    """``limits`` for what is tried."""
    return replace(limits, steps=min(limits.steps, steps), terms=min(limits.terms, _TERMS))


def repairs(diagnostic: Diagnostic, before: Iterable[Diagnostic], after: Iterable[Diagnostic]) -> bool:
    """Whether from ``before`` to ``after`` an edit ``diagnostic`` has gone and no other error has come.

    That a step or a param is not needed any more is a warning, and no error.
    """
    errors = Counter(told(each) for each in after if each.severity == "error")
    return not errors - Counter(told(each) for each in before if each is not diagnostic)


def _mistakes(
    text: str, path: str, folder: Path | None, settings: Mapping[str, Any], limits: Limits
) -> tuple[Diagnostic, ...]:
    """What is told of ``text``."""
    sink = Sink(limits.mistakes)
    try:
        spec = sound_part(parse(text, path, max_bytes=limits.bytes), sink, folder=folder, max_bytes=limits.bytes)
        if spec is not None:
            elaborate(spec, settings, sink, limits)
    except CompileError as error:
        return error.diagnostics
    return sink.diagnostics


def told(diagnostic: Diagnostic) -> tuple[str, str]:
    """What tells one mistake from another, wherever it stands after an edit."""
    return diagnostic.code, diagnostic.message
