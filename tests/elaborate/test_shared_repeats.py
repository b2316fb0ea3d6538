"""A repeat whose weights another step shares: the whole row of copies runs again."""

from __future__ import annotations

import pytest
import torch

import graphbuilder as gb
from graphbuilder.compiler import check_text
from tests.elaborate.cases import HEAD

# The words of the repeat, and the names of its weights.
REPEATS = [
    ("repeat = 2", ["t.0.weight", "t.0.bias", "t.1.weight", "t.1.bias"]),
    ('repeat = 2, merge = "add"', ["t.0.weight", "t.0.bias", "t.1.weight", "t.1.bias"]),
    ("repeat = 3, share = true", ["t.0.weight", "t.0.bias"]),
]


def model(steps: str) -> torch.nn.Module:
    checked = check_text(f"{HEAD}[model]\nbody = [{steps}]\n", "case.toml")
    assert checked.diagnostics == ()
    assert checked.network is not None
    return gb.compile(checked.network)


@pytest.mark.parametrize(("words", "names"), REPEATS)
def test_it_runs_twice_with_one_set_of_weights(words: str, names: list[str]) -> None:
    repeat = f'{{ id = "t", op = "conv", out = 8, {words} }}'
    once, twice = model(repeat), model(f'{repeat}, {{ op = "tanh" }}, {{ id = "u", share = "t" }}')
    assert list(twice.state_dict()) == names
    once.load_state_dict(twice.state_dict())
    x = torch.linspace(-1, 1, 8 * 16 * 16).reshape(1, 8, 16, 16)
    assert torch.equal(twice(x), once(once(x).tanh()))


def test_a_copy_of_the_second_run_is_read() -> None:
    read = model(
        '{ id = "t", op = "conv", out = 8, repeat = 2 }, { id = "u", share = "t" }, '
        '{ op = "add", from = ["t.0", "u.0"] }'
    )
    t = read.get_submodule("t")
    x = torch.linspace(-1, 1, 8 * 16 * 16).reshape(1, 8, 16, 16)
    first = t.get_submodule("0")(x)
    assert torch.equal(read(x), first + t.get_submodule("0")(t.get_submodule("1")(first)))


SHAPES = "`t` runs on 8x16x16; this reads 9x16x16, and the weights of `t.0` would have other shapes"


def test_other_shapes_are_refused() -> None:
    text = f'{HEAD}[model]\nbody = [{{ id = "t", op = "conv", out = 9, repeat = 2 }}, {{ share = "t" }}]\n'
    (found,) = check_text(text, "case.toml").diagnostics
    assert (found.code, found.message) == ("GB317", SHAPES)
