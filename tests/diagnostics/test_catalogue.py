"""Every code is its own, and explained."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest
import tomli

from graphbuilder.diagnostics import Rule
from graphbuilder.diagnostics.catalogue import __path__ as folders
from graphbuilder.diagnostics.catalogue import rules
from graphbuilder.diagnostics.example import Example
from graphbuilder.diagnostics.explaining import explain

FAMILIES = {
    "files": "0",
    "grammar": "1",
    "expressions": "1",
    "shapes": "2",
    "arguments": "3",
    "references": "3",
    "weights": "4",
    "usage": "5",
    "limits": "6",
    "backends": "7",
    "importing": "8",
    "internal": "9",
}


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
    assert (bool(rule.bad), bool(rule.good)) == (rule.example is None, rule.example is None)


def test_an_explanation_shows_the_fault_and_its_repair() -> None:
    text = explain("gb006")
    assert text.startswith("error[GB006]: a key that is there already\n\nA key is given twice")
    assert "The fault:" in text and "Repaired:" in text
    assert max(map(len, text.splitlines())) <= 80


def test_an_explanation_shows_files_and_commands() -> None:
    text = explain("GB406")
    assert "\n\n`fc.toml`:\n\n  format = 1\n" in text
    assert "\n\n  $ python save.py\n  $ graphbuilder weights tiny.toml tiny.pth --weights-map fc.toml\n" in text
    assert "\n\nWhat is told:\n\n  error[GB406]" in text
    assert max(map(len, text.splitlines())) <= 80
    assert "\n\nOn a machine without a CUDA device:\n\n  $ graphbuilder compile" in explain("GB704")
    assert " \\\n      --device cpu \\\n" in explain("GB713", 40)


def test_an_unknown_code() -> None:
    with pytest.raises(KeyError):
        explain("GB000")


@pytest.mark.parametrize("code", rules())
def test_an_explanation_fits_a_narrow_screen(code: str) -> None:
    """But for words that cannot be broken, and Python."""
    example = rules()[code].example or Example("")
    texts = [text for name, text in (*example.files.items(), *example.mended.items()) if name.endswith(".py")]
    python = {line.strip() for text in texts for line in text.splitlines()}
    lines = [line for line in explain(code, 60).splitlines() if line.strip() not in python]
    assert [line for line in lines if len(line) > 60 and len(line.split()) > 6] == []


def test_an_example_that_was_folded_is_the_same() -> None:
    folded = explain("GB107", 40).partition("Repaired:\n\n")[2]
    assert max(map(len, folded.splitlines())) <= 40
    assert tomli.loads(folded) == tomli.loads(rules()["GB107"].good)
