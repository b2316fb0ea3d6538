"""``compile --optimize`` and ``passes`` on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from tests.cli.running import Run, write

XCEPTION = Path(__file__).parents[2] / "specs" / "xception.toml"
NORMED = """
format = 1
name = "normed"
[inputs]
x = [3, 8, 8]
[model]
body = [
  { op = "pad", sides = 1 },
  { op = "conv", out = 4, kernel = 3, bias = false },
  { op = "batchnorm" },
  { op = "globalavgpool" },
  { op = "dropout" },
  { op = "linear", out = 10 },
]
"""


def test_what_is_written_fits_together(cli: Run) -> None:
    write("n.toml", NORMED)
    shared = ("compile", "n.toml", "--device", "cpu", "--seed", "3")
    result = cli(*shared, "--optimize", "inference", "-o", "fast.py", "-o", "fast.safetensors")
    assert result.code == 0, result.err
    assert cli(*shared, "-o", "plain.py", "-o", "plain.safetensors").code == 0
    assert "BatchNorm" in Path("plain.py").read_text()
    assert not any(word in Path("fast.py").read_text() for word in ("BatchNorm", "Dropout", "F.pad"))
    x = torch.randn(2, 3, 8, 8)
    torch.testing.assert_close(answer("fast", x), answer("plain", x), rtol=1e-5, atol=1e-6)


def answer(name: str, x: torch.Tensor) -> torch.Tensor:
    names: dict[str, Any] = {}
    exec(Path(f"{name}.py").read_text(), names)  # noqa: S102  (our own)
    module = names["Normed"]()
    module.load_state_dict(load_file(f"{name}.safetensors"))
    return module.eval()(x)


def test_a_folder_holds_the_plain_network(cli: Run) -> None:
    write("n.toml", NORMED)
    result = cli("compile", "n.toml", "--optimize", "inference", "-o", "n/")
    assert result.code == 2
    assert "GB509" in result.err
    assert not Path("n").exists()


def test_what_each_pass_did(cli: Run) -> None:
    write("n.toml", NORMED)
    data = json.loads(cli("passes", "n.toml", "--json").out)
    assert {each["name"]: each["calls"] for each in data["passes"]} == {
        "drop_training": {"dropout": -1},
        "merge_pads": {"pad": -1},
        "fold_norms": {"batchnorm": -1},
        "batch_siblings": {},
        "hoist_activations": {},
    }
    assert data["passes"][0]["before"] == {
        "nodes": 6,
        "macs": 3 * 9 * 4 * 64 + 40,
        "activation_bytes": 4 * (3 * 100 + 2 * 4 * 64 + 4 + 4 + 10),
        "parameters": 108 + 8 + 50,
        "statistics": 8,
    }
    assert data["passes"][-1]["after"] == {
        "nodes": 3,
        "macs": 3 * 9 * 4 * 64 + 40,
        "activation_bytes": 4 * (4 * 64 + 4 + 10),
        "parameters": 112 + 50,
        "statistics": 0,
    }
    assert "other places" in cli("passes", str(XCEPTION)).out
    text = cli("passes", "n.toml").out
    assert text.startswith("normed\n")
    assert [line.split()[-2:] for line in text.splitlines() if "_" in line][-3] == ["−1", "batchnorm"]


SEPARABLE = """
format = 1
name = "separable"
[inputs]
x = [3, 8, 8]
[model]
body = [
  { op = "pad", sides = 1 },
  { op = "conv", out = 4, kernel = 3 },
  { op = "relu" },
  { op = "sepconv", out = 4, kernel = 3 },
]
"""


def test_passes_of_another_device_and_of_training(cli: Run) -> None:
    write("s.toml", SEPARABLE)
    for options, name, calls in (
        (("--device", "cuda"), "fuse_sepconvs", {"conv": -1, "dwconv": -1, "fusedsepconv": 1, "relu": -1}),
        (("--optimize", "training"), "merge_pads", {"pad": -1}),
    ):
        changes = {
            each["name"]: each["calls"]
            for each in json.loads(cli("passes", "s.toml", "--json", *options).out)["passes"]
        }
        assert changes[name] == calls


NESTED = """
format = 1
name = "nested"
[inputs]
x = [3, 8, 8]
[model]
body = [{ id = "deep", use = "unit", repeat = 6 }, { id = "head", use = "unit" }, { op = "relu" }]
[blocks.unit]
body = [{ op = "conv", out = 3, kernel = 1 }, { op = "batchnorm" }, { op = "relu" }]
"""


def test_blocks_are_run_again(cli: Run) -> None:
    write("n.toml", NESTED)
    assert "again: 7 unit" in cli("passes", "n.toml", "--recompute").out
    last = json.loads(cli("passes", "n.toml", "--recompute", "--json").out)["passes"][-1]
    assert (last["name"], last["calls"], last["recomputed"]) == ("recompute", {}, {"unit": 7})
    size = 4 * 3 * 64
    assert last["before"]["activation_bytes"] == (7 * 3 + 1) * size
    assert last["after"]["activation_bytes"] == (7 + 1 + 3) * size
    result = cli("compile", "n.toml", "--device", "cpu", "--recompute", "-o", "lean.py")
    assert result.code == 0, result.err
    assert "@recomputed\n    def forward" in Path("lean.py").read_text()


def test_nothing_is_run_again_where_nothing_is_trained(cli: Run) -> None:
    write("n.toml", NESTED)
    for command in (
        ("compile", "--optimize", "inference"),
        ("compile", "--tune", "1"),
        ("passes", "--optimize", "inference"),
        ("bench",),
        ("bench", "--training", "--optimize", "none"),
    ):
        result = cli(command[0], "n.toml", *command[1:], "--recompute")
        assert (result.code, result.out) == (2, "")
        assert "training" in result.err
