"""Tests of one pair of networks stand together, since a pair takes longer to make than most of them to run."""

from __future__ import annotations

import pytest


# Behind pytest's own order, which puts together what has one place in its list, whatever stands there.
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    first: dict[tuple[object, str], int] = {}

    def place(index: int) -> int:
        item = items[index]
        callspec = getattr(item, "callspec", None)
        if callspec is None or "pair" not in callspec.params:
            return index
        return first.setdefault((item.path, str(callspec.params["pair"])), index)

    items[:] = [items[index] for index in sorted(range(len(items)), key=place)]
