"""Every example of the catalogue as a person sees it: what is said, at which line and column, and the remedy."""

from __future__ import annotations

from collections.abc import Callable

from graphbuilder.compiler import check_text
from graphbuilder.diagnostics.catalogue import rules
from graphbuilder.diagnostics.draw import draw


def test_every_example_is_told_where_its_mistake_stands(golden: Callable[[str, str], None]) -> None:
    found = [check_text(rule.bad, "bad.toml").diagnostics for rule in rules().values() if rule.bad]
    golden("told/catalogue.txt", "\n\n".join(draw(each) for each in found) + "\n")
