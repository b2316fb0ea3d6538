"""The package as a caller sees it: its names, what a type checker knows of them, and what its errors say."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import graphbuilder as gb

ROOT = Path(__file__).parents[1]
SCRIPT = """
import graphbuilder as gb

network = gb.load("x.toml", params={"classes": 10})
model = gb.compile(network)
data: bytes = gb.render(network)
nothing: None = gb.render(network, "x.svg")
version: str = gb.__version__
print(gb.summary(network).depth)
gb.sumary(network)
wrong: int = gb.compil("x.toml")
network.oputs
"""


def test_every_name_is_there() -> None:
    assert all(getattr(gb, name) for name in gb.__all__)
    assert gb.__version__.startswith("0.")
    with pytest.raises(AttributeError, match="sumary"):
        getattr(gb, "sumary")  # noqa: B009  (which a type checker knows)


def test_a_type_checker_knows_the_names(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(f"# pyright: strict, reportUnusedExpression=false\n{SCRIPT}")
    checker = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, str(script)]
    said = subprocess.run(checker, capture_output=True, text=True, check=False, cwd=ROOT).stdout
    faults = {line.split(" - ")[0].split(":")[-2] for line in said.splitlines() if "error: " in line}
    last = len(SCRIPT.splitlines()) + 1
    assert faults == {str(last - 2), str(last - 1), str(last)}, said


def test_it_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "graphbuilder", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("graphbuilder 0.")


BAD = """
format = 1
name = "bad"
[params]
classes = 4
[inputs]
x = [3, 8, 8]
[model]
body = [{ op = "cnv", out = "=classes" }, { op = "globalavgpool" }]
"""


def test_an_error_says_its_remedy(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(BAD)
    with pytest.raises(gb.CompileError) as caught:
        gb.load(path, params={"clases": 3})
    said = str(caught.value)
    assert f"{path}:9:16: error[GB303]" in said
    assert "  help: did you mean `conv`?" in said and "  help: did you mean `classes`?" in said
    assert str(pickle.loads(pickle.dumps(caught.value))) == said  # noqa: S301


def test_an_error_lists_ten_of_each_side(tmp_path: Path) -> None:
    from safetensors.torch import save_file
    from torch import zeros

    save_file({f"strange.{number}": zeros(2) for number in range(30)}, tmp_path / "x.safetensors")
    with pytest.raises(gb.CompileError) as caught:
        gb.compile(ROOT / "specs" / "resnet18.toml", weights=tmp_path / "x.safetensors")
    lines = str(caught.value).splitlines()
    assert sum(line.startswith("  in the file: strange") for line in lines) == 10
    assert "  in the file: and 20 more, 30 in all" in lines
    assert sum(line.startswith("  in the network: ") and " more, " not in line for line in lines) == 10
    assert any(line.startswith("  help: ") for line in lines)


def test_a_figure_is_returned_or_written(tmp_path: Path) -> None:
    lenet = gb.load(ROOT / "specs" / "lenet5.toml")
    path = tmp_path / "x.dot"
    assert gb.render(lenet, path) is None
    assert path.read_bytes() == gb.render(lenet, format="dot")


def test_a_pattern_may_stand_alone() -> None:
    resnet = gb.load(ROOT / "specs" / "resnet18.toml")
    one, listed = (gb.render(resnet, format="dot", collapse=each) for each in ("stages.*", ["stages.*"]))
    assert one == listed != gb.render(resnet, format="dot")
    with pytest.raises(gb.CompileError, match="zzz"):
        gb.render(resnet, format="dot", expand="zzz")


def test_a_notebook_chooses_what_it_is_shown() -> None:
    lenet = gb.load(ROOT / "specs" / "lenet5.toml")
    figure, line = "image/svg+xml", "text/plain"
    assert set(lenet._repr_mimebundle_()) == {figure, line}
    assert set(lenet._repr_mimebundle_(include=[line])) == {line}
    assert set(lenet._repr_mimebundle_(exclude={line})) == {figure}
