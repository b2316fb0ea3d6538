"""A file that cannot be read as text is one coded error."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from graphbuilder.diagnostics import CompileError, Diagnostic
from graphbuilder.document import load, parse
from graphbuilder.document.reading import MAX_BYTES

NO_NEIGHBOUR = "see that the path is right, from this folder"


def fault(path: str | Path, max_bytes: int = MAX_BYTES) -> Diagnostic:
    """The one error that loading ``path`` raises."""
    with pytest.raises(CompileError) as raised:
        load(path, max_bytes=max_bytes)
    (diagnostic,) = raised.value.diagnostics
    return diagnostic


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b"name = 'x'\r\n")
    document = load(path)
    assert (document.data, document.source.path) == ({"name": "x"}, str(path))


def test_a_missing_file_names_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "xception.toml").touch()
    found = fault(tmp_path / "xcption.toml")
    assert (found.code, found.help) == ("GB001", f"did you mean {tmp_path / 'xception.toml'}?")


def test_a_shared_suffix_makes_no_neighbour(tmp_path: Path) -> None:
    for name in ("e9.toml", "other.toml"):
        (tmp_path / name).touch()
    assert fault(tmp_path / "none.toml").help == NO_NEIGHBOUR
    assert fault(tmp_path / "othre.tml").help == f"did you mean {tmp_path / 'other.toml'}?"


@pytest.mark.parametrize("name", ["no/such/folder.toml", "a.toml/below.toml"])
def test_a_missing_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.toml").touch()
    found = fault(tmp_path / name)
    assert (found.code, found.help) == ("GB001", NO_NEIGHBOUR)


def test_a_folder(tmp_path: Path) -> None:
    assert fault(tmp_path).code == "GB002"


@pytest.mark.parametrize("name", ["a\0b", "a" * 5000])
def test_a_name_that_the_system_refuses(name: str) -> None:
    assert fault(name).code == "GB003"


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.toml").touch()
    monkeypatch.setattr(Path, "open", refuse)
    found = fault(tmp_path / "a.toml")
    assert (found.code, found.message) == ("GB003", f"cannot read {tmp_path / 'a.toml'}: Permission denied")


@pytest.mark.parametrize(
    ("data", "place", "message", "help"),
    [
        (b'a = 1\nb = "\xc3\xa9\xff"', "2:7", "byte 0xff at offset 13 is not UTF-8", "another encoding"),
        ("a = 1".encode("utf-16"), "1:1", "byte 0xff at offset 0 is not UTF-8", "UTF-16"),
        (b'a = "\xed\xa0\x80"', "1:6", "byte 0xed at offset 5 is not UTF-8", "another encoding"),
        (b'a = "\xe2\x82', "1:6", "byte 0xe2 at offset 5 is not UTF-8", "another encoding"),
    ],
)
def test_the_first_byte_that_is_not_utf8(tmp_path: Path, data: bytes, place: str, message: str, help: str) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(data)
    found = fault(path)
    assert (found.code, str(found.span), found.message) == ("GB004", f"{path}:{place}", message)
    assert help in (found.help or "")


def test_a_large_file_is_not_read_on(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b"#" * 1025)
    assert fault(path, max_bytes=1024).message == f"{path} is larger than 1 KiB"
    assert load(path, max_bytes=1025).data == {}


def test_what_may_never_begin_or_end_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, kind in ((tmp_path / "pipe", "a pipe"), (Path("/dev/zero"), "a device")):
        found = fault(path)
        assert (found.code, found.message) == ("GB003", f"cannot read {path}: it is {kind}, not a file")


def test_a_link_out_of_its_folder_is_not_read(tmp_path: Path) -> None:
    """Whoever checks all specs of a change has not named what its links lead to."""
    (tmp_path / "secret").write_text("token = hunter2")
    (tmp_path / "specs" / "more").mkdir(parents=True)
    (tmp_path / "specs" / "more" / "a.toml").write_text("a = 1")
    (tmp_path / "specs" / "out.toml").symlink_to("../secret")
    (tmp_path / "specs" / "environ.toml").symlink_to("/proc/self/environ")
    (tmp_path / "specs" / "in.toml").symlink_to("more/a.toml")
    for name in ("out.toml", "environ.toml"):
        found = fault(tmp_path / "specs" / name)
        assert found.code == "GB003" and "it is a link that leads out of its folder" in found.message
        assert "hunter2" not in str(found)
    (tmp_path / "folder").symlink_to("specs")
    assert load(tmp_path / "specs" / "in.toml").data == load(tmp_path / "folder" / "in.toml").data == {"a": 1}


def test_a_stream_that_the_shell_has_opened_is_read() -> None:
    end, start = os.pipe()
    os.write(start, b"name = 'x'")
    os.close(start)
    assert load(f"/dev/fd/{end}").data == {"name": "x"}
    os.close(end)


def test_a_large_text_counts_bytes() -> None:
    with pytest.raises(CompileError):
        parse("#é", "a.toml", max_bytes=2)
    assert parse("#é", "a.toml", max_bytes=3).data == {}


@pytest.mark.parametrize(
    ("text", "at"), [('a = "\ud800"', "s:1:6"), ("a = 1\r\n# \udfff", "s:2:3"), ("\ud83d = 064", "s:1:1")]
)
def test_half_a_character_is_refused(text: str, at: str) -> None:
    with pytest.raises(CompileError) as raised:
        parse(text, "s")
    (found,) = raised.value.diagnostics
    assert (found.code, str(found.span), found.help) == ("GB004", at, "delete it")
