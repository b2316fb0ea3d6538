"""The reference of ops, from their declarations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import graphbuilder as gb
from graphbuilder.backends.table.ops import listing, reference
from graphbuilder.ops import catalogue


def test_every_op_is_listed_once() -> None:
    words = [line.split()[0] for line in listing(catalogue()).splitlines() if line.startswith("  ")]
    assert sorted(words) == sorted(catalogue())


@pytest.mark.parametrize("name", catalogue())
def test_every_op_has_a_reference_with_examples(name: str) -> None:
    op = catalogue()[name]
    text = reference(op)
    assert text.splitlines()[0] == f"{name}: {op.family}"
    assert text.split("\nExamples\n")[1].count(f'{{ op = "{name}"') == len(op.examples) > 0
    assert all(f"  {field}: " in text for field in op.model_fields)


def test_descriptions_end_with_their_sentence_and_fold() -> None:
    lines = listing(catalogue()).splitlines()
    assert any(line.endswith('the parts are named "0", "1", ... and read as `split.0`') for line in lines)
    folded = listing(catalogue(), 60)
    assert max(map(len, folded.splitlines())) <= 60
    assert folded.split() == listing(catalogue()).split()


@pytest.mark.parametrize("width", [40, 60, 80])
def test_a_narrow_screen_folds_all(width: int) -> None:
    assert max(map(len, listing(catalogue(), width).splitlines())) <= width
    for op in catalogue().values():
        assert max(map(len, reference(op, width).splitlines())) <= width


def test_weights_have_the_names_of_a_state_dict(tmp_path: Path) -> None:
    body = '{ op = "squeezeexcite", squeeze = 2 }, { op = "batchnorm" }'
    spec = tmp_path / "x.toml"
    spec.write_text(f'format = 1\nname = "x"\n[inputs]\nx = [8, 5, 4]\n[model]\nbody = [{body}]\n')
    told = [*reference(catalogue()["squeezeexcite"]).splitlines(), *reference(catalogue()["batchnorm"]).splitlines()]
    for name in gb.compile(spec, device="meta").state_dict():
        assert any(line.startswith(f"  {name}: ") for line in told), name
    assert "  squeezeexcite.reduce.weight: 2x8x1x1" in told
    assert "  batchnorm.running_mean: 6, a running statistic" in told


def test_the_look(golden: Callable[[str, str], None]) -> None:
    golden("ops/batchnorm.txt", reference(catalogue()["batchnorm"]))
    golden("ops/resize.txt", reference(catalogue()["resize"]))
