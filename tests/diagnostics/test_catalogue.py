"""Every code is its own, explained, and provoked by its example; the repaired example is clean."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest
import tomli

from graphbuilder.diagnostics import Rule
from graphbuilder.diagnostics.catalogue import PAGE, explain, markdown, rules
from graphbuilder.diagnostics.catalogue import __path__ as folders

FAMILIES = {
    "files": "0",
    "grammar": "1",
    "expressions": "1",
    "shapes": "2",
    "references": "3",
    "weights": "4",
    "usage": "5",
    "limits": "6",
    "backends": "7",
    "importing": "8",
    "internal": "9",
}
SHOWN = [pytest.param(rule, id=code) for code, rule in rules().items() if rule.bad]


def declared() -> list[tuple[str, type[Rule]]]:
    """Each rule with the module that declares it, codes given twice included."""
    names = [path.stem for folder in folders for path in Path(folder).glob("[a-z]*.py")]
    modules = [import_module(f"graphbuilder.diagnostics.catalogue.{name}") for name in sorted(names)]
    return [
        (module.__name__.rpartition(".")[2], value)
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Rule)
        and value is not Rule
        and value.__module__ == module.__name__
    ]


def test_codes_are_unique() -> None:
    codes = [rule.code for _, rule in declared()]
    assert sorted(codes) == sorted(set(codes))
    assert set(codes) == set(rules())


@pytest.mark.parametrize(("module", "rule"), declared(), ids=lambda value: getattr(value, "__name__", value))
def test_a_rule_says_what_it_is(module: str, rule: type[Rule]) -> None:
    assert re.fullmatch(rf"GB{FAMILIES[module]}\d\d", rule.code)
    assert rule.title and not rule.title.endswith(".")
    assert rule.__doc__ and rule.__doc__.rstrip().endswith(".")
    assert bool(rule.bad) == bool(rule.good)


@pytest.mark.parametrize("rule", SHOWN)
def test_the_example_breaks_this_rule_and_no_other(rule: type[Rule]) -> None:
    from graphbuilder.compiler import check_text

    found = check_text(rule.bad, "bad.toml").diagnostics
    assert [(diagnostic.code, diagnostic.severity) for diagnostic in found] == [(rule.code, rule.severity)]
    assert found[0].span, "an error in a spec has a place"
    assert found[0].help or found[0].remedy or found[0].severity == "warning", "and a remedy"


@pytest.mark.parametrize("rule", SHOWN)
def test_the_repair_is_clean(rule: type[Rule]) -> None:
    from graphbuilder.compiler import check_text

    assert [str(diagnostic) for diagnostic in check_text(rule.good, "good.toml").diagnostics] == []


def test_an_explanation_shows_the_fault_and_its_repair() -> None:
    text = explain("gb006")
    assert text.startswith("error[GB006]: a key that is there already\n\nA key is given twice")
    assert "The fault:" in text and "Repaired:" in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_code_without_an_example_is_explained() -> None:
    assert explain("GB001").startswith("error[GB001]: no such file\n\nThere is no file at this path.")


def test_an_unknown_code() -> None:
    with pytest.raises(KeyError):
        explain("GB000")


@pytest.mark.parametrize("rule", SHOWN)
def test_an_explanation_fits_a_narrow_screen(rule: type[Rule]) -> None:
    """But for words that cannot be broken."""
    lines = explain(rule.code, 60).splitlines()
    assert [line for line in lines if len(line) > 60 and len(line.split()) > 6] == []


def test_an_example_that_was_folded_is_the_same() -> None:
    folded = explain("GB107", 40).partition("Repaired:\n\n")[2]
    assert max(map(len, folded.splitlines())) <= 40
    assert tomli.loads(folded) == tomli.loads(rules()["GB107"].good)


def test_the_page_of_all_codes_is_current(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-goldens"):
        PAGE.write_bytes(markdown(rules()).encode())
    assert PAGE.read_bytes().decode() == markdown(rules()), "tools/test --update-goldens writes it"
