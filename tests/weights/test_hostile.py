"""Files that lie: cut short, bent, linked elsewhere, or grown out of little. Each ends in a code."""

from __future__ import annotations

import base64
import io
import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save as to_safetensors

from graphbuilder.diagnostics import CompileError
from graphbuilder.importers.keras.files import config_of
from graphbuilder.weights.read import read
from tests.weights.helpers import numbers

ROOT = Path(__file__).parents[2]
CODES = {"GB401", "GB402", "GB403", "GB404", "GB414"}


def hdf5(fill: Callable[[h5py.File], object]) -> bytes:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        fill(file)
    return stream.getvalue()


def plain(file: h5py.File) -> None:
    file["layers/dense/vars/0"] = numbers(4, 5)
    file["layers/dense/vars"].attrs["name"] = "head"


def listed(file: h5py.File) -> None:
    file.attrs["layer_names"] = ["dense"]
    file.create_group("dense").attrs["weight_names"] = ["dense/kernel"]
    file["dense/dense/kernel"] = numbers(4, 5)


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def keras(config: bytes = b"{}", weights: bytes | None = None) -> dict[str, bytes]:
    return {"config.json": config, "model.weights.h5": hdf5(plain) if weights is None else weights}


def torched(state: object, legacy: bool = False) -> bytes:
    stream = io.BytesIO()
    torch.save(state, stream, _use_new_zipfile_serialization=not legacy)
    return stream.getvalue()


STATE = {"a.weight": torch.ones(4, 5), "a.bias": torch.ones(4)}
GOOD = {
    "keras": zipped(keras(b'{"config": {"layers": []}}')),
    "weights.h5": hdf5(plain),
    "h5": hdf5(listed),
    "pth": torched(STATE),
    "legacy.pth": torched(STATE, legacy=True),
    "safetensors": to_safetensors(STATE),
}
# What a process of its own reads takes longer.
APART = {"keras", "weights.h5", "h5"}


def pickled(value: bytes) -> bytes:
    """A list of a thousand times what the ``value`` of a pickle makes."""
    return zipped({"x/version": b"3\n", "x/data.pkl": b"\x80\x02](" + value * 1000 + b"e."})


def outcome(path: Path, data: bytes) -> str:
    """The code that reading everything in ``data`` ends in, or "read"."""
    path.write_bytes(data)
    try:
        with read(path) as checkpoint:
            for stored in checkpoint.tensors.values():
                assert stored.read().shape == stored.shape
    except CompileError as error:
        (diagnostic,) = error.diagnostics
        return diagnostic.code
    return "read"


@pytest.mark.parametrize("kind", GOOD)
def test_whole_files_are_read(tmp_path: Path, kind: str) -> None:
    assert outcome(tmp_path / "w", GOOD[kind]) == "read"


