"""The rooms and their doors: who may import whom, and what stays behind which door."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import resolve_name
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "graphbuilder"
FILES = sorted(PACKAGE.rglob("*.py"))

# A room may import from the rooms above it. `files` is one file, which writes outputs, and `garbage` another.
ROOMS: tuple[str, ...] = (
    "garbage",
    "diagnostics",
    "files",
    "document",
    "spec",
    "ir",
    "ops",
    "analysis",
    "elaborate",
    "passes",
    "backends",
    "weights",
    "tuning",
    "compiler",
    "rendering",
    "comparing",
    "benching",
    "importers",
    "differing",
    "lsp",
    "watching",
    "cli",
)
# Doors that stay shut although the order would open them.
SHUT = {"ir": {"spec", "ops"}, "backends": {"spec", "elaborate"}}
# Who may import a library when the program runs, by the start of the path below the package.
KEEPERS: dict[str, tuple[str, ...]] = {
    "torch": ("backends/torch/", "weights/", "tuning/", "benching/", "importers/torch/"),
    "triton": ("backends/torch/kernels/",),
    "networkx": ("ir/",),
    "tomli": ("document/",),
    "pygls": ("lsp/",),
    "lsprotocol": ("lsp/",),
    "watchfiles": ("watching/",),
}
LONGEST = 400


class Import(NamedTuple):
    """One imported module, and whether only a type checker sees it."""

    module: str
    line: int
    typing: bool


@cache  # for every library all files are asked
def imports(path: Path) -> tuple[Import, ...]:
    """Every import of a file, those inside functions too; ``from a import b`` counts as ``a.b``."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[Import]:
    package = ".".join(path.relative_to(ROOT).parent.parts)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing = {id(node) for branch in ast.walk(tree) if is_typing(branch) for node in ast.walk(branch)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno, id(node) in typing) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package) if node.level else node.module or ""
            yield from (Import(f"{base}.{alias.name}", node.lineno, id(node) in typing) for alias in node.names)


def is_typing(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def room(path: Path) -> str:
    """The room of a file; "" for the package's own front door, and ``python -m`` is the command line's."""
    name = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return {"__init__": "", "__main__": "cli"}.get(name, name)


def wing(parts: list[str]) -> str:
    """The room that a dotted name leads into, or "" for what the front door gives."""
    return parts[1] if parts[1] in ROOMS else ""


def allowed(home: str) -> set[str]:
    """The rooms that ``home`` may import from; the command line may use the front door too."""
    if home in ("", "compiler"):
        return set(ROOMS) - {"cli"}
    if home == "cli":
        return {*ROOMS, ""}
    return set(ROOMS[: ROOMS.index(home) + 1]) - SHUT.get(home, set())


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    home = room(path)
    assert home in ("", *ROOMS), "a room that the order does not know"
    ours = [(each.module.split("."), each.line) for each in imports(path) if each.module.startswith("graphbuilder.")]
    wrong = [f"line {line}: {'.'.join(parts)}" for parts, line in ours if wing(parts) not in allowed(home)]
    assert wrong == [], f"{home or 'the front door'} may not import this"


@pytest.mark.parametrize("library", KEEPERS)
def test_a_library_stays_with_its_keeper(library: str) -> None:
    users = {
        str(path.relative_to(PACKAGE).as_posix())
        for path in FILES
        for each in imports(path)
        if each.module.split(".")[0] == library and not each.typing
    }
    assert users, "nobody imports it: the rule is out of date"
    assert [user for user in sorted(users) if not user.startswith(KEEPERS[library])] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_command_line_prints(path: Path) -> None:
    if room(path) == "cli":
        return
    calls = (node.func for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
    assert [call.lineno for call in calls if isinstance(call, ast.Name) and call.id == "print"] == []


def test_no_file_is_long() -> None:
    files = [path for folder in ("graphbuilder", "tests", "tools") for path in (ROOT / folder).rglob("*.py")]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


RUN = """
import sys
from graphbuilder.cli import main
sys.argv = ["graphbuilder", *sys.argv[1:]]
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
heavy = {"torch", "keras", "h5py", "numpy"} & set(sys.modules)
assert not heavy, heavy
"""
SPEC = """\
format = 1
name = "tiny"

[inputs]
image = [3, 32, 32]

[model]
body = [{ op = "conv", out = 8, kernel = 3 }, { op = "relu" }]
"""


@pytest.mark.parametrize("command", ["check", "summary", "render"])
def test_torch_is_not_loaded_without_need(command: str, tmp_path: Path) -> None:
    spec, figure = tmp_path / "tiny.toml", tmp_path / "tiny.svg"
    spec.write_text(SPEC, encoding="utf-8")
    options = ["-o", str(figure)] if command == "render" else []
    run = subprocess.run(
        [sys.executable, "-c", RUN, command, str(spec), *options], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert run.returncode == 0, run.stderr
    assert figure.exists() == (command == "render")
