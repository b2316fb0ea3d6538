"""Bent specs: never a traceback, always a code with a place inside the file, in little time and memory.

``tools/fuzz mutated`` bends as many more as one likes.
"""

from __future__ import annotations

import resource

import pytest

from tests.random.mutate import bent, texts
from tests.random.refuse import complaint

COUNT = 500
MOST_KILOBYTES = 256 * 1024


def test_what_is_bent_was_right() -> None:
    assert len(texts()) > 100
    assert sum("\nextends " in text for text in texts()) > 20


@pytest.mark.parametrize("group", range(10))
def test_every_mistake_has_a_code_and_a_place(group: int) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for seed in range(group, COUNT, 10):
        text = bent(seed)
        wrong = complaint(text)
        assert wrong is None, f"{wrong}\n{text}"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_KILOBYTES
