"""What may be called what."""

import subprocess
import sys

import pytest

from graphbuilder.spec.model import Step
from graphbuilder.spec.names import MODULE_ATTRIBUTES, STEP_WORDS, Kind, fault_of

KINDS: tuple[Kind, ...] = ("step", "block", "input", "branch", "output", "param", "argument", "let")


def test_the_attributes_of_modules_are_those_of_torch() -> None:
    """In a process of its own: nothing that these tests prove may rest on torch being there."""
    torch_nn = "import torch.nn as nn; print(*(set(dir(nn.Module())) | {'forward'}))"
    found = subprocess.run([sys.executable, "-c", torch_nn], capture_output=True, text=True, check=True)
    public = {name for name in found.stdout.split() if not name.startswith("_")}
    assert not public - MODULE_ATTRIBUTES


def test_the_words_of_a_step_are_those_of_its_model() -> None:
    assert {field.alias or name for name, field in Step.model_fields.items()} == STEP_WORDS


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["a", "A", "conv_2", "x" * 64, "stem", "low", "width", "relu"])
def test_good_names(name: str, kind: Kind) -> None:
    assert fault_of(name, kind) is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["", "_a", "1a", "a-b", "a.b", "a b", "é", "x" * 65, "a\n", "\u202e", "\uff41"])
def test_what_is_no_name(name: str, kind: Kind) -> None:
    fault = fault_of(name, kind)
    assert fault is not None
    assert fault.rule.code == "GB110"


# The name, and the kinds of things that may have it.
RESERVED: list[tuple[str, tuple[Kind, ...]]] = [
    ("lambda", ()),
    ("None", ()),
    ("in", ()),
    ("torch", ()),
    ("self", ()),
    ("state_dict", ("input", "output", "param", "argument", "let")),
    ("half", ("input", "output", "param", "argument", "let")),
    ("type", ("input", "output", "param", "argument", "let")),
    ("when", ("step", "block", "input", "branch", "output", "param", "let")),
    ("title", ("step", "block", "input", "branch", "output", "param", "let")),
    ("before", ("step", "block", "input", "branch", "output", "param", "let")),
    ("max", ("step", "block", "input", "branch", "output")),
    ("true", ("step", "block", "input", "branch", "output")),
    ("i", ("step", "block", "input", "branch", "output")),
    ("in_channels", ("step", "block", "input", "branch", "output")),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "allowed"), RESERVED)
def test_reserved(name: str, allowed: tuple[Kind, ...], kind: Kind) -> None:
    fault = fault_of(name, kind)
    assert (fault is None) is (kind in allowed)
    assert fault is None or fault.rule.code == "GB111"


def test_a_remedy_is_a_good_name() -> None:
    fault = fault_of("my first-step!", "step")
    assert fault is not None and fault.help is not None
    assert fault.help.endswith("`my_first_step`")
    keyword = fault_of("class", "step")
    assert keyword is not None and keyword.help is not None
    assert "`class_1`" in keyword.help
