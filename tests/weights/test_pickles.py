"""Pickles that ask torch's reader for much more than they hold, and those that only look as if they did."""

from __future__ import annotations

import io
import struct
import sys
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from torch import nn

from graphbuilder.diagnostics import CompileError
from graphbuilder.weights.read import read
from tests.weights.test_hostile import outcome, torched, zipped

TABLE = b"ccollections\nOrderedDict\n"
TWICE = b"\x86q\x01h\x01h\x01"
NUMBERS = b"](" + b"".join(b"J" + struct.pack("<i", each) for each in range(3000)) + b"e"
PAIRS = b"](" + b"".join(b"J" + struct.pack("<i", each) + b"N\x86" for each in range(2000)) + b"e"


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def pickled(*instructions: bytes) -> bytes:
    return b"\x80\x02" + b"".join(instructions) + b"."


def stored(key: str, count: int) -> bytes:
    return (
        b"("
        + text("storage")
        + b"ctorch\nFloatStorage\n"
        + text(key)
        + text("cpu")
        + b"J"
        + struct.pack("<i", count)
        + b"tQ"
    )


def archived(code: bytes, **storages: bytes) -> bytes:
    members = {f"x/data/{key}": data for key, data in storages.items()}
    return zipped({"x/version": b"3\n", "x/byteorder": b"little", "x/data.pkl": code, **members})


def tables(count: int) -> bytes:
    """A table of tables that all hold the same list of numbers and nothing else."""
    return b"".join(text(f"t{each}") + b"}" + text("a") + b"h\x05s" for each in range(count))


SET = b"c__builtin__\nset\n"
# What Python hashes numbers by the remainder of.
MODULUS = sys.hash_info.modulus
# One of many tensors of one storage.
ONE = b"ctorch._utils\n_rebuild_tensor\n(h\x00K\x00K\x01\x85K\x01\x85tR"


