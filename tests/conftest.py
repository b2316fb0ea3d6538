"""What every test may use: goldens, and the mark of the peers."""

import os
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

TESTS = Path(__file__).parent

# Small networks run fastest on one thread, and workers side by side have the cores between them.
# Torch reads it when it is loaded.
os.environ["OMP_NUM_THREADS"] = "1"

# Many tests start processes, each of which would compile all modules anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# What is told is as wide as it says.
os.environ.pop("COLUMNS", None)

# The same examples on every run and no time limit on one: a failure repeats, and a busy machine is none.
hypothesis.settings.register_profile("graphbuilder", deadline=None, derandomize=True)
hypothesis.settings.load_profile("graphbuilder")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="write tests/golden instead of comparing with it")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if TESTS / "peers" in item.path.parents:
            item.add_marker(pytest.mark.peers)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden("expand/xception.toml", text)` compares text with that file under tests/golden."""
    update = bool(request.config.getoption("--update-goldens"))

    def compare(name: str, text: str) -> None:
        path = TESTS / "golden" / name
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
            return
        assert path.is_file(), f"no golden {name} yet: tools/test --update-goldens"
        assert text == path.read_bytes().decode(), f"not the golden {name}; should it be? tools/test --update-goldens"

    return compare
