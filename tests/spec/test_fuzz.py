"""Any change to a file, of any type at any place, gives a spec or coded errors at places; never anything else."""

import copy
from pathlib import Path
from random import Random
from typing import Any

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from graphbuilder import spec
from graphbuilder.diagnostics import CompileError
from tests.document.toml_writer import DATA, Writer
from tests.spec import test_extends, test_load, test_overrides

_VALUES = st.sampled_from(
    [3, True, 1.5, "x", "=x", "=1 +", "", "a.b", "stem", [], {}, [3], [[]], {"a": 1}]
) | st.sampled_from(
    [
        {"op": "x"},
        [{"op": "x"}],
        [{"use": ["a", 3]}],
        [{}],
        {"body": []},
        {"op": {"op": 3}},
        "in",
        "identity",
        -1,
        "repeat",
    ]
)
_KEYS = st.sampled_from(
    ["id", "op", "use", "body", "steps", "extends", "share", "merge", "shortcut", "branches", "before", "after"]
) | (
    st.sampled_from(
        ["x", "", "a b", "stem", "middle.last", "down.first.conv", "args", "let", "inputs", "outputs", "\u202e"]
    )
)
_CHANGES = st.lists(st.tuples(st.lists(st.integers(0, 9), max_size=6), _KEYS, _VALUES | DATA), min_size=1, max_size=4)


def changed(data: dict[str, Any], changes: list[tuple[list[int], str, Any]]) -> str:
    """The text of ``data`` with a value put in at the end of each way."""
    data = copy.deepcopy(data)
    for way, key, value in changes:
        _put(data, way, key, copy.deepcopy(value))
    return Writer(Random(0)).document(data)


def _put(container: Any, way: list[int], key: str, value: Any) -> None:
    for step in way:
        places = list(container) if isinstance(container, dict) else range(len(container))
        if not places:
            break
        place = places[step % len(places)]
        if not isinstance(container[place], dict | list) or step == 9:
            container[place] = value
            return
        container = container[place]
    if isinstance(container, dict):
        container[key] = value
    else:
        container.append(value)


def check(path: Path) -> None:
    try:
        spec.load(path)
    except CompileError as error:
        assert error.diagnostics
        for diagnostic in error.diagnostics:
            assert diagnostic.span is not None
            assert diagnostic.code[:3] in ("GB0", "GB1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@settings(max_examples=200)
@given(changes=_CHANGES)
def test_one_file(folder: Path, changes: list[tuple[list[int], str, Any]]) -> None:
    (folder / "one.toml").write_text(changed(tomli.loads(test_load.WHOLE), changes))
    check(folder / "one.toml")


@settings(max_examples=200)
@given(base=_CHANGES, child=_CHANGES, overrides=st.booleans())
def test_two_files(folder: Path, base: Any, child: Any, overrides: bool) -> None:
    below, above = (test_overrides.BASE, test_overrides.CHILD) if overrides else (test_extends.BASE, test_extends.CHILD)
    (folder / "base.toml").write_text(changed(tomli.loads(below), base))
    (folder / "child.toml").write_text(changed({**tomli.loads(above), "extends": "base.toml"}, child))
    check(folder / "child.toml")
