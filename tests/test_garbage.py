"""Putting off the search for garbage."""

from __future__ import annotations

import gc

import pytest

from graphbuilder.garbage import no_search


def test_it_is_as_before_when_all_is_made_or_something_failed() -> None:
    with pytest.raises(KeyError), no_search():
        with no_search():
            assert not gc.isenabled()
        assert not gc.isenabled()
        raise KeyError
    assert gc.isenabled()


def test_it_stays_off_for_who_has_it_off() -> None:
    gc.disable()
    try:
        with no_search():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
