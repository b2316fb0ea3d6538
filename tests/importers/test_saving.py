"""What is written of an imported model is written whole, and a folder of mappings is left only where it holds one."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import pytest

from graphbuilder.diagnostics import CompileError
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
