"""What a value must be, in the words of TOML: nothing of Python's or of a library's comes through."""

from __future__ import annotations

import re
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from graphbuilder.compiler import check_text
from graphbuilder.diagnostics.words import must_either
from graphbuilder.ops import catalogue

FOREIGN = re.compile(r"input should|field required|permitted|'|\bTrue\b|\bFalse\b|\bNone\b|<class|tuple|dictionary")


class Written(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    text: str = ""
    flag: bool = False
    count: int = Field(1, ge=1, lt=9)
    word: Literal["a", "b"] = "a"
    off: str | Literal[False] = False
    items: list[int] = []
    table: dict[str, int] = {}


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("text", 1, "must be a string"),
        ("flag", 1, "must be true or false"),
        ("count", "1", "must be an integer"),
        ("count", 0, "must be at least 1"),
        ("count", 9, "must be less than 9"),
        ("word", "c", 'must be "a" or "b"'),
        ("off", 1, "must be a string or false"),
        ("items", 1, "must be a list"),
        ("table", 1, "must be a table"),
        ("other", 1, "is no word of this table"),
    ],
)
def test_what_a_value_must_be(key: str, value: Any, said: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Written.model_validate({key: value})
    assert must_either(raised.value.errors()) == said


@pytest.mark.parametrize("name", catalogue())
def test_arguments_are_told_as_they_are_written(name: str) -> None:
    arguments = ", ".join(f"{field} = {{ a = [true, 'b'] }}" for field in catalogue()[name].model_fields)
    body = f'[model]\nbody = [{{ op = "{name}", {arguments} }}]'
    for found in check_text(f'format = 1\nname = "case"\n[inputs]\nx = [8, 16, 16]\n{body}').diagnostics:
        said = "\n".join((found.message, found.label, found.help or ""))
        assert not FOREIGN.search(said), said
        assert found.code != "GB307" or 'cannot be { a = [true, "b"] }' in found.message
