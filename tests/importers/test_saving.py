"""What is written of an imported model is written whole, and a folder of mappings is left only where it holds one."""

from __future__ import annotations

import resource
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

import pytest
from torch import nn

from graphbuilder.cli.entry import run
from graphbuilder.diagnostics import CompileError
from graphbuilder.files import temporary
from graphbuilder.importers.saving import save


class Model:
    name, source, text, mapping = "net", "torch", "format = 1\n", "format = 1\n"

    def weights(self) -> None:
        return None


def refused(spec: Path) -> str:
    with pytest.raises(CompileError) as raised:
        save(Model(), [str(spec)])
    (found,) = raised.value.diagnostics
    return found.message


def test_a_mapping_lies_in_a_folder_of_its_own(tmp_path: Path) -> None:
    spec, mapping = tmp_path / "net.toml", tmp_path / "weights" / "net.torch.toml"
    assert save(Model(), [str(spec)]) == [spec, mapping]
    assert save(Model(), [str(spec)]) == [spec, mapping] and mapping.read_text() == Model.mapping


def test_no_folder_is_left_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "net.toml").mkdir()
    assert refused(tmp_path / "net.toml").endswith("is a folder, not a file")
    assert [each.name for each in tmp_path.iterdir()] == ["net.toml"]
    assert refused(tmp_path / "none" / "net.toml").endswith("no such file or directory")
    assert not (tmp_path / "none").exists()


def test_a_folder_that_was_there_stays(tmp_path: Path) -> None:
    (tmp_path / "net.toml").mkdir()
    (tmp_path / "weights").mkdir()
    refused(tmp_path / "net.toml")
    assert (tmp_path / "weights").is_dir()


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "weights").write_text("mine")
    assert refused(tmp_path / "net.toml").startswith("cannot write ")
    assert [each.read_text() for each in tmp_path.iterdir()] == ["mine"]


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object, **__: object) -> NoReturn:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", denied)
    assert refused(tmp_path / "net.toml").startswith("cannot write ")
    assert not list(tmp_path.iterdir())


def wide() -> nn.Module:
    return nn.Linear(64, 64)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # what torch.export does inside is torch's own affair
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_temporary_files_without_room_are_told_by_their_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    places = tmp_path / "temporary"
    places.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(places))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # it would be cut off, and found by all that come later
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, before[1]))
    try:
        code = run(["import", f"{__name__}:wide", "--input", "64", "-o", str(tmp_path / "net.toml")])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    told = " ".join(capsys.readouterr().err.split())
    assert code == 2 and "GB506" in told and f"cannot write temporary files to {places}: file too large" in told, told
    assert [*tmp_path.iterdir()] == [places] and not [*places.glob("graphbuilder-*")]


def test_no_folder_for_temporary_files_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", list[str])
    with pytest.raises(CompileError) as raised, temporary({}):
        pass
    (found,) = raised.value.diagnostics
    assert found.code == "GB506" and found.message.startswith("cannot write temporary files to any folder: no usable")
