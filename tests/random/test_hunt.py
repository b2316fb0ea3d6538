"""What ends or hangs a process of `tools/fuzz` is a failure of its seed, and the other seeds are tried all the same."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tools.hunt import Finding, Trial, hunt


def nothing() -> None:
    pass


def text(seed: int) -> str:
    return f"text {seed}"


def ending(seed: int) -> Finding | None:
    """Ends as a fault in a library would, at some seeds; at others it fails as it should."""
    if seed in (2, 3):
        os.kill(os.getpid(), signal.SIGSEGV)
    if seed == 5:
        os._exit(7)
    return Finding(seed, "stage", "a failure", "") if seed == 6 else None


def hanging(seed: int) -> Finding | None:
    if seed == 1:
        time.sleep(100)
    return None


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_process_that_ends_is_a_failure_of_its_seed(jobs: int) -> None:
    answers = list(hunt(Trial(ending, text, nothing, 9, 60), range(9), jobs))
    assert len(answers) == 9
    assert sorted(filter(None, answers)) == [
        Finding(2, "crashed", "crashed: the process ended with -11", "text 2"),
        Finding(3, "crashed", "crashed: the process ended with -11", "text 3"),
        Finding(5, "crashed", "crashed: the process ended with 7", "text 5"),
        Finding(6, "stage", "a failure", ""),
    ]


def test_a_process_that_hangs_is_one_too() -> None:
    answers = list(hunt(Trial(hanging, text, nothing, 3, 3), range(3), 1))
    assert list(filter(None, answers)) == [Finding(1, "hung", "hung: no answer in 3 s", "text 1")]
    assert len(answers) == 3
