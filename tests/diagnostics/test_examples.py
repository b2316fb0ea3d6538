"""The example of every code: it breaks that rule alone, is told at its line and column, and its repair is clean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from graphbuilder.compiler import check_text
from graphbuilder.diagnostics import Diagnostic, Rule
from graphbuilder.diagnostics.catalogue import rules
from graphbuilder.diagnostics.draw import draw
from graphbuilder.diagnostics.explaining import PAGE, TOLD, TOLD_WIDTH, markdown, told
from tests.diagnostics.staging import staged


@contextmanager
def provoked(rule: type[Rule], folder: Path) -> Iterator[Sequence[Diagnostic]]:
    """What the fault of ``rule`` brings; behind it, the repair brings nothing."""
    if rule.example is None:
        yield check_text(rule.bad, "bad.toml").diagnostics
        assert [str(each) for each in check_text(rule.good, "good.toml").diagnostics] == []
        return
    example = rule.example
    with staged(folder, rule.code) as stage:
        stage.write(example.files)
        yield stage.run(example.run)
        stage.write(example.mended)
        assert [str(each) for each in stage.run(example.rerun or example.run)] == []


@pytest.mark.parametrize("rule", rules().values(), ids=rules())
def test_an_example_breaks_its_rule_and_is_repaired(
    rule: type[Rule], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with provoked(rule, tmp_path.resolve()) as diagnostics:
        *others, found = diagnostics
        assert (found.code, found.severity) == (rule.code, rule.severity)
        assert not others or rule.code in ("GB609", "GB611"), "which are told behind other mistakes"
        assert found.span or rule.example, "an error in a spec has a place"
        assert found.help or found.severity == "warning", "and a remedy"
        # A path of this machine would be folded as it is long.
        found = replace(found, message=found.message.replace(f"{tmp_path.resolve()}/", ""))
        text, _, _ = draw([found], width=TOLD_WIDTH).rpartition("\n\n")
        if request.config.getoption("--update-goldens"):
            kept = dict(sorted({**told(), rule.code: text}.items()))
            TOLD.write_bytes("".join(f"{each}\n\n" for code, each in kept.items() if code in rules()).encode())
        assert text == told()[rule.code], "tools/test --update-goldens writes it"


def test_the_page_of_all_codes_is_current(request: pytest.FixtureRequest) -> None:
    assert list(told()) == list(rules())
    if request.config.getoption("--update-goldens"):
        PAGE.write_bytes(markdown(rules()).encode())
    assert PAGE.read_bytes().decode() == markdown(rules()), "tools/test --update-goldens writes it"
