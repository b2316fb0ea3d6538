"""Where a spec is served when it is watched again, and what keeps its secret from others."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from graphbuilder.diagnostics import CompileError
from graphbuilder.watching import serve
from graphbuilder.watching.hub import Hub


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which addresses are kept."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "graphbuilder"


def address(spec: str = "a.toml", port: int = 0) -> str:
    """Where a spec is served that is not watched any more when this returns."""
    with serve(Hub(), spec, port) as server:
        return server.url


def test_a_spec_is_served_where_it_was_last(kept: Path) -> None:
    first = address()
    assert address() == first == address(os.path.abspath("a.toml"))
    assert address("b.toml") != first
    assert address(port=int(first.split(":")[2].split("/")[0])) == first


def test_only_its_user_can_read_a_secret(kept: Path) -> None:
    address()
    (file,) = kept.iterdir()
    assert (kept.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)


def _opened(folder: Path, file: Path) -> None:
    folder.chmod(0o755)


def _readable(folder: Path, file: Path) -> None:
    file.chmod(0o640)


def _linked(folder: Path, file: Path) -> None:
    file.rename(folder / "elsewhere")
    file.symlink_to("elsewhere")


def _linked_whole(folder: Path, file: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to("elsewhere")


def _damaged(folder: Path, file: Path) -> None:
    file.write_text("80 ../../etc\n", encoding="ascii")


def _piped(folder: Path, file: Path) -> None:
    file.unlink()
    os.mkfifo(file, 0o600)


SPOILED = (_opened, _readable, _linked, _linked_whole, _damaged, _piped)


@pytest.mark.parametrize("spoiled", SPOILED)
def test_what_others_may_have_seen_or_put_there_is_not_used(kept: Path, spoiled: Callable[[Path, Path], None]) -> None:
    first = address()
    (file,) = kept.iterdir()
    spoiled(kept, file)
    assert address().split("/")[3] != first.split("/")[3]


def test_where_the_port_was_taken_the_secret_is_another(kept: Path) -> None:
    with serve(Hub(), "a.toml") as server:
        with serve(Hub(), "a.toml") as other:
            assert (other.server_port != server.server_port, other.token != server.token) == (True, True)
        port = other.server_port
    with serve(Hub(), "b.toml", port), pytest.raises(CompileError, match="GB515"):
        serve(Hub(), "a.toml", port)


def test_without_a_folder_of_the_session_one_is_made(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setattr("tempfile.tempdir", str(kept.parent))
    assert address() == address()
    assert (kept.parent / f"graphbuilder-{os.getuid()}").stat().st_mode & 0o777 == 0o700
