"""Every hostile weights file ends the command in a code, within seconds and little memory, and reaches nothing.

For the command these are 2 s of processor time, on a slower machine as much longer as plain arithmetic takes there, and
256 MiB over what the imports take; for the process that reads HDF5 those that it sets itself.
"""

from __future__ import annotations

import pickle
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import torch

from tests.hostile.asking import ROOT, asking
from tests.hostile.test_specs import STEERING
from tests.weights import test_hostile as made
from tests.weights import test_pickles as asked

SPEC = (
    'format = 1\nname = "x"\n[inputs]\nx = [5]\n[model]\nbody = [{ id = "a", op = "linear", out = 4, bias = false }]\n'
)


class Runs:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("open('ran', 'w').close()",)


def header(text: str, length: int | None = None, data: bytes = b"0" * 80) -> bytes:
    """A safetensors file."""
    return struct.pack("<Q", len(text) if length is None else length) + text.encode() + data


def tensor(name: str, begin: int, end: int, shape: str = "[4, 5]") -> str:
    return f'"{name}":{{"dtype":"F32","shape":{shape},"data_offsets":[{begin},{end}]}}'


CASES: Mapping[str, bytes] = {
    "empty": b"",
    "text": b"weights = 1\n",
    "a_header_longer_than_the_file": header("{}", 1 << 40),
    "a_header_of_almost_all": header("{" + " " * 1000, 100_000_000),
    "a_header_of_brackets": header('{"a":' + "[" * 50_000),
    "overlapping_tensors": header("{" + tensor("a.weight", 0, 80) + "," + tensor("b", 40, 120) + "}"),
    "offsets_that_turn_back": header("{" + tensor("a.weight", 80, 0) + "}"),
    "offsets_beyond_the_end": header("{" + tensor("a.weight", 0, 1 << 50) + "}"),
    "a_shape_that_overflows": header("{" + tensor("a.weight", 0, 80, f"[{1 << 62}, 16]") + "}"),
    "a_negative_shape": header("{" + tensor("a.weight", 0, 80, "[-4, -5]") + "}"),
    "names_that_steer": header("{" + tensor("\\u001b]0;owned\\u0007\\u202e", 0, 80) + "}"),
    "a_pickle_that_runs": pickle.dumps(Runs()),
    "a_pickle_of_torch_that_runs": made.torched({"a.weight": Runs()}),
    "an_older_one_that_runs": made.torched({"a.weight": Runs()}, legacy=True),
    "a_tar_of_torch": b"sys_info\0".ljust(257, b"\0") + b"ustar\x0000" + bytes(500),
    "a_pickle_of_a_large_array": b"\x80\x02c__builtin__\nbytearray\n\x8a\x06"
    + (10**13).to_bytes(6, "little")
    + b"\x85R.",
    "a_stretched_tensor": made.torched({"a.weight": torch.ones(1).expand(1 << 40)}),
    "no_tensors": made.torched({"a.weight": 3}),
    "sparse": made.torched({"a.weight": torch.ones(4, 5).to_sparse()}),
    "half_a_pickle": made.torched(made.STATE)[:700],
    "a_zip_of_nothing": made.zipped({}),
    "a_bomb": made.zipped({"x/data.pkl": bytes(50 << 20)}, zipfile.ZIP_DEFLATED),
    "a_keras_bomb": made.zipped(made.keras(bytes(50 << 20)), zipfile.ZIP_DEFLATED),
    "a_keras_config_of_brackets": made.zipped(made.keras(b"[" * 1_000_000)),
    "a_keras_path_outside": made.zipped({"../../ran": b"x", **made.keras(weights=b"no")}),
    "a_keras_archive_without_weights": made.zipped({"config.json": b"{}"}),
    "half_a_keras_archive": made.GOOD["keras"][:1500],
    **{f"pickle_of_{name}": asked.archived(data) for name, (data, _) in asked.COSTLY.items() if data[:2] != b"PK"},
    "very_many_unused": header("{" + ",".join(tensor(f"n{each}.x", 0, 0, "[0]") for each in range(20_000)) + "}"),
    "very_many_axes": header("{" + tensor("a.weight", 0, 0, f"[{'0,' * 2_000_000}0]") + "}"),
    "hdf5_external_link": made.hdf5(made.external),
    "hdf5_soft_link": made.hdf5(made.soft),
    "hdf5_circle": made.hdf5(made.circle),
    "hdf5_doubling": made.hdf5(made.diamonds),
    "hdf5_deep": made.hdf5(made.deep),
    "hdf5_kept_elsewhere": made.hdf5(made.elsewhere),
    "hdf5_virtual": made.hdf5(made.virtual),
    "hdf5_compressed": made.hdf5(made.filtered),
    "hdf5_petabytes": made.hdf5(made.huge),
    "hdf5_petabytes_in_chunks": made.hdf5(made.sparse),
    "hdf5_much_that_is_nowhere": made.hdf5(made.unwritten),
    "hdf5_lists_of_numbers": made.hdf5(made.numbered),
    "half_of_hdf5": made.GOOD["h5"][:900],
    "hdf5_of_nothing": b"\x89HDF\r\n\x1a\n" + bytes(5000),
}


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], dict[str, Any]]]:
    """What reads the file of a case, all of them in one process that forks for each."""
    folder = tmp_path_factory.mktemp("weights")
    (folder / "spec.toml").write_text(SPEC)

    def answer(name: str) -> dict[str, Any]:
        (folder / f"{name}.weights").write_bytes(CASES[name])
        return {**ask(f"{name}.weights"), "ran": (folder / "ran").exists() or (ROOT / "ran").exists()}

    with asking("tests.hostile.weights_child", str(folder)) as ask:
        yield answer


@pytest.mark.parametrize("name", CASES)
def test_it_ends_in_a_code_and_reaches_nothing(read: Callable[[str], dict[str, Any]], name: str) -> None:
    answer = read(name)
    assert answer["exit"] == 2, answer["output"][-2000:]
    assert "error[GB4" in answer["output"] and "Traceback" not in answer["output"]
    assert answer["seen"] == [] and not answer["ran"]
    assert answer["seconds"] < answer["most"]
    assert not STEERING.search(answer["output"]), answer["output"]
    assert "root:" not in answer["output"] and len(answer["output"]) < 10_000


def test_there_are_many() -> None:
    assert len(CASES) >= 25
