"""What machines read."""

from __future__ import annotations

import json
from typing import Any

from graphbuilder.diagnostics import Diagnostic, Label, Remedy
from graphbuilder.diagnostics.draw import draw
from tests.diagnostics.test_draw import CannotAdd, Unused, at

PLACED = CannotAdd.at(
    at(6, 3, 56),
    "cannot add",
    label="here, 100%",
    related=(Label(at(3, 3, 21), "the body"),),
    notes=("in a:b",),
    help="pad",
)
LONG = Unused.at(at(2, 8, 2, end_line=10), "never read")
NOWHERE = CannotAdd.at(None, "no such file")
ALL: list[Diagnostic] = [PLACED, LONG, NOWHERE]


def test_concise() -> None:
    assert draw(ALL, "concise").splitlines() == [
        "specs/x.toml:6:3: error[GB999]: cannot add: here, 100%",
        "specs/x.toml:2:8: warning[GB998]: never read",
        "error[GB999]: no such file",
    ]


def test_json() -> None:
    placed, long, nowhere = json.loads(draw(ALL, "json"))
    assert placed == {
        "code": "GB999",
        "severity": "error",
        "message": "cannot add",
        "path": "specs/x.toml",
        "line": 6,
        "column": 3,
        "end_line": 6,
        "end_column": 56,
        "label": "here, 100%",
        "related": [
            {"path": "specs/x.toml", "line": 3, "column": 3, "end_line": 3, "end_column": 21, "label": "the body"}
        ],
        "notes": ["in a:b"],
        "help": "pad",
        "fix": None,
    }
    assert (long["severity"], long["end_line"]) == ("warning", 10)
    assert (nowhere["path"], nowhere["line"], nowhere["help"]) == (None, None, None)
    assert draw([], "json") == "[]"


def test_a_remedy_that_was_tried_is_an_edit() -> None:
    repaired = PLACED.repaired_by(Remedy("write 3", at(6, 3, 56), "{ 3 }"))
    (found,) = json.loads(draw([repaired], "json"))
    place = {"path": "specs/x.toml", "line": 6, "column": 3, "end_line": 6, "end_column": 56}
    assert (found["help"], found["fix"]) == ("write 3", {**place, "text": "{ 3 }"})
    (result,) = json.loads(draw([repaired], "sarif"))["runs"][0]["results"]
    region = {"startLine": 6, "startColumn": 3, "endLine": 6, "endColumn": 56}
    change = {
        "artifactLocation": {"uri": "specs/x.toml"},
        "replacements": [{"deletedRegion": region, "insertedContent": {"text": "{ 3 }"}}],
    }
    assert result["fixes"] == [{"description": {"text": "write 3"}, "artifactChanges": [change]}]


def test_github() -> None:
    assert draw(ALL, "github").splitlines() == [
        "::error file=specs/x.toml,line=6,endLine=6,col=3,endColumn=56,title=GB999 shapes that do not add::"
        "cannot add%0Ahere, 100%25%0Aspecs/x.toml:3:3: the body%0Ain a:b%0Ahelp: pad",
        "::warning file=specs/x.toml,line=2,endLine=10,title=GB998 nothing reads it::never read",
        "::error title=GB999 shapes that do not add::no such file",
    ]


def test_sarif() -> None:
    log = json.loads(draw(ALL, "sarif"))
    (run,) = log["runs"]
    rules: list[dict[str, Any]] = run["tool"]["driver"]["rules"]
    placed, long, nowhere = run["results"]
    assert (log["version"], run["columnKind"]) == ("2.1.0", "unicodeCodePoints")
    assert [(rule["id"], rule["defaultConfiguration"]["level"]) for rule in rules] == [
        ("GB998", "warning"),
        ("GB999", "error"),
    ]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [r["ruleId"] for r in run["results"]]
    assert placed["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "specs/x.toml"},
        "region": {"startLine": 6, "startColumn": 3, "endLine": 6, "endColumn": 56},
    }
    assert placed["relatedLocations"][0]["message"] == {"text": "the body"}
    assert (long["level"], nowhere["locations"]) == ("warning", [])
    assert placed["message"]["text"].splitlines()[0] == "cannot add"


def test_a_path_is_a_uri_in_sarif() -> None:
    from graphbuilder.diagnostics import Source

    source = Source("a folder/é:1.toml", "x")
    (result,) = json.loads(draw([Unused.at(at(1, 1, 2, source=source), "x")], "sarif"))["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20folder/%C3%A9%3A1.toml"
