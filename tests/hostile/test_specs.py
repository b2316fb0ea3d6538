"""Every hostile spec costs at most a second and 256 MiB, reaches nothing outside its folder, and ends in its code.

On a slower machine a second is as much longer as plain arithmetic takes there. ``RLIMIT_AS`` and, far behind what a
case may take, ``RLIMIT_CPU`` kill a process that goes beyond them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.hostile.asking import asking
from tests.hostile.cases import CASES, Case

EVIL = "open('ran', 'w').close()\n"
CODE = re.compile(r"error\[(GB\d+)\]")
# What would steer a terminal, or turn its writing around.
STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Answer(NamedTuple):
    """What came of a case in ``folder``."""

    name: str
    folder: Path
    found: dict[str, Any]


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Answer]]:
    """What checks a case, all of them in one process that forks for each."""
    folder = tmp_path_factory.mktemp("hostile")

    def answer(name: str) -> Answer:
        here = folder / name / "it"
        here.mkdir(parents=True)
        write(CASES[name], here)
        return Answer(name, here, ask(f"{name}/it"))

    with asking("tests.hostile.child", str(folder)) as ask:
        yield answer


def write(case: Case, folder: Path) -> None:
    """Put the spec of a case, and what stands beside it, into ``folder``."""
    (folder / "spec.toml").write_bytes(case.text.encode() if isinstance(case.text, str) else case.text)
    (folder / "evil.py").write_text(EVIL)
    if case.prepare:
        case.prepare(folder)


@pytest.fixture(scope="module")
def answer(request: pytest.FixtureRequest, check: Callable[[str], Answer]) -> Answer:
    return check(request.param)


by_case = pytest.mark.parametrize("answer", CASES, indirect=True, scope="module")


@by_case
def test_it_ends_in_its_code(answer: Answer) -> None:
    assert answer.found["exit"] == 2, answer.found["output"][-2000:]
    codes = CODE.findall(answer.found["output"])
    assert CASES[answer.name].code in codes, answer.found["output"][:2000]
    assert "Traceback" not in answer.found["output"]


@by_case
def test_it_reaches_nothing_and_costs_little(answer: Answer) -> None:
    assert answer.found["exit"] is not None, answer.found["output"]
    assert answer.found["seen"] == []
    assert answer.found["seconds"] < answer.found["most"]
    assert answer.found["kilobytes"] < 256 * 1024
    assert not (answer.folder / "ran").exists()


@by_case
def test_what_is_said_steers_no_terminal_and_tells_no_secret(answer: Answer) -> None:
    output = answer.found["output"]
    assert not STEERING.search(output), output[:2000]
    assert "hunter2" not in output and "root:" not in output
    assert len(output) < 1 << 20


def test_there_are_many() -> None:
    assert len(CASES) >= 60
