"""Commands that are killed at any moment: what they write is then what was there before, or the new one, whole.

A command runs in a fork of a process that has run it once, with all that it imports, so that most of its time goes into
writing.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import NamedTuple

import torch
from safetensors.torch import save as to_safetensors

from graphbuilder import files
from graphbuilder.cli.entry import run

SPEC = """format = 1
name = "killed"
[params]
classes = 10
[inputs]
x = [3, 16, 16]
[model]
body = [{ op = "conv", out = 32, kernel = 3 }, { op = "globalavgpool" }, { op = "linear", out = "=classes" }]
"""
Content = Mapping[str, bytes]


class Command(NamedTuple):
    """What is run in a folder with ``spec.toml``, and what it writes there."""

    words: tuple[str, ...]
    outputs: tuple[str, ...]
    reads_weights: bool = False

    def arguments(self, classes: int) -> list[str]:
        outputs = [word for output in self.outputs for word in ("-o", output)]
        read = [f"{classes}.safetensors"] if self.reads_weights else []
        return [*self.words, "spec.toml", *read, "--set", f"classes={classes}", *outputs]


COMMANDS = (
    Command(("compile", "--device", "cpu"), ("x.py", "x.safetensors", "x/")),
    Command(("compile", "--device", "cpu"), ("x/",)),
    Command(("render",), ("x.svg",)),
    Command(("weights",), ("x.safetensors",), reads_weights=True),
)


@cache
def inputs() -> Content:
    """What commands read."""
    found = {"spec.toml": SPEC.encode()}
    for classes in (10, 20):
        shapes = {"conv.weight": (32, 3, 3, 3), "conv.bias": (32,), "linear.weight": (classes, 32)}
        tensors = {name: torch.rand(shape) for name, shape in shapes.items()} | {"linear.bias": torch.rand(classes)}
        found[f"{classes}.safetensors"] = to_safetensors(tensors)
    return found


def lay_out(folder: Path, files: Content) -> None:
    """Write ``files`` below ``folder``."""
    for path, data in files.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(data)


def started(command: Command, folder: Path, classes: int) -> int:
    """The id of a process that runs it."""
    process = os.fork()
    if process:
        return process
    os.chdir(folder)
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    os._exit(run(command.arguments(classes)))


def content(folder: Path) -> Content:
    """All that is in ``folder`` by path, what a killed run left besides excepted."""
    paths = (path for path in folder.rglob("*") if path.is_file() and ".graphbuilder-" not in str(path))
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def units(written: Content) -> dict[str, Content]:
    """The same by output: a file, or a folder with all its files."""
    found: dict[str, dict[str, bytes]] = {}
    for path, data in written.items():
        found.setdefault(path.partition("/")[0], {})[path] = data
    return dict(found)


@cache
def warm(command: Command) -> None:
    """Run it in this process, so that its forks have nothing left to import."""
    with TemporaryDirectory() as name, chdir(name), open(os.devnull, "w") as silent:
        lay_out(Path(), inputs())
        with redirect_stdout(silent), redirect_stderr(silent):
            assert run(command.arguments(10)) == 0


@cache
def whole(command: Command, classes: int) -> tuple[Content, float]:
    """What the command writes undisturbed, and the seconds it takes."""
    warm(command)
    with TemporaryDirectory() as name:
        folder = Path(name)
        lay_out(folder, inputs())
        start = time.monotonic()
        _, status = os.waitpid(started(command, folder, classes), 0)
        assert status == 0, f"{command} ended with {status}"
        return content(folder), time.monotonic() - start


def torn(seed: int) -> str | None:
    """What is wrong after a kill at a moment that ``seed`` says, and after the next run; None where nothing is."""
    random = Random(seed)
    command = random.choice(COMMANDS)
    (old, _), (new, seconds) = whole(command, 10), whole(command, 20)
    with TemporaryDirectory() as name:
        folder = Path(name)
        before = old if random.random() < 0.8 else inputs()
        lay_out(folder, before)
        process = started(command, folder, 20)
        time.sleep(random.uniform(0.2, 1.05) * seconds)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        left, were, will = units(content(folder)), units(before), units(new)
        for unit in {*left, *were}:
            if left.get(unit) not in (were.get(unit), will.get(unit)):
                return f"{' '.join(command.arguments(20))}: {unit} is neither the old nor the new one"
        return _unswept(folder)


def _unswept(folder: Path) -> str | None:
    """What the next run leaves lying there."""
    for entry in folder.glob(".graphbuilder-*"):
        os.utime(entry, (0, 0))
    files.write_whole(folder / "next", b"")
    return next((f"{entry.name} was not swept" for entry in folder.glob(".graphbuilder-*")), None)
