"""What only a process of its own can show: pipes, signals, terminals, and what is imported."""

from __future__ import annotations

import os
import pty
import re
import shlex
import shutil
import signal
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
XCEPTION = str(ROOT / "specs" / "xception.toml")
COMMAND = [sys.executable, "-m", "graphbuilder.cli"]


@pytest.mark.parametrize("arguments", [["summary", XCEPTION, "--json"], ["--help"]], ids=lambda each: each[0])
def test_a_reader_that_leaves_is_no_error(arguments: list[str]) -> None:
    process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
    assert process.stdout and process.stderr
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), errors) == (141, b"")


def test_an_interrupt_is_quiet_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "slow_ops.py").write_text("import time\nprint('ready', flush=True)\ntime.sleep(600)\n")
    process = subprocess.Popen(
        [*COMMAND, "expand", XCEPTION, "--ops", "slow_ops", "-o", "x.toml"],
        # A shell's background job ignores interrupts, and its children do: this one is to hear them all the same.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 130
    assert b"Traceback" not in errors
    assert os.listdir(tmp_path) == ["slow_ops.py"]


@pytest.mark.parametrize("command", ["check", "summary"])
@pytest.mark.parametrize(("no_color", "shown", "coloured"), [("", True, True), ("1", True, False), ("", False, False)])
def test_colours_are_for_terminals_that_want_them(command: str, no_color: str, shown: bool, coloured: bool) -> None:
    """What `check` finds goes to standard output, of others to standard error; the other one does not count."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "NO_COLOR": no_color, "TERM": "xterm"}
    pipe = subprocess.PIPE
    stdout, stderr = (theirs, pipe) if (command == "check") == shown else (pipe, theirs)
    process = subprocess.Popen([*COMMAND, command, "missing.toml"], stdout=stdout, stderr=stderr, env=environment)
    piped = b"".join(filter(None, process.communicate()))
    assert process.returncode == 2
    os.close(theirs)
    seen = os.read(ours, 10_000) if shown else piped
    os.close(ours)
    assert b"GB001" in seen
    assert (b"\x1b[" in seen) is coloured


@pytest.mark.parametrize("line", ["ops conv", "--help", "compare --help", "weights"])
def test_a_narrow_terminal_is_kept_within(line: str, tmp_path: Path) -> None:
    arguments = line.split()
    if line == "weights":
        spec, file = str(ROOT / "specs" / "lenet5.toml"), str(tmp_path / "x.safetensors")
        subprocess.run([*COMMAND, "compile", spec, "-o", file, "--device", "cpu"], check=True, capture_output=True)
        shutil.copy(spec, tmp_path / "s.toml")
        arguments = ["weights", "s.toml", "x.safetensors"]
    assert max(map(len, shown(arguments, 40, tmp_path))) <= 40


def shown(arguments: list[str], columns: int, folder: Path) -> list[str]:
    """The lines of a command on a terminal of that many columns, without colours."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (50, columns))
    kept = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    environment = {**kept, "TERM": "xterm", "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([*COMMAND, *arguments], stdout=theirs, stderr=theirs, env=environment, cwd=folder)
    os.close(theirs)
    seen = b""
    with suppress(OSError):  # how a terminal says that its other side is closed
        while part := os.read(ours, 65536):
            seen += part
    os.close(ours)
    assert process.wait() == 0, seen.decode()
    return [line.rstrip() for line in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen.decode()).splitlines()]


LIGHT = ("torch", "rich", "networkx", "numpy", "graphviz")
FIGURE = ("torch", "rich", "networkx", "numpy", "fpdf", "fontTools", "PIL")


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", XCEPTION],
        ["summary", XCEPTION],
        ["summary", XCEPTION, "--json"],
        ["compare", XCEPTION],
        ["expand", XCEPTION],
        ["ops", "conv"],
    ],
    ids=lambda arguments: " ".join(arguments[::2]),
)
def test_light_commands_import_nothing_heavy(arguments: list[str]) -> None:
    assert imported_by(arguments, LIGHT) == "[]\n"


def test_a_figure_in_svg_imports_nothing_of_other_formats(tmp_path: Path) -> None:
    assert imported_by(["render", XCEPTION, "-o", str(tmp_path / "x.svg")], FIGURE).endswith("[]\n")


def imported_by(arguments: list[str], names: tuple[str, ...]) -> str:
    """What a command says besides its output, and last which of ``names`` it imports."""
    program = f"""
import sys
from graphbuilder.cli.entry import run
code = run({arguments!r})
print([name for name in {names!r} if name in sys.modules], file=sys.stderr)
sys.exit(code)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stderr


@pytest.mark.parametrize("arguments", [["summary", XCEPTION], ["summary", "×.toml"]], ids=["output", "errors"])
def test_a_poor_encoding_is_no_fault(arguments: list[str]) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, env=environment, check=False)
    assert done.returncode in (0, 2)
    assert b"GB901" not in done.stderr


@pytest.mark.parametrize(
    ("redirection", "code"),
    [(">/dev/full", 2), (">&-", 0), ("2>&- >&-", 0), ("2>/dev/full", 0), (">/dev/full 2>&1", 2)],
)
def test_an_output_that_takes_nothing_is_no_fault(redirection: str, code: int) -> None:
    line = f"exec {shlex.join([*COMMAND, 'summary', XCEPTION])} {redirection}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr and "GB901" not in done.stderr
    assert ("GB506" in done.stderr) == (redirection == ">/dev/full")


@pytest.mark.parametrize("output", [[], ["-o", "never.py"]])
def test_compile_without_torch(output: list[str]) -> None:
    program = f"""
import sys
sys.modules["torch"] = None
from graphbuilder.cli.entry import run
sys.exit(run(["compile", {XCEPTION!r}, *{output!r}]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 2
    assert "error[GB706]: torch is not installed" in done.stderr and "pip install torch" in done.stderr
    assert not (ROOT / "never.py").exists()
