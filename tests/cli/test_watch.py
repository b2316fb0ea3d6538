"""``graphbuilder watch`` as a process: what the terminal is told, what is written, and how it ends."""

from __future__ import annotations

import re
import socket
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from graphbuilder.cli.entry import run
from graphbuilder.cli.watch import told
from tests.watching.process import SECONDS, Watched, awaited, edited

SPECS = Path(__file__).parents[2] / "specs"


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Callable[..., Watched]]:
    for name in ("xception", "xception_tutorial"):
        (tmp_path / f"{name}.toml").write_bytes((SPECS / f"{name}.toml").read_bytes())
    started: list[Watched] = []

    def start(*arguments: str) -> Watched:
        started.append(Watched(*arguments, folder=tmp_path))
        return started[-1]

    yield start
    for each in started:
        each.end()


def page(url: str) -> bytes:
    return urllib.request.urlopen(url, timeout=SECONDS).read()


def test_the_terminal_is_told_what_changed_and_the_figure_is_written(
    watch: Callable[..., Watched], tmp_path: Path
) -> None:
    spec, figure = tmp_path / "xception.toml", tmp_path / "x.svg"
    watched = watch("xception_tutorial.toml", "--set", "classes=10", "-o", "x.svg")
    url = watched.line(r"^http://127\.0\.0\.1:\d+/").split()[0]
    awaited(lambda: b"20.83 M parameters" in page(url))
    edited(spec, "middle       = 8", "middle       = 4")
    assert re.search(r"\d\d  −6.46 M parameters, −2.32 G MACs; 1 difference: 1 changed$", watched.line("parameters"))
    edited(spec, "size         = 299", "size         = 224")
    assert "last maps 10x10 to 7x7; 1 difference: 1 changed" in watched.line("last maps")
    edited(spec, 'op = "relu", when', 'op = "rellu", when')
    assert "rellu" in watched.line(r"error\[GB")
    edited(spec, "rellu", "relu")
    watched.line("no difference")
    awaited(lambda: "7×7×2048" in figure.read_text(encoding="utf-8"))
    assert watched.interrupted() == 0
    watched.line("no longer watched")


def test_what_changed_is_wrapped_where_the_terminal_is_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    words = "−6.46 M parameters, −2.32 G MACs, last maps 10x10 to 7x7; 1 difference: 1 changed"
    monkeypatch.setattr("graphbuilder.cli.watch.screen_width", lambda: 60)
    lines = told("16:40:59", words).splitlines()
    assert lines[0].startswith("16:40:59  −6.46 M") and all(line.startswith(" " * 10) for line in lines[1:])
    assert max(map(len, lines)) <= 60 and " ".join(line[10:] for line in lines) == words
    monkeypatch.setattr("graphbuilder.cli.watch.screen_width", lambda: None)
    assert told("16:40:59", words) == f"16:40:59  {words}", "a file is told all in one line"


def test_a_spec_that_is_wrong_at_first_is_awaited(watch: Callable[..., Watched], tmp_path: Path) -> None:
    (tmp_path / "new.toml").write_bytes(b"\xff")
    watched = watch("new.toml")
    url = watched.line("http://").split()[0]
    watched.line(r"error\[GB")
    assert b"No figure yet" in page(url)
    (tmp_path / "new.toml").write_text("format = 1", encoding="utf-8")
    watched.line("GB102")
    awaited(lambda: b"This model is broken" in page(url))
    (tmp_path / "new.toml").write_bytes((SPECS / "lenet5.toml").read_bytes())
    awaited(lambda: b"LeNet" in page(url))
    assert watched.interrupted() == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-",), "standard input does not change"),
        (("x.toml", "-o", "x.gif"), "GB508"),
        (("x.toml", "--port", "70000"), "70000"),
        (("x.toml",), "see that the path is right"),
        ((str(SPECS),), "name the file in it"),
    ],
)
def test_bad_use_is_told(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str) -> None:
    assert run(["watch", *arguments]) == 2
    captured = capsys.readouterr()
    assert said in captured.err and captured.out == "", "nothing was served"


def test_a_port_that_is_taken_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert run(["watch", str(SPECS / "lenet5.toml"), "--port", port]) == 2
    assert f"port {port} cannot be served: another program has it" in capsys.readouterr().err
