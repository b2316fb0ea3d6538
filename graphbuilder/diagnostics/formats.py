"""Diagnostics for machines: one line each, JSON, workflow commands of GitHub, SARIF 2.1.0.

Control characters of what a file brings are escaped by each format's own rules.
"""

from __future__ import annotations

import json as json_text
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from graphbuilder.diagnostics.catalogue import explanation
from graphbuilder.diagnostics.model import Diagnostic, Rule
from graphbuilder.diagnostics.places import Span
from graphbuilder.diagnostics.remedies import Remedy
from graphbuilder.diagnostics.screen import safe

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def concise(diagnostics: Iterable[Diagnostic]) -> str:
    """``path:line:column: error[code]: message: label``, a line each."""
    return "\n".join(safe(": ".join(filter(None, (str(each), each.label)))) for each in diagnostics)


def json(diagnostics: Iterable[Diagnostic]) -> str:
    """A list of objects with equal keys. Lines and columns count from 1, an end is exclusive, and no place is null.

    ``fix`` is an edit that was tried: its text, in the place of what stands there, repairs the mistake.
    """
    return json_text.dumps([_object(diagnostic) for diagnostic in diagnostics], indent=2)


def _object(diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        **_place(diagnostic.span),
        "label": diagnostic.label,
        "related": [{**_place(label.span), "label": label.text} for label in diagnostic.related],
        "notes": list(diagnostic.remarks),
        "help": diagnostic.help,
        "fix": {**_place(diagnostic.remedy.span), "text": diagnostic.remedy.text} if diagnostic.remedy else None,
    }


def _place(span: Span | None) -> dict[str, Any]:
    names = ("path", "line", "column", "end_line", "end_column")
    return {name: getattr(span, name) if span else None for name in names}


def github(diagnostics: Iterable[Diagnostic]) -> str:
    """Workflow commands, which GitHub shows beside the lines of a change."""
    return "\n".join(map(_command, diagnostics))


def _command(diagnostic: Diagnostic) -> str:
    properties = {**_github_place(diagnostic.span), "title": f"{diagnostic.code} {diagnostic.rule.title}"}
    # GitHub unescapes these and no others.
    listed = ",".join(
        f"{name}={_percent(str(value)).replace(':', '%3A').replace(',', '%2C')}" for name, value in properties.items()
    )
    return f"::{diagnostic.severity} {listed}::{_percent(_message(diagnostic))}"


def _github_place(span: Span | None) -> dict[str, Any]:
    if not span:
        return {}
    place: dict[str, Any] = {"file": safe(span.path), "line": span.line, "endLine": span.end_line}
    # Columns are refused where the lines differ.
    return place if span.line != span.end_line else {**place, "col": span.column, "endColumn": span.end_column}


def _percent(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _message(diagnostic: Diagnostic) -> str:
    """All that is said of it without drawing, a line each."""
    related = [f"{label.span}: {label.text}" for label in diagnostic.related]
    help = [f"help: {diagnostic.help}"] if diagnostic.help else []
    said = [diagnostic.message, diagnostic.label, *related, *diagnostic.remarks, *help]
    return "\n".join(safe(line) for line in said if line)


def sarif(diagnostics: Sequence[Diagnostic]) -> str:
    """One run of SARIF 2.1.0."""
    rules = sorted({diagnostic.rule for diagnostic in diagnostics}, key=lambda rule: rule.code)
    numbers = {rule: number for number, rule in enumerate(rules)}
    run = {
        "tool": {"driver": {"name": "graphbuilder", "rules": [_sarif_rule(rule) for rule in rules]}},
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(diagnostic, numbers[diagnostic.rule]) for diagnostic in diagnostics],
    }
    return json_text.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _sarif_rule(rule: type[Rule]) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": rule.__name__,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": explanation(rule)},
        "defaultConfiguration": {"level": rule.severity},
    }


def _sarif_result(diagnostic: Diagnostic, number: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": number,
        "level": diagnostic.severity,
        "message": {"text": _message(diagnostic)},
        "locations": [{"physicalLocation": _sarif_place(diagnostic.span)}] if diagnostic.span else [],
    }
    if diagnostic.related:
        result["relatedLocations"] = [
            {"id": id, "physicalLocation": _sarif_place(label.span), "message": {"text": safe(label.text)}}
            for id, label in enumerate(diagnostic.related)
        ]
    if diagnostic.remedy:
        result["fixes"] = [_sarif_fix(diagnostic.remedy)]
    return result


def _sarif_fix(remedy: Remedy) -> dict[str, Any]:
    place = _sarif_place(remedy.span)
    replacement = {"deletedRegion": place["region"], "insertedContent": {"text": remedy.text}}
    change = {"artifactLocation": place["artifactLocation"], "replacements": [replacement]}
    return {"description": {"text": safe(remedy.help)}, "artifactChanges": [change]}


def _sarif_place(span: Span) -> dict[str, Any]:
    region = {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
    return {"artifactLocation": {"uri": _uri(span.path)}, "region": region}


def _uri(path: str) -> str:
    place = Path(path)
    return place.as_uri() if place.is_absolute() else quote(place.as_posix())
