"""What the tests of the commands share: a command run in this process, in a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphbuilder.cli.entry import run
from tests.cli.running import SMALL, Result, Run


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in a folder that holds ``small.toml`` alone."""
    monkeypatch.chdir(tmp_path)
    Path("small.toml").write_text(SMALL, encoding="utf-8")

    def invoke(*arguments: str) -> Result:
        code = run(arguments)
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return invoke
