"""Small faults by mutmut's operators, a sample of them, each put into a copy of the tree: do the tests find it?

The tests of the fault's own file or room run first, then all of the language, until one fails. The working tree is only
read. Exits with 1 where fewer than 85 % were found, and refuses to begin where the tests fail without any fault.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from difflib import unified_diff
from itertools import chain, groupby
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from time import monotonic
from typing import TypeVar

import click
import libcst
from libcst.metadata import MetadataWrapper
from mutmut.mutation.file_mutation import Mutation, MutationVisitor, deep_replace
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

ROOT = Path(__file__).parents[1]
ROOMS = ("spec", "elaborate", "analysis")
TESTS = ("spec", "elaborate", "analysis", "document", "diagnostics", "backends/toml")
LEAST = 0.85
_T = TypeVar("_T")
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Mutant:
    """A file of the tree with one fault."""

    file: str
    text: str
    diff: str

    @property
    def room(self) -> str:
        return Path(self.file).parts[1]


@dataclass(frozen=True)
class Verdict:
    """What the tests made of a mutant: "killed", "timeout", which is as good, or "survived"; the test that failed."""

    mutant: Mutant
    outcome: str
    by: str
    seconds: float

    @property
    def data(self) -> dict[str, object]:
        found = {"file": self.mutant.file, "outcome": self.outcome, "by": self.by, "seconds": round(self.seconds, 1)}
        return {**found, "diff": self.mutant.diff}


def faults(text: str) -> tuple[libcst.Module, list[Mutation]]:
    """What can be made wrong in ``text``, in the order of its lines."""
    visitor = MutationVisitor(mutation_operators, IgnoredCode(set(), set(), set()))
    module = MetadataWrapper(libcst.parse_module(text)).visit(visitor)
    return module, visitor.mutations


def counted(text: str) -> int:
    return len(faults(text)[1])


def mutants(file: str, numbers: Iterable[int]) -> Iterator[Mutant]:
    """The mutants of ``file`` with these numbers."""
    text = text_of(file)
    module, found = faults(text)
    for number in sorted(numbers):
        changed = deep_replace(module, found[number].original_node, found[number].mutated_node)
        assert isinstance(changed, libcst.Module)
        before, after = text.splitlines(keepends=True), changed.code.splitlines(keepends=True)
        yield Mutant(file, changed.code, "".join(unified_diff(before, after, file, file, n=2)))


def sample(rooms: Iterable[str], count: int, seed: int, jobs: int) -> list[Mutant]:
    """``count`` mutants of all that there are in ``rooms``, drawn by ``seed``."""
    paths = chain.from_iterable((ROOT / "graphbuilder" / room).rglob("*.py") for room in rooms)
    files = sorted(str(path.relative_to(ROOT)) for path in paths)
    with ProcessPoolExecutor(jobs) as pool:
        counts = list(tracked("counting mutants", pool.map(counted, map(text_of, files)), len(files)))
    every = [(file, number) for file, most in zip(files, counts, strict=True) for number in range(most)]
    chosen = sorted(random.Random(seed).sample(every, min(count, len(every))))
    grouped = groupby(chosen, lambda each: each[0])
    return [mutant for file, those in grouped for mutant in mutants(file, [number for _, number in those])]


def text_of(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


def tracked(doing: str, steps: Iterable[_T], total: int) -> Iterator[_T]:
    """``steps``, with a bar on a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield from progress.track(steps, total, description=doing)


