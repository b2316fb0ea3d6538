"""What ``compile`` says and writes, beyond one network with one output."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.running import SMALL, Run, write

TRAINING = """
format = 1
name = "small"
[inputs]
x = [3, 8, 8]
[blocks.head]
body = [{ op = "globalavgpool" }, { op = "linear", out = 10 }]
[model]
body = [
  { op = "conv", out = 4, kernel = 3 },
  { id = "aux1", use = "head" },
  { id = "logits", use = "head", from = "conv" },
]
[outputs]
logits = "logits"
aux1 = { from = "aux1", training = true }
"""


def test_outputs_of_training_are_marked(cli: Run) -> None:
    write("t.toml", TRAINING)
    assert "logits 10, aux1 10 (training only)\n" in cli("compile", "t.toml", "--device", "cpu").out
    assert json.loads(cli("compile", "t.toml", "--json", "--device", "cpu").out)["training_only"] == ["aux1"]
    assert "training_only" not in json.loads(cli("compile", "small.toml", "--json", "--device", "cpu").out)


def test_several_outputs_are_all_written(cli: Run) -> None:
    result = cli("compile", "small.toml", "-o", "a.py", "-o", "b.safetensors", "-o", "c/", "--device", "cpu")
    assert result.code == 0, result.err
    assert "a.py, b.safetensors, c/" in result.out
    assert Path("a.py").read_text() == Path("c/model.py").read_text()
    assert Path("b.safetensors").read_bytes() == Path("c/weights.safetensors").read_bytes()
    data = json.loads(cli("compile", "small.toml", "-o", "a.py", "--json", "--device", "cpu").out)
    assert data["written"] == ["a.py"]


def test_several_outputs_or_none_are_written(cli: Run) -> None:
    Path("b.safetensors").mkdir()
    lines = (["no/b.safetensors"], ["b.h5"], ["b.safetensors"], ["out/", "-o", "out/x.py"])
    for line in lines:
        assert cli("compile", "small.toml", "-o", "a.py", "-o", *line, "--device", "cpu").code == 2
        assert sorted(path.name for path in Path().iterdir()) == ["b.safetensors", "small.toml"]
    assert Path("small.toml").read_text() == SMALL
