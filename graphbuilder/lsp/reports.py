"""Diagnostics in the protocol's words."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lsprotocol import types as lsp

from graphbuilder.diagnostics import Diagnostic, Label, Span
from graphbuilder.diagnostics.explaining import PAGE
from graphbuilder.diagnostics.screen import safe
from graphbuilder.lsp.file import SpecFile
from graphbuilder.lsp.text import Text


def reports(file: SpecFile, diagnostics: Iterable[Diagnostic], related: bool = True) -> list[lsp.Diagnostic]:
    """What a check told of ``file``; what stands in another file is told at what caused it here, at what uses
    it, else at the ``extends`` that takes it in.

    Args:
        related: whether the editor shows what is said of further places; it is lines of the message otherwise.
    """
    return [_report(file, each, related) for each in diagnostics]


def _report(file: SpecFile, diagnostic: Diagnostic, related: bool) -> lsp.Diagnostic:
    span = diagnostic.span
    here = span is not None and span.path == file.name
    ways = [step for way in diagnostic.ways for step in way.steps]
    cause = next((label.span for label in (*diagnostic.related, *ways) if label.span.path == file.name), None)
    underlined = span if here else cause
    elsewhere = () if here or span is None else (Label(span, diagnostic.label or diagnostic.message),)
    labels = (*elsewhere, *diagnostic.related)
    others = (f"{label.span}: {label.text}" for label in labels)
    said = diagnostic.notes if related else (*others, *diagnostic.remarks)
    return lsp.Diagnostic(
        file.text.range_of(underlined) if underlined else _entrance(file),
        _message(diagnostic, "" if here or span is None else f"{span.path}: ", said),
        severity=lsp.DiagnosticSeverity.Error if diagnostic.severity == "error" else lsp.DiagnosticSeverity.Warning,
        code=diagnostic.code,
        code_description=lsp.CodeDescription(f"{PAGE.as_uri()}#{diagnostic.code.lower()}"),
        source="graphbuilder",
        related_information=[_related(file, label) for label in (*labels, *ways)] or None if related else None,
    )


def _message(diagnostic: Diagnostic, where: str, said: Iterable[str]) -> str:
    """What is told of it, a line each, with what is ``said`` besides."""
    help_ = f"help: {diagnostic.help}" if diagnostic.help else ""
    lines = [f"{where}{diagnostic.message}", diagnostic.label, *said, help_]
    return "\n".join(safe(line) for line in lines if line)


def _entrance(file: SpecFile) -> lsp.Range:
    """The value of ``extends``, or the first line of a file that extends none."""
    item = file.outline.by_keys.get(("extends",))
    return file.text.range(*item.value) if item else file.text.range(0, len(file.text.source.partition("\n")[0]))


def _related(file: SpecFile, label: Label) -> lsp.DiagnosticRelatedInformation:
    return lsp.DiagnosticRelatedInformation(location(file, label.span), safe(label.text))


def location(file: SpecFile, span: Span) -> lsp.Location:
    """Where ``span`` stands, in ``file`` or in one that it extends."""
    if span.path == file.name:
        return lsp.Location(file.uri, file.text.range_of(span))
    return lsp.Location(uri_of(span.path), Text(span.source.text, file.text.units).range_of(span))


def uri_of(path: str) -> str:
    """The URI of the file at ``path``."""
    return Path(path).absolute().as_uri()
