"""The reference of ops, from their declarations."""

from __future__ import annotations

from collections.abc import Callable

import pytest

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
    assert text.count(f'{{ op = "{name}"') == len(op.examples) > 0
    assert all(f"  {field}: " in text for field in op.model_fields)


def test_descriptions_end_with_their_sentence_and_fold() -> None:
    lines = listing(catalogue()).splitlines()
    assert any(line.endswith('the parts are named "0", "1", ... and read as `split.0`') for line in lines)
    folded = listing(catalogue(), 60)
    assert max(map(len, folded.splitlines())) <= 60
    assert folded.split() == listing(catalogue()).split()
    assert max(map(len, reference(catalogue()["split"], 60).split("Examples")[0].splitlines())) <= 60


def test_the_look(golden: Callable[[str, str], None]) -> None:
    golden("ops/batchnorm.txt", reference(catalogue()["batchnorm"]))
    golden("ops/resize.txt", reference(catalogue()["resize"]))
