"""Whatever is written is TOML 1.0 and reads back equal."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphbuilder.backends.toml.writer import WIDTH, document
from graphbuilder.document.writing import value

texts = st.text(st.characters(exclude_categories=["Cs"]))
scalars = st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | texts
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=8)
steps = st.lists(st.dictionaries(texts, values, min_size=1), min_size=1)


@given(st.dictionaries(texts, values))
def test_values_read_back(table: dict[str, Any]) -> None:
    assert tomllib.loads(document({"": table})) == table


@given(st.dictionaries(st.sampled_from(["body", "after", "title"]), steps | scalars, min_size=1))
def test_tables_of_steps_read_back(table: dict[str, Any]) -> None:
    assert tomllib.loads(document({"blocks.x": table})) == {"blocks": {"x": table}}


def test_lines_have_a_width() -> None:
    long = {"use": ["bottleneck"] * 100}
    text = document({"blocks.x": {"after": [{"op": "relu"}], "body": [long, {"op": "relu"}]}})
    assert max(map(len, text.splitlines())) <= WIDTH
    assert tomllib.loads(text) == {"blocks": {"x": {"after": [{"op": "relu"}], "body": [long, {"op": "relu"}]}}}


def test_branches_keep_their_order() -> None:
    paths = {"left": [{"op": "conv" * 40}], "right": [{"op": "relu"}]}
    for order in (paths, dict(reversed(paths.items()))):
        assert list(tomllib.loads(document({"x.branches": order}))["x"]["branches"]) == list(order)


def test_long_steps_stand_behind_the_keys_of_their_block() -> None:
    text = document({"blocks.x": {"body": [{"op": "conv" * 40}], "merge": "add"}})
    assert text.splitlines()[:4] == ["[blocks.x]", 'merge = "add"', "", "[[blocks.x.body]]"]


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (1e-5, "1e-5"),
        (0.001, "0.001"),
        (1e16, "1e16"),
        (2.0, "2.0"),
        (True, "true"),
        ((1, 2), "[1, 2]"),
        ({}, "{}"),
        ({"a b": 1}, '{ "a b" = 1 }'),
        ('tab\tquote"\u202e\x9b', '"tab\\tquote\\"\\u202e\\u009b"'),
    ],
)
def test_the_look_of_values(item: object, text: str) -> None:
    assert value(item) == text