@pytest.mark.parametrize("kind", GOOD)
def test_cut_files_are_refused(tmp_path: Path, kind: str) -> None:
    data = GOOD[kind]
    places = 6 if kind in APART else 40
    for length in (0, 1, 4, 8, 9, 16, *range(32, len(data) - 1, max(1, len(data) // places)), len(data) - 1):
        assert outcome(tmp_path / "w", data[:length]) in CODES, length


@pytest.mark.parametrize("kind", GOOD)
def test_bent_files_are_read_or_refused(tmp_path: Path, kind: str) -> None:
    @settings(max_examples=8 if kind in APART else 60, deadline=None, database=None)
    @given(data=st.data())
    def bend(data: st.DataObject) -> None:
        bent = bytearray(GOOD[kind])
        for _ in range(data.draw(st.integers(1, 4))):
            bent[data.draw(st.integers(0, len(bent) - 1))] = data.draw(st.integers(0, 255))
        assert outcome(tmp_path / "w", bytes(bent)) in CODES | {"read"}

    bend()


def external(file: h5py.File) -> None:
    file["layers/a"] = h5py.ExternalLink("/etc/passwd", "/")


def soft(file: h5py.File) -> None:
    plain(file)
    file["layers/b"] = h5py.SoftLink("/layers/dense")


def circle(file: h5py.File) -> None:
    plain(file)
    file["layers/dense/again"] = file["layers"]


def rooted(file: h5py.File) -> None:
    plain(file)
    file["layers/dense/again"] = file["/"]


def crossed(file: h5py.File) -> None:
    """Two groups, each of which is in the other as well."""
    plain(file)
    file["a/b"], file["c/d"] = file["layers"], file["layers/dense"]
    file["a/to"], file["c/to"] = file["c"], file["a"]


def deep(file: h5py.File) -> None:
    file["/".join("a" * 100)] = numbers(1)


def elsewhere(file: h5py.File) -> None:
    file.create_dataset("a", (4,), "f4", external=[("/etc/hostname", 0, 16)])


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("/etc/other.h5", "a", (4,))
    file.create_virtual_dataset("a", layout)


def filtered(file: h5py.File) -> None:
    file.create_dataset("a", data=numbers(64), compression="gzip")


def huge(file: h5py.File) -> None:
    file.create_dataset("layers/dense/vars/0", (1 << 20, 1 << 20), "f4")


def sparse(file: h5py.File) -> None:
    file.create_dataset("a", (1 << 30, 1 << 10), "f4", chunks=(1, 64))


def numbered(file: h5py.File) -> None:
    plain(file)
    lists = np.empty(1, object)
    lists[0] = numbers(3)
    file["layers/dense/vars"].attrs.create("name", lists, dtype=h5py.vlen_dtype(np.float32))


@pytest.mark.parametrize(
    ("fill", "code"),
    [
        (external, "GB403"),
        (soft, "GB403"),
        (circle, "GB403"),
        (rooted, "GB403"),
        (crossed, "GB403"),
        (deep, "GB403"),
        (elsewhere, "GB403"),
        (virtual, "GB403"),
        (filtered, "GB403"),
        (huge, "GB404"),
        (sparse, "GB404"),
        (numbered, "GB402"),
    ],
)
@pytest.mark.parametrize("archived", [False, True])
def test_what_hdf5_can_do_besides(
    tmp_path: Path, fill: Callable[[h5py.File], object], code: str, archived: bool
) -> None:
    data = zipped(keras(weights=hdf5(fill))) if archived else hdf5(fill)
    assert outcome(tmp_path / "w", data) == code


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (zipped(keras(), zipfile.ZIP_DEFLATED), "GB403"),
        (zipped({"config.json": b"{}"}), "GB402"),
        (zipped(keras(config=b"{")), "GB402"),
        (zipped(keras(config=b"[" * 100_000)), "GB402"),
        (zipped(keras(config=b"\xff")), "GB402"),
        (zipped(keras(weights=b"no HDF5")), "GB402"),
        (zipped(keras(config=b"[]")), "read"),
        (zipped(keras(config=b'{"config": [], "class_name": 3}')), "read"),
        (zipped(keras(config=b'{"config": {"layers": [3, {"config": "x"}]}}')), "read"),
        (zipped({"a": b"b"}), "GB402"),
        (zipped({"x/data.pkl": b"0" * 100_000}, zipfile.ZIP_DEFLATED), "GB403"),
        (b"PK\x03\x04" + bytes(100), "GB402"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "GB402"),
        (b"\x80\x02" + bytes(100), "GB402"),
        (struct.pack("<Q", 2) + b"{}", "read"),
        (
            struct.pack("<Q", 90)
            + b'{"a":{"dtype":"F32","shape":[9999999999],"data_offsets":[0,4]}}'.ljust(90)
            + b"0000",
            "GB402",
        ),
        (torched({"a": torch.ones(1).expand(1 << 40)}), "GB404"),
        (torched({"a": torch.ones(2, 2).to_sparse()}), "GB403"),
        (torched({"a": 3}), "GB401"),
        (torched(3), "GB401"),
        (torched(torch.ones(1)), "GB401"),
        (pickled(b"c__builtin__\nbytearray\nK\x09\x85R"), "GB403"),
        (pickled(b"c_codecs\nencode\nX\x01\x00\x00\x00aX\x06\x00\x00\x00latin1\x86R"), "GB403"),
        (zipped(keras(b"[" + b"[]," * 3_000_000 + b"1]")), "GB403"),
        (struct.pack("<Q", 20_000_000) + b"{}".ljust(20_000_000), "GB414"),
    ],
)
def test_what_archives_and_pickles_can_do(tmp_path: Path, data: bytes, code: str) -> None:
    assert outcome(tmp_path / "w", data) == code


READ = """
import json, sys
from graphbuilder.weights import hdf5_apart
path, size = sys.argv[1], int(sys.argv[2])
hdf5_apart._limit(10)
answer, _ = hdf5_apart._answer(path, 0, size)
with open("/proc/self/status", encoding="ascii") as file:
    (most,) = (int(line.split()[1]) for line in file if line.startswith("VmHWM"))
print(json.dumps([answer, most]))
"""


def test_a_text_without_end_is_not_read_whole(tmp_path: Path) -> None:
    """How long it is HDF5 tells of the whole of it alone: 80 MiB would be held two or three times."""
    path = tmp_path / "w.h5"
    with h5py.File(path, "w") as file:
        plain(file)
        file.attrs.create("model_config", "x" * (80 << 20), dtype=h5py.string_dtype())
    command = [sys.executable, "-c", READ, str(path), str(path.stat().st_size)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    answer, kibibytes = json.loads(done.stdout)
    assert answer["refused"][0] == "GB403" and "larger than 8 MiB" in answer["refused"][1]
    assert kibibytes >> 10 < 130


class Touch:
    """A pickle that makes a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("legacy", [False, True])
def test_a_pickle_never_runs(tmp_path: Path, legacy: bool) -> None:
    data = torched({"a": Touch(tmp_path / "made")}, legacy)
    assert outcome(tmp_path / "w", data) == "GB403"
    assert not (tmp_path / "made").exists()


def test_a_table_in_itself_and_one_that_doubles(tmp_path: Path) -> None:
    state: dict[str, object] = {"a.weight": torch.ones(1)}
    state["again"] = state
    laughs: list[object] = [torch.ones(1)]
    for _ in range(60):
        laughs = [laughs, laughs]
    assert outcome(tmp_path / "w", torched({**state, "laughs": laughs})) == "read"


def test_a_plain_pickle_is_no_weights_file(tmp_path: Path) -> None:
    data = pickle.dumps({"a": np.ones(2)})
    assert outcome(tmp_path / "w", data) in CODES


class _Runs:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return eval, ("1 / 0",)


def test_a_plain_pickle_is_refused_in_our_words(tmp_path: Path) -> None:
    path = tmp_path / "evil.pt"
    path.write_bytes(pickle.dumps(_Runs()))
    with pytest.raises(CompileError, match="GB403") as caught:
        read(path)
    assert "weights_only" not in str(caught.value)


def test_safetensors_cut_inside_the_header(tmp_path: Path) -> None:
    for name, data in (("a.safetensors", b"\x05\x00"), ("b.pt", (500).to_bytes(8, "little") + b'{"a":')):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(CompileError, match="GB402"):
            read(tmp_path / name)


def diamonds(file: h5py.File) -> None:
    """Each group has the next one twice, so that there are 2^40 ways."""
    group = file.create_group("g0")
    for _ in range(40):
        below = group.create_group("a")
        group["b"] = below
        group = below


def unwritten(file: h5py.File) -> None:
    """Small by itself, and large as often as it is there: numbers that are nowhere in the file."""
    for number in range(200):
        file.create_dataset(f"a{number}", (512,), "f4", chunks=(512,))


def notes(file: h5py.File) -> None:
    file["layers/dense/vars/0"] = numbers(4, 5)
    file["layers/dense/vars/1"] = ["a", "text"]


@pytest.mark.parametrize(("fill", "code"), [(diamonds, "GB403"), (unwritten, "GB404"), (notes, "GB403")])
def test_what_grows_out_of_little_in_hdf5(tmp_path: Path, fill: Callable[[h5py.File], object], code: str) -> None:
    assert outcome(tmp_path / "w", hdf5(fill)) == code


# Two addresses in it are others', and HDF5's library walks from one to the other for ever.
ENDLESS = zlib.decompress(
    base64.b64decode(
        "eNrtl7FPwkAUxu9awKYqFmOCutg4OfIfWCJoByONOjjShCYOSowkRic74sbI6Mjo6OjI6OjI6Ojohu/oK3CHRFRMNL5f+PJyvccV7l6/3t24"
        "he15c9VkAsNgCWaxYbqIsy634/4yRo6xjrGlxdd5r28Zr2dwfDXvcL9YFNldhfg+zkwUDUb8R9xi3hPxCNtxlbY1Oe/EvwrOa4N6dL95X86S"
        "0Vg8bm9EUYsuJDAviVFt61D5IjNjr2GfzbIGy17384xev6ZFAxr4pOg8h0N5yi+6/AWrEW6KRxI+oBB0C3oAdUAsD6sDskE5kAPyQGXQGSgE"
        "1UENUDM/zh9a+O/bqcn8wZ0lfyB/GPWH55ScVwmqtYBNzx8O9koFUcFx3YUJ+X2o1jExzmff94E7nNhHczIf8BbIB8gHRn3gxZTzLnyxS/g5"
        "H6gbsg+odUyM8wFd8gELV7CTkc8bH/lA0yIfIB8Y9YHXtJyXU86v0/aBxpw8/j22n9K0Rp+ZR1unOfkK8T5Krbs5cXzD8+0SzHLVPxXbYrbC"
        "ee8bVr9mDal+xXbWWRzU9M5WaZcPPWBcOQcfB35l+Pd06P1HEARBEARBEARBEH+ONz3qlJE="
    )
)


def test_what_hdf5_is_not_through_with_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphbuilder.weights.hdf5.SECONDS", 1)
    (tmp_path / "w.h5").write_bytes(ENDLESS)
    with pytest.raises(CompileError, match=r"GB402.*not through in 1 s"):
        read(tmp_path / "w.h5")


@pytest.mark.parametrize("flag", [0x01, 0x20, 0x40])
def test_a_member_that_is_not_stored_as_it_is_is_refused(flag: int, tmp_path: Path) -> None:
    data = bytearray(zipped(keras(config=b'{"class_name": "Functional"}')))
    data[data.find(b"PK\x01\x02") + 8] |= flag
    (tmp_path / "w.keras").write_bytes(data)
    for reader, code in ((read, "GB403"), (config_of, "GB802")):
        with pytest.raises(CompileError, match=rf"{code}.*\n?.*compressed or encrypted"):
            reader(tmp_path / "w.keras")


def test_a_config_that_ends_early_is_refused(tmp_path: Path) -> None:
    data = bytearray(zipped(keras()))
    at = data.find(b"PK\x01\x02") + 20
    data[at : at + 8] = struct.pack("<LL", 1 << 20, 1 << 20)
    (tmp_path / "w.keras").write_bytes(data)
    for reader, code in ((read, "GB402"), (config_of, "GB802")):
        with pytest.raises(CompileError, match=code):
            reader(tmp_path / "w.keras")


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9])
def test_what_is_wrong_with_hdf5_is_told_in_words_of_ours(kept: float, tmp_path: Path) -> None:
    data = hdf5(plain)
    (tmp_path / "w.h5").write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(CompileError) as caught:
        read(tmp_path / "w.h5")
    (found,) = caught.value.diagnostics
    assert found.message == f"{tmp_path / 'w.h5'} is damaged: it ends early, or bytes of it are wrong"
    assert found.help == "fetch or save the file again"