class Copy:
    """A copy of the tree, in which the tests run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        for name in filter(None, listed.stdout.decode().split("\0")):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)

    def tried(self, mutant: Mutant, limit: float) -> Verdict:
        """The verdict on ``mutant``; behind it, the copy is whole again."""
        begun, original = monotonic(), (self._folder / mutant.file).read_bytes()
        self._write(mutant.file, mutant.text.encode())
        code, told = 0, ""
        for tests in (self._nearest(mutant), paths()):
            code, told = self.test(tests, limit)
            if code != 0:
                break
        self._write(mutant.file, original)
        outcome = "timeout" if code is None else "killed" if code else "survived"
        return Verdict(mutant, outcome, next(iter(_FAILED.findall(told)), ""), monotonic() - begun)

    def test(self, tests: Sequence[str], limit: float | None = None, jobs: int = 0) -> tuple[int | None, str]:
        """The exit status of pytest, or None where it took longer than ``limit`` seconds, and its words."""
        options = ["-x", "-q", f"-n{jobs}", "--tb=no", "-p", "no:cacheprovider"]
        command = [sys.executable, "-m", "pytest", *options, *tests]
        environment = {**os.environ, "PYTHONPATH": str(self._folder)}
        with subprocess.Popen(
            command, cwd=self._folder, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
        ) as process:
            try:
                told, _ = process.communicate(timeout=limit)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                return None, ""
        return process.returncode, told

    def _nearest(self, mutant: Mutant) -> list[str]:
        """The tests of the file, by its name; where none are called so, those of the room."""
        folder, stem = self._folder / "tests" / mutant.room, Path(mutant.file).stem
        own = [path for path in (folder / f"test_{stem}.py", folder / f"test_{stem}s.py") if path.is_file()]
        return [str(path.relative_to(self._folder)) for path in own or [folder]]

    def _write(self, file: str, data: bytes) -> None:
        path = self._folder / file
        path.write_bytes(data)
        # Compiled code is known by the second and the size of its text, which both may be the same.
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
            compiled.unlink()


def paths() -> list[str]:
    return [f"tests/{room}" for room in TESTS]


def verdicts(mutants: Sequence[Mutant], jobs: int) -> Iterator[Verdict]:
    """What came of each, in the order in which they end.

    Raises:
        click.ClickException: the tests fail without any fault.
    """
    with TemporaryDirectory(prefix="mutants-") as folder, ThreadPoolExecutor(jobs) as pool:
        copies: SimpleQueue[Copy] = SimpleQueue()
        first = Copy(Path(folder, "0"))
        begun = monotonic()
        code, told = first.test(paths(), jobs=jobs)
        if code:
            raise click.ClickException(f"without a fault, {' '.join(_FAILED.findall(told)) or 'pytest'} fails")
        limit = 60 + 2 * jobs * (monotonic() - begun)
        for copy in (first, *(Copy(Path(folder, str(number))) for number in range(1, jobs))):
            copies.put(copy)

        def judged(mutant: Mutant) -> Verdict:
            copy = copies.get()
            try:
                return copy.tried(mutant, limit)
            finally:
                copies.put(copy)

        for future in as_completed([pool.submit(judged, mutant) for mutant in mutants]):
            yield future.result()


def table(found: Sequence[Verdict]) -> Table:
    shown = Table("room", "mutants", "killed", "survived", "killed of all")
    rows: Mapping[str, list[Verdict]] = {
        **{room: [each for each in found if each.mutant.room == room] for room in ROOMS},
        "all": [*found],
    }
    for room, those in rows.items():
        alive = sum(each.outcome == "survived" for each in those)
        share = f"{1 - alive / len(those):.1%}" if those else ""
        shown.add_row(room, f"{len(those)}", f"{len(those) - alive}", f"{alive}", share)
    return shown


@click.command(help=__doc__)
@click.option("--count", default=100, show_default=True, type=click.IntRange(1), help="How many mutants.")
@click.option("--seed", default=0, show_default=True, help="Which: the same text and seed give the same sample.")
@click.option("--room", "rooms", multiple=True, type=click.Choice(ROOMS), help="Of these rooms alone; repeatable.")
@click.option(
    "--jobs", default=2, show_default=True, type=click.IntRange(1), help="How many at a time, at low priority."
)
@click.option("--json", "output", type=Path, help="Write every mutant's diff, outcome and the test that failed.")
def main(count: int, seed: int, rooms: Sequence[str], jobs: int, output: Path | None) -> None:
    os.nice(15)
    chosen = sample(rooms or ROOMS, count, seed, jobs)
    found: list[Verdict] = []
    for each in tracked("trying mutants", verdicts(chosen, jobs), len(chosen)):
        found.append(each)
        if each.outcome == "survived":
            print(each.mutant.diff, flush=True)
    if output is not None:
        output.write_text(json.dumps({"seed": seed, "mutants": [each.data for each in found]}, indent=2) + "\n")
    Console().print(table(found))
    killed = sum(each.outcome != "survived" for each in found)
    sys.exit(1 if killed < LEAST * len(found) else 0)


if __name__ == "__main__":
    main()
