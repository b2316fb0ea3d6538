"""``tools/benchmark first``: both are measured on one network."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.tuning.test_tuned import SPEC
from tools.benchmarks.first import measure


def test_both_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, compiled = tmp_path / "small.toml", list[object]()
    path.write_text(SPEC)
    monkeypatch.setattr(torch, "compile", lambda module, options: compiled.append(options) or module)
    assert measure("ours", path) > 0 and not compiled
    assert measure("theirs", path) > 0 and compiled == [{"freezing": True}]
