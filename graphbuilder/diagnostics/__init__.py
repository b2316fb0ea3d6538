"""Errors as data: spans, diagnostics, the catalogue of codes, and how they are drawn."""

from graphbuilder.diagnostics.model import CompileError, Diagnostic, Enough, Rule, Severity, Sink, told_once
from graphbuilder.diagnostics.places import Label, Source, Span, Way
from graphbuilder.diagnostics.remedies import Help, Meant, Remedy, Write

__all__ = [
    "CompileError",
    "Diagnostic",
    "Enough",
    "Help",
    "Label",
    "Meant",
    "Remedy",
    "Rule",
    "Severity",
    "Sink",
    "Source",
    "Span",
    "Way",
    "Write",
    "told_once",
]
