"""Examples of the catalogue as they happen: files in a folder, lines of a shell, a machine that lacks something.

What a line begins with says how it runs: ``graphbuilder`` and ``python`` in this process, ``pip`` puts the machine
right, all else as a shell runs it.
"""

from __future__ import annotations

import errno
import os
import runpy
import shlex
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from graphbuilder import ops
from graphbuilder.cli import entry, report
from graphbuilder.diagnostics import CompileError, Diagnostic

Fake = Callable[[pytest.MonkeyPatch], object]


def _raise(error: BaseException) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def _no_torch(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(sys.modules, "torch", None)
    for name in [name for name in sys.modules if name.startswith("graphbuilder.backends.torch")]:
        patch.delitem(sys.modules, name)


def _no_graphviz(patch: pytest.MonkeyPatch) -> None:
    from graphbuilder.backends.graphviz.write.engine import NoEngine

    patch.setattr("graphbuilder.backends.graphviz.figure.draw", _raise(NoEngine("none is installed")))


def _no_cuda(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("torch.cuda.is_available", lambda: False)


def _no_openvino(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(sys.modules, "openvino", None)


def _no_engine(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("graphbuilder.tuning.tune.lacking", lambda engine: [engine])


def _no_kernels(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("torch.nn.Linear.forward", _raise(RuntimeError("CUDA error: no kernel image is available")))


def _wrong_python(patch: pytest.MonkeyPatch) -> None:
    from graphbuilder.backends.python import write

    patch.setattr("graphbuilder.backends.torch.building.write", lambda typed: write(typed).replace("(4,", "(5,"))


def _read_wrongly(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("graphbuilder.importers.torch.answers._distance", lambda *_: 0.5)


def _broken(patch: pytest.MonkeyPatch) -> None:
    patch.setenv("GRAPHBUILDER_TRACEBACK", "1")
    patch.setattr("graphbuilder.compiler.check", _raise(ZeroDivisionError("division by zero")))


def _port_taken(patch: pytest.MonkeyPatch) -> None:
    """Nobody watches for long, besides."""
    from graphbuilder.watching.server import Server

    serve = Server.server_bind

    def bind(server: Server) -> None:
        if server.server_address[1] == 8765:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        serve(server)

    patch.setattr(Server, "server_bind", bind)
    patch.setattr("graphbuilder.watching.follow", _raise(KeyboardInterrupt()))


def _at_once(patch: pytest.MonkeyPatch) -> None:
    """Nothing is measured for long, the machine not at all."""
    from graphbuilder.benching import bench
    from graphbuilder.tuning import tune

    device = bench.Device("a machine", 1e10, {"float32": 1e11}, 1e11, 1e-6, "made up")
    patch.setattr(bench, "roof", lambda place: device)
    measure, search = bench.bench, tune.tune
    patch.setattr(bench, "bench", lambda *specs, seconds, **options: measure(*specs, seconds=0, **options))
    patch.setattr(tune, "tune", lambda wanted, seconds, *rest: search(wanted, seconds and 0.01, *rest))


# Examples that measure.
MEASURING = ("GB709", "GB710", "GB712", "GB713", "GB714")

# What a machine that breaks such a rule is like.
FAKES: Mapping[str, Fake] = {
    "GB515": _port_taken,
    "GB702": _wrong_python,
    "GB704": _no_cuda,
    "GB705": _no_graphviz,
    "GB706": _no_torch,
    "GB709": _no_openvino,
    "GB714": _no_engine,
    "GB715": _no_kernels,
    "GB805": _read_wrongly,
    "GB901": _broken,
}


class Stage:
    """A folder, a machine that may lack something, and what is run there."""

    def __init__(self, folder: Path, machine: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._machine = machine

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self._folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def run(self, lines: str) -> list[Diagnostic]:
        """Run ``lines`` one by one, each but the last without a complaint; what the last of them tells."""
        *first, last = lines.splitlines()
        assert [str(told) for line in first for told in self._line(line)] == []
        return self._line(last)

    def _line(self, line: str) -> list[Diagnostic]:
        match shlex.split(line):
            case ["graphbuilder", *words]:
                return _command([name for word in words for name in self._meant(word)])
            case ["python", file]:
                return _python(file)
            case ["pip", *_]:
                self._machine.undo()
            case _:
                subprocess.run(line, shell=True, check=True, cwd=self._folder)
        return []

    def _meant(self, word: str) -> list[str]:
        """What a shell makes of a pattern."""
        found = self._folder.glob(word) if "*" in word else ()
        return sorted(str(path.relative_to(self._folder)) for path in found) or [word]


def _command(words: Sequence[str]) -> list[Diagnostic]:
    told: list[Diagnostic] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "draw", lambda found, *_, **__: told.extend(found))
        patch.setattr(ops, "_CATALOGUE", ops.Catalogue())
        code = entry.run(words)
    # The next command is another process.
    for name, module in [*sys.modules.items()]:
        if (getattr(module, "__file__", None) or "").startswith(os.getcwd()):
            del sys.modules[name]
    assert bool(code) == any(each.severity == "error" for each in told), f"{words} ended with {code}"
    return told


def _python(file: str) -> list[Diagnostic]:
    try:
        runpy.run_path(file, run_name="__main__")
    except CompileError as error:
        return [*error.diagnostics]
    return []


@contextmanager
def staged(folder: Path, code: str) -> Generator[Stage]:
    """A stage for the example of ``code``, after which everything is as it was."""
    with pytest.MonkeyPatch.context() as patch, pytest.MonkeyPatch.context() as machine:
        patch.chdir(folder)
        patch.setattr(sys, "path", [*sys.path])
        patch.setattr(sys, "dont_write_bytecode", True)
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        for role in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{role}_NAME", "A person")
            patch.setenv(f"GIT_{role}_EMAIL", "person@example.com")
        if code in MEASURING:
            _at_once(patch)
        FAKES.get(code, lambda _: None)(machine)
        yield Stage(folder, machine)
