"""What is told of a faulty spec, to the letter: words, places, remedies, and what is not told."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest

from graphbuilder.compiler import check_text
from graphbuilder.diagnostics.draw import draw
from tests.elaborate.cases import HEAD
from tests.elaborate.told import TOLD


@pytest.mark.parametrize("name", TOLD)
def test_told(name: str, golden: Callable[[str, str], None]) -> None:
    text = dedent(TOLD[name])
    found = check_text(text if "format" in text else HEAD + text, "case.toml").diagnostics
    assert found
    golden(f"told/{name}.txt", draw(found) + "\n")
