"""Archives that two libraries may read as two, of which the checks would see one and torch the other."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from graphbuilder.diagnostics import CompileError
from graphbuilder.weights import archives
from graphbuilder.weights.read import read

STATE = {"a.weight": torch.ones(4, 5)}
# An end as it stands behind a list of members: its mark alone, and a whole one of an archive without any.
MARK = b"PK\x05\x06"
EMPTY = MARK + bytes(18)


def saved() -> bytes:
    stream = io.BytesIO()
    torch.save(STATE, stream)
    return stream.getvalue()


def packed(comment: bytes = b"", compression: int = zipfile.ZIP_STORED, order: bytes = b"little") -> bytes:
    """The same tensors by Python's library, with one of the members that torch looks at changed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved())) as source, zipfile.ZipFile(stream, "w", compression) as archive:
        for member in source.infolist():
            data = order if member.filename.endswith("byteorder") else source.read(member)
            archive.writestr(member.filename, data)
        archive.comment = comment
    return stream.getvalue()


def listed(data: bytes) -> tuple[int, int]:
    """Where the list of members starts in what Python's library wrote, and where it ends."""
    end = data.rindex(MARK)
    return int.from_bytes(data[end + 16 : end + 20], "little"), end


def two_lists() -> bytes:
    """Where the end says it starts, torch's list, compressed; just ahead of the end, where Python's looks, a plain
    one."""
    whole = packed(compression=zipfile.ZIP_DEFLATED)
    start, end = listed(whole)
    plain = packed()
    first, last = listed(plain)
    return whole[:end] + bytes(last - first - (end - start)) + plain[first:last] + whole[end:]


def swollen() -> bytes:
    """A member that is stored, and says that it is longer than that by one."""
    data = bytearray(packed())
    start, _ = listed(bytes(data))
    data[start + 24 : start + 28] = (int.from_bytes(data[start + 24 : start + 28], "little") + 1).to_bytes(4, "little")
    return bytes(data)


def shared() -> bytes:
    """All members at the place of the first, so that they hold more together than the file."""
    data = bytearray(packed(order=bytes(5_000)))
    start, end = listed(bytes(data))
    names = [at for at in range(start, end) if data[at : at + 4] == b"PK\x01\x02"]
    longest = max(names, key=lambda at: int.from_bytes(data[at + 20 : at + 24], "little"))
    for at in names:
        data[at + 20 : at + 28], data[at + 42 : at + 46] = (
            data[longest + 20 : longest + 28],
            data[longest + 42 : longest + 46],
        )
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        packed(MARK),
        packed(MARK, zipfile.ZIP_DEFLATED),
        packed(EMPTY),
        packed(b"a comment"),
        saved() + b" ",
        two_lists(),
        swollen(),
        shared(),
    ],
    ids=["mark", "mark_compressed", "end", "comment", "behind", "two_lists", "swollen", "shared"],
)
def test_what_may_be_read_as_another_is_refused(data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    monkeypatch.setattr("torch._C.PyTorchFileReader", opened.append)
    (tmp_path / "w.pt").write_bytes(data)
    with pytest.raises(CompileError, match=r"GB40[23]"):
        read(tmp_path / "w.pt")
    assert not opened


@pytest.mark.parametrize("write", [saved, packed])
def test_what_ends_plainly_is_read(write: Callable[[], bytes], tmp_path: Path) -> None:
    (tmp_path / "w.pt").write_bytes(write())
    with read(tmp_path / "w.pt") as checkpoint:
        assert checkpoint.tensors["a.weight"].read().tolist() == STATE["a.weight"].tolist()


def test_a_record_of_large_archives_stands_where_it_is_said_to() -> None:
    whole = saved()
    assert archives.ends_plainly(io.BytesIO(whole), len(whole))
    at = len(whole) - 22 - 20 + 8
    moved = whole[:at] + bytes(8) + whole[at + 8 :]
    assert not archives.ends_plainly(io.BytesIO(moved), len(moved))


@pytest.mark.parametrize("size", [0, 21, 22, 90])
def test_what_is_short_ends_nowhere(size: int) -> None:
    assert not archives.ends_plainly(io.BytesIO(bytes(size)), size)
