"""Every example of specs/README.md is a network that gives what its last line says."""

from __future__ import annotations

import re
import shutil
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest
import torch

import graphbuilder as gb

SPECS = Path(__file__).parents[1] / "specs"
TEXT = (SPECS / "README.md").read_text(encoding="utf-8")
NAMED = 'format = 1\nname   = "example"\n'
HEAD = f"{NAMED}[inputs]\nx = [3, 64, 64]\n"


class Example(NamedTuple):
    """One example: the heading it stands under, and its text."""

    heading: str
    text: str

    @property
    def spec(self) -> str:
        """The text as a whole file."""
        if self.text.startswith("format"):
            return self.text
        return (NAMED if "[inputs" in self.text else HEAD) + self.text

    @property
    def gives(self) -> str:
        """What its last line says that it gives."""
        found = re.search(r"^# gives (.*)\Z", self.text.strip(), re.MULTILINE)
        assert found, f"no last line says what this gives:\n{self.text}"
        return found[1]


def examples() -> list[Example]:
    parts = re.split(r"^##+ (.*)$", TEXT, flags=re.MULTILINE)
    return [
        Example(heading, text)
        for heading, body in zip(parts[1::2], parts[2::2], strict=True)
        for text in re.findall(r"```toml\n(.*?)```", body, re.DOTALL)
        if text != HEAD
    ]


def sizes(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def test_every_example_is_found() -> None:
    assert len(examples()) == TEXT.count("```toml\n") - 1 > 25


def test_the_head_is_shown_once() -> None:
    assert TEXT.count(f"```toml\n{HEAD}```") == 1


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.heading)
def test_example(example: Example, tmp_path: Path) -> None:
    # An example may extend a network that stands here.
    for spec in SPECS.glob("*.toml"):
        shutil.copy(spec, tmp_path)
    path = tmp_path / "example_of_the_reference.toml"
    path.write_text(example.spec, encoding="utf-8")

    checked = gb.check(path)
    assert checked.diagnostics == ()
    assert checked.network is not None
    model = gb.compile(checked.network).eval()
    given = model(*(torch.zeros(1, *kind.shape) for kind in checked.network.inputs.values()))

    values = given if isinstance(given, dict) else {"": given}
    said = ", ".join(f"{name}: {sizes(value.shape[1:])}".lstrip(": ") for name, value in values.items())
    assert said == example.gives


def section(heading: str) -> str:
    return TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def test_the_table_of_ops_is_the_catalogue() -> None:
    from graphbuilder.ops import catalogue

    rows = re.findall(r"^\| ([a-z]+) \| (`.*`) \|$", section("Every op"), re.MULTILINE)
    shown = {name: family for family, names in rows for name in re.findall(r"`(\w+)`", names)}
    built_in = {name: cls.family for name, cls in catalogue().items() if cls.__module__.startswith("graphbuilder.")}
    assert shown == built_in


def test_the_names_that_are_taken() -> None:
    from graphbuilder.spec import names

    shown = [
        set(re.findall(r"`(\w+)`", line.split(": ", 1)[1]))
        for line in section("Names that are taken").splitlines()
        if ": " in line
    ]
    taken = (names.MODULE_ATTRIBUTES, names.EMITTED, names.SCOPE, {*names.STEP_WORDS, *names.INSERTIONS})
    assert shown == [set(each) for each in taken]


def test_an_op_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from graphbuilder import ops

    monkeypatch.setattr(ops, "_CATALOGUE", ops.Catalogue())
    (text,) = re.findall(r"```python\n(.*?)```", section("Your own op"), re.DOTALL)
    (tmp_path / "op_of_the_reference.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    import_module("op_of_the_reference")
    checked = gb.check_text(f'{HEAD}[model]\nbody = [{{ op = "softshrink", width = 0.1 }}]\n')
    assert checked.network is not None
    x = torch.linspace(-1, 1, 3 * 64 * 64).reshape(1, 3, 64, 64)
    assert torch.equal(gb.compile(checked.network)(x), torch.nn.functional.softshrink(x, 0.1))


def test_every_op_of_the_tables_exists() -> None:
    from graphbuilder.ops import catalogue

    named = set(re.findall(r'op = "([a-z0-9]+)"', TEXT.replace(section("Your own op"), "")))
    assert named <= set(catalogue())
