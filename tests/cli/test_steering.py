"""A name of a file that would steer the terminal is told as an escape, be it one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphbuilder.cli.entry import run

SPEC = 'format = 1\nname = "s"\n[inputs]\nx = [5]\n[model]\nbody = [{ op = "relu" }]\n'


@pytest.mark.parametrize("words", [("check",), ("render", "-o", "a\x1b[31m.mmd"), ("compile", "-o", "a\x1b[31m.py")])
def test_names_do_not_steer(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("s\x1b[31m.toml").write_text(SPEC)
    assert run([words[0], "s\x1b[31m.toml", *words[1:]]) == 0
    shown = "".join(capsys.readouterr())
    assert "\x1b" not in shown and "\\x1b" in shown
