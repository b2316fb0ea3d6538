"""SARIF as other tools read it: every example of the catalogue in the form that version 2.1.0 of the standard gives."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft202012Validator

from graphbuilder.compiler import check, check_text
from graphbuilder.diagnostics.catalogue import rules
from graphbuilder.diagnostics.draw import draw


def _closed(required: str, **properties: Any) -> dict[str, Any]:
    """An object with these properties and no others, ``required`` among them."""
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def _listed(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


# What is used of the standard, section by section; it has more properties, and a reader may refuse all that it has not.
TEXT = {"type": "string", "minLength": 1}
POSITIVE = {"type": "integer", "minimum": 1}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
MESSAGE = _closed("text", text=TEXT)  # 3.11
ARTIFACT = _closed("uri", uri={"type": "string", "pattern": r"\A[!-~]+\Z"})  # 3.4: no blanks, nothing beyond ASCII
REGION = _closed(  # 3.30
    "startLine startColumn endLine endColumn",
    startLine=POSITIVE,
    startColumn=POSITIVE,
    endLine=POSITIVE,
    endColumn=POSITIVE,
)
PLACE = _closed("artifactLocation region", artifactLocation=ARTIFACT, region=REGION)  # 3.29
LOCATION = _closed("physicalLocation", id={"type": "integer", "minimum": 0}, physicalLocation=PLACE, message=MESSAGE)
REPLACEMENT = _closed("deletedRegion", deletedRegion=REGION, insertedContent=_closed("text", text={"type": "string"}))
CHANGE = _closed("artifactLocation replacements", artifactLocation=ARTIFACT, replacements=_listed(REPLACEMENT))  # 3.56
RESULT = _closed(  # 3.27
    "message",
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    level=LEVEL,
    message=MESSAGE,
    locations=_listed(LOCATION),
    relatedLocations=_listed(LOCATION),
    fixes=_listed(_closed("artifactChanges", description=MESSAGE, artifactChanges=_listed(CHANGE))),
)
RULE = _closed(  # 3.49
    "id",
    id=TEXT,
    name=TEXT,
    shortDescription=MESSAGE,
    fullDescription=MESSAGE,
    defaultConfiguration=_closed("level", level=LEVEL),
)
TOOL = _closed("driver", driver=_closed("name", name=TEXT, rules=_listed(RULE)))  # 3.18
RUN = _closed(  # 3.14
    "tool", tool=TOOL, columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]}, results=_listed(RESULT)
)
LOG = _closed("version runs", **{"$schema": TEXT}, version={"const": "2.1.0"}, runs=_listed(RUN))  # 3.13


def test_every_example_of_the_catalogue() -> None:
    found = [each for rule in rules().values() if rule.bad for each in check_text(rule.bad, "é 1.toml").diagnostics]
    found += check("nowhere.toml").diagnostics
    log = json.loads(draw(found, "sarif"))
    assert [f"{each.json_path}: {each.message}" for each in Draft202012Validator(LOG).iter_errors(log)] == []
    (run,) = log["runs"]
    assert [each["ruleId"] for each in run["results"]] == [each.code for each in found]
    assert any("fixes" in each for each in run["results"]) and any(
        "relatedLocations" in each for each in run["results"]
    )
    assert len({each["id"] for each in run["tool"]["driver"]["rules"]}) == len(run["tool"]["driver"]["rules"])


def test_nothing_found_is_a_run_without_results() -> None:
    log = json.loads(draw([], "sarif"))
    assert not list(Draft202012Validator(LOG).iter_errors(log))
    assert log["runs"][0]["results"] == []
