"""Every example of specs/README.md is a network that gives what its last line says."""

from __future__ import annotations

import re
import shutil
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


def test_every_op_of_the_tables_exists() -> None:
    from graphbuilder.ops import catalogue

    named = set(re.findall(r'op = "([a-z0-9]+)"', TEXT))
    assert named <= set(catalogue())
