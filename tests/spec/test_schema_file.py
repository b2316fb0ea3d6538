"""The schema that lies beside the specs is the one that the tool writes, and it holds every spec."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from graphbuilder.document import load, parse

SPECS = Path(__file__).parents[2] / "specs"
SCHEMA = SPECS / "graphbuilder.schema.json"
HEAD = 'format = 1\nname = "a"\n[inputs]\nx = [3, 8, 8]\n[model]\nbody = [{}]\n'


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_the_file_is_current() -> None:
    """In a process of its own, where no test has registered an op."""
    command = [sys.executable, "-m", "graphbuilder.cli", "schema"]
    written = subprocess.run(command, check=True, capture_output=True).stdout.decode()
    assert written.strip() == SCHEMA.read_text(encoding="utf-8").strip(), "graphbuilder schema -o it"


def test_it_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(json.loads(SCHEMA.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", sorted(SPECS.glob("*.toml")), ids=lambda path: path.stem)
def test_it_holds_the_specs(path: Path, validator: jsonschema.Draft7Validator) -> None:
    assert [error.message for error in validator.iter_errors(load(path).data)] == []


@pytest.mark.parametrize(
    "step",
    [
        '{ op = "cnov", out = 4, kernel = 3 }',
        '{ op = "conv", out = 4, kernel = 3, strides = 2 }',
        '{ op = "conv", out = "4", kernel = 3 }',
        '{ op = "conv", use = "unit" }',
    ],
)
def test_it_refuses(step: str, validator: jsonschema.Draft7Validator) -> None:
    good = parse(HEAD.format('{ op = "conv", out = "=4", kernel = 3 }'), "good.toml").data
    assert validator.is_valid(good)
    assert not validator.is_valid(parse(HEAD.format(step), "bad.toml").data)