def wide(value: int) -> bytes:
    """A number of many bits."""
    number = value.to_bytes(value.bit_length() // 8 + 1, "little")
    return b"\x8a" + bytes([len(number)]) + number


def alike(number: int) -> bytes:
    """A tuple of -1 and -2, which have one hash, with None beside it."""
    return b"(" + b"".join(b"h\x01" if number >> bit & 1 else b"h\x00" for bit in range(16)) + b"tN"


COSTLY = {
    "copies_of_a_table": (pickled(TABLE, b"q\x01", PAIRS, b"\x85q\x02](", b"h\x01h\x02R" * 5000, b"e"), "GB403"),
    "copies_of_a_set": (pickled(SET, b"q\x01", NUMBERS, b"\x85q\x02](", b"h\x01h\x02R" * 5000, b"e"), "GB403"),
    "a_state_for_many": (
        pickled(TABLE, b"q\x01}(", b"".join(text(str(each)) + b"N" for each in range(2000)), b"uq\x02](")[:-1]
        + b"h\x01)Rh\x02b" * 5000
        + b"e.",
        "GB403",
    ),
    "a_key_that_doubles": (pickled(b"}NN", TWICE * 40, b"\x86Ns"), "GB403"),
    "a_function_that_doubles": (pickled(b"NN", TWICE * 40, b"\x86)R"), "GB403"),
    "a_key_within_a_million": (pickled(b"})", b"\x85" * 1_000_000, b"Ns"), "GB403"),
    "lists_in_each_other": (pickled(b"]" * 300_000, b"a" * 299_999), "GB403"),
    "tables_in_each_other": (pickled(b"}N" * 200_000, b"}", b"s" * 200_000), "GB403"),
    "marks_alone": (pickled(b"(" * 3_000_000), "GB403"),
    "very_many_lists": (pickled(b"](", b"]" * 3_000_000, b"e"), "GB403"),
    "the_same_place_again": (pickled(b"]", b"q\x01" * 3_000_000), "GB403"),
    "numbers_of_one_hash": (pickled(b"}(", *(wide(each * MODULUS) + b"N" for each in range(1, 40_000)), b"u"), "GB403"),
    "tuples_of_one_hash": (
        pickled(b"J\xff\xff\xff\xffq\x00J\xfe\xff\xff\xffq\x01}(", *(alike(each) for each in range(5_000)), b"u"),
        "GB403",
    ),
    "a_long_text": (pickled(text("x" * (33 << 20))), "GB403"),
    "very_many_tensors": (pickled(stored("0", 1), b"q\x000](", ONE * 30_001, b"e").replace(b"0](", b"]("), "GB414"),
    "a_storage_under_many_names": (
        pickled(b"](", *(stored(f"{each:b}", 1 << 28) for each in range(50)), b"e"),
        "GB404",
    ),
}


@pytest.mark.parametrize("name", COSTLY)
def test_what_costs_more_than_it_holds_is_refused(tmp_path: Path, name: str) -> None:
    data, code = COSTLY[name]
    assert outcome(tmp_path / "w", data if data.startswith(b"PK") else archived(data)) == code


def older(code: bytes) -> bytes:
    """As torch wrote it before 1.6: after a magic number, a version and the system."""
    stream = io.BytesIO()
    torch.save({}, stream, _use_new_zipfile_serialization=False)
    whole = stream.getvalue()
    place = whole.index(b"\x80\x02}q\x00.\x80\x02]")
    return whole[:place] + code + b"\x80\x02]."


def test_older_files_are_looked_through_as_well(tmp_path: Path) -> None:
    data, code = COSTLY["copies_of_a_table"]
    assert outcome(tmp_path / "w", older(data)) == code


def test_older_files_of_long_pickles_are_refused(tmp_path: Path) -> None:
    assert outcome(tmp_path / "w", older(COSTLY["a_long_text"][0])) == "GB403"


def test_a_version_is_a_number(tmp_path: Path) -> None:
    """torch would print it, and a list of lists can be of any length to print."""
    whole = older(pickled(b"}"))
    magic = whole[: whole.index(b".") + 1]
    lists = pickled(b"]q\x01", b"](h\x01h\x01eq\x01" * 3)
    assert outcome(tmp_path / "w", magic + lists + whole[len(magic) :]) == "GB402"


def test_ways_through_tables_are_cut(tmp_path: Path) -> None:
    """Each of many names is longer by all of those above it."""
    code = pickled(text("k" * 20_000), b"q\x010", b"}h\x01" * 90, b"N", b"s" * 90).replace(b"q\x010", b"q\x01")
    assert outcome(tmp_path / "w", archived(code.replace(b"\x80\x02X", b"\x80\x02]X", 1))) in {"GB401", "GB402"}


def test_what_many_tables_share_is_looked_through_once(tmp_path: Path) -> None:
    shared = b"](" + b"]" * 3000 + b"eq\x05"
    code = pickled(b"}(", text("s"), shared, tables(3000), b"u")
    assert outcome(tmp_path / "w", archived(code)) == "GB401"


def test_files_of_every_kind_of_table_are_read(tmp_path: Path) -> None:
    noted = nn.Parameter(torch.ones(2))
    noted.note = "by hand"  # pyright: ignore[reportAttributeAccessIssue]
    model = nn.Sequential(*(nn.Linear(1, 1) for _ in range(300)))
    state = model.state_dict()
    assert hasattr(state, "_metadata")
    whole: dict[str, object] = {
        "state_dict": OrderedDict(state, noted=noted, tied=noted, part=torch.ones(9)[2:5]),
        "args": {"names": tuple(map(str, range(500))), "size": torch.Size([3, 4]), "seen": {"x", "y"}, "wide": 10**30},
        "on": (torch.device("cpu"), torch.float32, 1j, None, {(1, 2): 0.5}),
    }
    for legacy in (False, True):
        assert outcome(tmp_path / "w", torched(whole, legacy)) == "read"


def test_a_table_as_python_2_wrote_it_is_read(tmp_path: Path) -> None:
    """Its ordered tables are made of a list of pairs, and its parameters by their class."""
    tensor = b"ctorch._utils\n_rebuild_tensor\n(" + stored("0", 2) + b"K\x00K\x02\x85K\x01\x85tR"
    parameter = b"ctorch.nn.parameter\nParameter\n" + tensor + b"\x88\x86R"
    code = pickled(TABLE, b"](](U\x01a", parameter, b"ee\x85R")
    path = tmp_path / "w.pth"
    path.write_bytes(archived(code, **{"0": struct.pack("<ff", 1, 2)}))
    try:
        with read(path) as checkpoint:
            assert checkpoint.tensors["a"].read().tolist() == [1, 2]
    except CompileError as error:
        pytest.fail(str(error))
