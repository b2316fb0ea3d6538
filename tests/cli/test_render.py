"""``render``: formats, styles, colours of cost, and what is drawn of a broken spec."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphbuilder.cli.entry import run

SPEC = """
format = 1
name = "small"
[inputs]
image = [3, 16, 16]
[model]
body = [
  { op = "conv", out = 8, kernel = 3 },
  { op = "relu" },
  { op = "maxpool", kernel = 2, stride = 2 },
  { id = "logits", op = "linear", out = 10 },
]
"""
FITTING = SPEC.replace('{ id = "logits"', '{ op = "globalavgpool" }, { id = "logits"')


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("good.toml").write_text(FITTING, encoding="utf-8")
    Path("broken.toml").write_text(SPEC.replace("kernel = 3", "kernel = 33"), encoding="utf-8")
    Path("unreadable.toml").write_bytes(b"\xff")


@pytest.mark.parametrize(
    ("name", "start"),
    [("x.tex", r"\documentclass"), ("x.mmd", "---\ntitle:"), ("x.dot", "digraph"), ("x.svg", "<?xml")],
)
def test_formats(name: str, start: str) -> None:
    assert run(("render", "good.toml", "-o", name, "--style", "paper")) == 0
    assert Path(name).read_text(encoding="utf-8").startswith(start)


@pytest.mark.parametrize("heat", ["params", "macs", "memory", "time"])
def test_heat(heat: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(("render", "good.toml", "-o", "x.svg", "--heat", heat, "--device", "cpu")) == 0
    figure = Path("x.svg").read_text(encoding="utf-8")
    assert 'class="node heat5"' in figure
    assert ("a batch of 1 on cpu" in figure.replace("&#160;", " ")) == (heat == "time")


def test_paper_is_never_dark(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(("render", "good.toml", "-o", "x.svg", "--style", "paper", "--theme", "dark")) == 2
    assert "paper is white" in capsys.readouterr().err
    assert not Path("x.svg").exists()


def test_a_broken_network_is_drawn_and_its_errors_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(("render", "broken.toml", "-o", "x.svg")) == 2
    said = capsys.readouterr().err
    assert "x.svg: drawn with what is wrong in red" in said
    assert "GB2" in said and "broken.toml:8:" in said
    figure = Path("x.svg").read_text(encoding="utf-8").replace("&#160;", " ")
    assert "This model is broken" in figure
    assert 'class="node fault"' in figure


@pytest.mark.parametrize(
    "arguments",
    [
        ("unreadable.toml", "-o", "x.svg"),
        ("broken.toml", "-o", "x.svg", "--heat", "time"),
        ("good.toml", "-o", "x.gif"),
        ("good.toml", "-o", "x.svg", "--heat", "size"),
    ],
)
def test_what_cannot_be_drawn_leaves_no_file(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(("render", *arguments)) == 2
    assert "error" in capsys.readouterr().err
    assert not list(Path().glob("x.*"))


def test_several_files_are_written_of_one_drawing_or_none_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(("render", "good.toml", "-o", "x.svg", "-o", "y.html", "-o", "z.svg", "--theme", "light")) == 0
    assert "x.svg, y.html, z.svg: drawn in" in capsys.readouterr().err
    assert Path("x.svg").read_bytes() == Path("z.svg").read_bytes()
    assert Path("y.html").read_bytes().startswith(b"<!doctype html>")
    for other in ("no/x.svg", "v.gif"):
        assert run(("render", "good.toml", "-o", "u.svg", "-o", other)) == 2
    assert run(("render", "good.toml", "-o", "u.svg", "-o", "w.html", "--style", "paper")) == 2
    assert not list(Path().glob("[u-w].*"))
