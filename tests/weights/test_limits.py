"""How many tensors a weights file may hold, how long their names may be, and what is said of a damaged one."""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import pytest

from graphbuilder.diagnostics import CompileError
from graphbuilder.importers.keras.files import config_of
from graphbuilder.weights import archives, torch_pickles
from graphbuilder.weights.read import read

EMPTY = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}


def written(path: Path, header: dict[str, Any], data: bytes = b"") -> Path:
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(CompileError) as caught:
        read(path)
    return str(caught.value)


@pytest.mark.parametrize("header", [{f"t{number}": EMPTY for number in range(100_001)}, {"x" * 3_000_000: EMPTY}])
def test_more_than_anyone_reads_is_refused_and_not_echoed(header: dict[str, Any], tmp_path: Path) -> None:
    told = refusal(written(tmp_path / "w.safetensors", header))
    assert "GB414" in told and len(told) < 1000


def test_more_axes_than_anything_has_are_refused(tmp_path: Path) -> None:
    told = refusal(written(tmp_path / "w.safetensors", {"a": {**EMPTY, "shape": [0] * 100_000}}))
    assert "GB414" in told and "100,000 axes" in told and len(told) < 1000


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":{"dtype":"F32","shape":[' + b"0," * 2_000_000 + b'0],"data_offsets":[0,0]}}',
        b'{"__metadata__":{' + b",".join(b'"k%d": "v"' % number for number in range(200_000)) + b"}}",
    ],
)
def test_headers_of_very_many_numbers_and_texts_are_not_given_to_the_library(
    text: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("safetensors.safe_open", None)
    (tmp_path / "w.safetensors").write_bytes(struct.pack("<Q", len(text)) + text)
    told = refusal(tmp_path / "w.safetensors")
    assert "GB414" in told and "far more names and numbers" in told and "help: " in told


@pytest.mark.parametrize("first", ["config.json", "x/data.pkl"])
def test_archives_of_very_many_members_are_refused(first: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_LONGEST", 5_000)
    with zipfile.ZipFile(tmp_path / "w", "w") as archive:
        archive.writestr(first, b"{}")
        for number in range(100):
            archive.writestr(f"x/data/{number}", b"")
    assert "GB414" in refusal(tmp_path / "w") and "lists members" in refusal(tmp_path / "w")
    with pytest.raises(CompileError, match="GB414"):
        config_of(tmp_path / "w")


def test_a_torch_file_of_very_many_tensors_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_pickles, "_TENSORS", 30)
    with zipfile.ZipFile(tmp_path / "w", "w") as archive:
        archive.writestr("x/data.pkl", b"\x80\x02}.")
        for number in range(31):
            archive.writestr(f"x/data/{number}", b"")
    assert "GB414" in refusal(tmp_path / "w") and "more than 30 tensors" in refusal(tmp_path / "w")


@pytest.mark.parametrize("suffix", [".json", ".keras"])
def test_a_config_of_very_many_brackets_is_not_imported(suffix: str, tmp_path: Path) -> None:
    text = b'{"class_name": "Functional", "config": [' + b"[]," * (2 << 20) + b"1]}"
    path = tmp_path / f"w{suffix}"
    path.write_bytes(text)
    if suffix == ".keras":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("config.json", text)
    with pytest.raises(CompileError, match=r"GB802.*larger than 4 MiB"):
        config_of(path)


def test_hdf5_of_very_many_groups_is_given_up(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "w.h5", "w", libver="latest") as file:
        group = file.create_group("layers")
        for number in range(30_000):
            group.attrs[f"a{number}"] = 0
    told = refusal(tmp_path / "w.h5")
    assert "GB414" in told and "30,000" in told


def test_one_name_stands_for_one_tensor(tmp_path: Path) -> None:
    """Readers differ in which of two they take; here the two fill the file one by one and both."""
    one = '"a":{"dtype":"F32","shape":[%s],"data_offsets":[0,%s]}'
    text = ("{" + one % (1, 4) + "," + one % (20, 80) + "}").encode()
    (tmp_path / "w.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + bytes(80))
    assert "GB402" in refusal(tmp_path / "w.safetensors")


def long_path(file: h5py.File) -> None:
    group = file
    for _ in range(50):
        group = group.create_group("k" * 6000)


def long_text(file: h5py.File) -> None:
    file.attrs["model_config"] = "x" * (9 << 20)


@pytest.mark.parametrize(("fill", "told"), [(long_path, "a path of more than 1,000"), (long_text, "than 8 MiB")])
def test_hdf5_of_long_texts_is_refused(fill: Callable[[h5py.File], None], told: str, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "w.h5", "w", libver="latest") as file:
        fill(file)
    found = refusal(tmp_path / "w.h5")
    assert told in found and len(found) < 1000


@pytest.mark.parametrize("shape", [[-1, 4], [8]])
def test_a_file_is_told_by_what_it_should_be(shape: list[int], tmp_path: Path) -> None:
    one = {"dtype": "F32", "shape": shape, "data_offsets": [0, 16]}
    told = refusal(written(tmp_path / "w.safetensors", {"a": one}, bytes(16)))
    assert "GB402" in told and "not what safetensors writes" in told


def test_no_words_of_libraries_about_themselves(tmp_path: Path) -> None:
    pickled, deep = tmp_path / "n.pth", tmp_path / "k.keras"
    with zipfile.ZipFile(pickled, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x04\x8e" + struct.pack("<Q", 2**60) + b".")
        archive.writestr("archive/version", "3\n")
    with zipfile.ZipFile(deep, "w") as archive:
        archive.writestr("config.json", "[" * 500_000)
        archive.writestr("model.weights.h5", b"")
    assert "operand" not in refusal(pickled) and "nested too deep" in refusal(deep)
