"""The README's table names the networks that are compared, all of them and no other."""

from __future__ import annotations

import re
from pathlib import Path

from tests.peers.rows import ROWS

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
# Compared in a test of its own, with the weights that it was trained to.
ELSEWHERE = {"xception_kitchenware"}


def test_the_table_of_the_readme_is_that_of_the_rows() -> None:
    section = README.split("## Proven against")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE)) == {row.spec for row in ROWS} | ELSEWHERE
