"""Outputs are whole or not there: whatever fails, the old content stays and nothing is left beside it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from graphbuilder import files
from graphbuilder.diagnostics import CompileError


def code_of(action: Callable[[], None]) -> str:
    with pytest.raises(CompileError) as caught:
        action()
    (diagnostic,) = caught.value.diagnostics
    return diagnostic.code


def test_a_new_file_has_the_bytes_and_the_umasks_permissions(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        files.write_whole(tmp_path / "a.bin", b"\x00one")
    finally:
        os.umask(old)
    assert (tmp_path / "a.bin").read_bytes() == b"\x00one"
    assert stat.S_IMODE((tmp_path / "a.bin").stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["a.bin"]


def test_an_existing_file_is_replaced_and_keeps_its_permissions(tmp_path: Path) -> None:
    target = tmp_path / "a"
    target.write_bytes(b"old")
    target.chmod(0o606)
    files.write_whole(target, b"new")
    assert (target.read_bytes(), stat.S_IMODE(target.stat().st_mode)) == (b"new", 0o606)


@pytest.mark.parametrize("there", [True, False])
def test_nothing_is_written_through_a_link(tmp_path: Path, there: bool) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    link.symlink_to("real")
    if there:
        real.write_bytes(b"old")
    assert code_of(lambda: files.write_whole(link, b"new")) == "GB505"
    assert code_of(lambda: files.write_all({f"{link}/": {"a": b""}})) == "GB505"
    assert link.is_symlink() and (real.read_bytes() == b"old" if there else not real.exists())


def test_no_file_is_written_by_the_path_of_a_folder(tmp_path: Path) -> None:
    assert code_of(lambda: files.write_whole(f"{tmp_path}/d.svg/", b"")) == "GB505"
    assert os.listdir(tmp_path) == []


def test_a_name_as_long_as_the_system_allows(tmp_path: Path) -> None:
    files.write_whole(tmp_path / ("x" * 255), b"")
    assert os.listdir(tmp_path) == ["x" * 255]


def test_what_is_no_plain_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert code_of(lambda: files.write_whole(tmp_path / "pipe", b"")) == "GB505"
    assert code_of(lambda: files.write_whole(tmp_path, b"")) == "GB505"
    assert code_of(lambda: files.write_whole("/dev/null", b"")) == "GB505"
    assert code_of(lambda: files.write_all({"/dev/null": {}})) == "GB505"


def test_a_missing_folder_is_not_made(tmp_path: Path) -> None:
    assert code_of(lambda: files.write_whole(tmp_path / "no" / "a", b"")) == "GB506"
    assert code_of(lambda: files.write_all({tmp_path / "no" / "a": {}})) == "GB506"
    assert os.listdir(tmp_path) == []


def fail(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("call", ["fsync", "replace", "open"])
def test_a_failing_write_leaves_the_old_file_alone(call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"old")
    monkeypatch.setattr(os, call, fail)
    assert code_of(lambda: files.write_whole(tmp_path / "a", b"new")) == "GB506"
    monkeypatch.undo()
    assert (tmp_path / "a").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_an_interrupt_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        files.write_whole(tmp_path / "a", b"new")
    with pytest.raises(KeyboardInterrupt):
        files.write_all({tmp_path / "b": {"x": b""}})
    assert os.listdir(tmp_path) == []


def test_a_folder_is_written_and_written_again(tmp_path: Path) -> None:
    target = tmp_path / "out"
    files.write_all({target: {"a": b"1", "b": b"2"}})
    files.write_all({target: {"a": b"3", "b": b"4", "c": b"5"}})
    assert {path.name: path.read_bytes() for path in target.iterdir()} == {"a": b"3", "b": b"4", "c": b"5"}
    assert os.listdir(tmp_path) == ["out"]


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_bytes(b"precious")
    assert code_of(lambda: files.write_all({tmp_path: {"a": b""}})) == "GB507"
    assert os.listdir(tmp_path) == ["thesis.tex"]


AS_NOBODY = """
import os, sys
from graphbuilder import files
from graphbuilder.diagnostics import CompileError
os.chdir(sys.argv[1])
if os.getuid() == 0:  # who may write anywhere
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
for output in ({"old": b"new"}, {"new": b""}, {"folder": {"a": b""}}):
    try:
        files.write_all(output)
    except CompileError as error:
        print(error.diagnostics[0].code)
