"""What is told of a faulty spec, to the letter: words, places, remedies, and what is not told.

The specs stand in ``told``, what is told of each under ``tests/golden/told``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from graphbuilder.compiler import check_text
from graphbuilder.diagnostics.draw import draw
from tests.elaborate.cases import HEAD

SPECS = {path.stem: path for path in sorted(Path(__file__).with_name("told").glob("*.toml"))}


@pytest.mark.parametrize("name", SPECS)
def test_told(name: str, golden: Callable[[str, str], None]) -> None:
    text = SPECS[name].read_text(encoding="utf-8")
    found = check_text(text if "format" in text else HEAD + text, "case.toml").diagnostics
    assert found
    golden(f"told/{name}.txt", draw(found) + "\n")
