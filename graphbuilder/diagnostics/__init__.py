"""Errors as data: spans, diagnostics, the catalogue of codes, and how they are drawn."""

from graphbuilder.diagnostics.model import (
    CompileError,
    Diagnostic,
    Enough,
    Help,
    Label,
    Meant,
    Remedy,
    Rule,
    Severity,
    Sink,
    Source,
    Span,
    Way,
)

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
]