"""


def test_who_has_no_rights_in_a_folder_leaves_it_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    tmp_path.chmod(0o555)
    command = [sys.executable, "-c", AS_NOBODY, tmp_path]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)
    tmp_path.chmod(0o755)
    assert (done.stdout.split(), done.stderr) == (["GB506"] * 3, "")
    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [("old", b"old")]


def test_a_read_only_folder_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").mkdir()
    monkeypatch.setattr(os, "access", lambda *_: False)  # to root nothing is read-only
    with pytest.raises(CompileError, match="the folder is read-only"):
        files.write_all({tmp_path / "x": {"a": b"1"}})
    assert list(tmp_path.iterdir()) == [tmp_path / "x"] and not list((tmp_path / "x").iterdir())


def test_a_folder_with_a_folder_by_the_name_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out" / "a").mkdir(parents=True)
    assert code_of(lambda: files.write_all({tmp_path / "out": {"a": b""}})) == "GB507"


def test_a_failing_swap_puts_the_old_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "out"
    files.write_all({target: {"a": b"old"}})
    monkeypatch.setattr(files, "_exchange", lambda *_: False)
    rename = os.rename
    calls: list[object] = []

    def second_fails(source: object, to: object) -> None:
        calls.append(source)
        if len(calls) == 2:
            fail()
        rename(source, to)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "rename", second_fails)
    assert code_of(lambda: files.write_all({target: {"a": b"new"}})) == "GB506"
    assert (target / "a").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["out"]


def stray(path: Path, age: float = 10) -> Path:
    """What a killed run has left: a file, or a folder with one."""
    if path.suffix:
        path = path.with_suffix("")
        path.mkdir()
        (path / "x").write_bytes(b"half")
    else:
        path.write_bytes(b"half")
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def test_what_killed_runs_left_is_swept(tmp_path: Path) -> None:
    stray(tmp_path / ".graphbuilder-0123456789abcdef")
    stray(tmp_path / ".graphbuilder-fedcba9876543210.folder")
    for name in (".graphbuilder-old-0123456789abcdef", ".graphbuilder-notes", "graphbuilder-0123456789abcdef"):
        (tmp_path / name).write_bytes(b"another's")
    files.write_whole(tmp_path / "a", b"new")
    assert sorted(os.listdir(tmp_path)) == [
        ".graphbuilder-notes",
        ".graphbuilder-old-0123456789abcdef",
        "a",
        "graphbuilder-0123456789abcdef",
    ]


def test_what_another_run_builds_is_not_swept(tmp_path: Path) -> None:
    with files._staged(tmp_path / "out", {"x": b"1"}) as put_folder, files._staged(tmp_path / "a", b"2") as put_file:
        for entry in tmp_path.iterdir():
            os.utime(entry, (0, 0))
        files.write_whole(tmp_path / "b", b"3")
        put_folder()
        put_file()
    assert sorted(os.listdir(tmp_path)) == ["a", "b", "out"]


def test_a_link_in_the_place_of_a_stray_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / ".graphbuilder-0123456789abcdef").symlink_to("precious")
    files.write_whole(tmp_path / "a", b"new")
    assert (tmp_path / "precious").is_dir() and (tmp_path / ".graphbuilder-0123456789abcdef").is_symlink()


def test_a_disk_that_fills_up_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    code = f"""
import resource, signal
from graphbuilder import files
from graphbuilder.diagnostics import CompileError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    files.write_whole({str(tmp_path / "a")!r}, bytes(5000))
except CompileError as error:
    print(error.diagnostics[0].code)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "GB506"
    assert (os.listdir(tmp_path), (tmp_path / "a").read_bytes()) == (["a"], b"old")


def test_a_device_that_is_full_is_refused() -> None:
    assert code_of(lambda: files.write_whole("/dev/full", b"x")) == "GB505"
